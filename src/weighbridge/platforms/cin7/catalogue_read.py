"""Converts Cin7 Core's products and families to domain values."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.catalogue.listing import Picture
from weighbridge.domain.catalogue.product import Family, Member, Product
from weighbridge.platforms.cin7.models import catalogue as models

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp")


def read_product(row: models.CatalogueProductRow) -> Product:
    return Product(
        id=row.id.lower(),
        sku=row.sku,
        name=row.name,
        description=row.description or row.short_description,
        brand=row.brand.strip(),
        category=row.category.strip(),
        barcode=row.barcode,
        tags=frozenset(tag.strip().casefold() for tag in row.tags.split(",") if tag.strip()),
        is_service=row.type == "Service",
        is_active=row.status == "Active",
        is_sellable=row.sellable is not False,
        tier_prices=row.tier_prices,
        weight=row.weight,
        weight_unit=row.weight_unit,
        length=row.length,
        width=row.width,
        height=row.height,
        length_unit=row.length_unit,
        pictures=_pictures(row.attachments),
    )


def read_family(row: models.FamilyRow) -> Family:
    return Family(
        id=row.id.lower(),
        sku=row.sku,
        name=row.name,
        description=row.description or row.short_description,
        brand=row.brand.strip(),
        category=row.category.strip(),
        options=(row.option_1, row.option_2, row.option_3),
        members=tuple(
            Member(member.id.lower(), (member.option_1, member.option_2, member.option_3)) for member in row.members
        ),
        pictures=_pictures(row.attachments),
    )


def _pictures(rows: Sequence[models.AttachmentRow]) -> tuple[Picture, ...]:
    """The attachments that are pictures; documents are left out."""
    return tuple(
        Picture(row.file_name, row.download_url, row.is_default)
        for row in rows
        if row.content_type.startswith("image/") or row.file_name.lower().endswith(PICTURE_ENDINGS)
    )
