"""Adds variants and pictures to existing listings, and deletes pictures; one per call."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace

from weighbridge.domain.catalogue.diff import Update
from weighbridge.domain.catalogue.listing import LastWrite, Picture, Variation
from weighbridge.domain.stock.available import StoreItem
from weighbridge.flows.catalogue.listing_writer import ListingWriter
from weighbridge.flows.idempotent_write import BeforeSend, WriteResult
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce import catalogue_write as write
from weighbridge.platforms.bigcommerce.catalogue_read import texts, variant_values
from weighbridge.platforms.bigcommerce.models import catalogue as models
from weighbridge.platforms.http_exchange import NotFound


async def add_variant(writer: ListingWriter, update: Update, variation: Variation) -> None:
    """Adds a variant. A variant needs the ids of its option values, so missing values are created first."""
    values = [await _option_value(writer, update.product_id, name, value) for name, value in variation.options]
    body = write.new_variant(variation).model_copy(update={"option_values": values})

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        variant = await writer.catalogue_client.create_variant(update.product_id, body, before_send)
        return {"id": variant.id, "confirmed": texts(variant_values(variant, models.Product(id=update.product_id)))}

    async def probe(transfer: Transfer) -> WriteResult | None:
        product = await writer.catalogue_client.product_with_sku(variation.sku)
        rows = product.variants if product else []
        return next(({"id": row.id, "confirmed": {}} for row in rows if row.sku == variation.sku), None)

    answer = await writer.write(f"{update.listing.source}:{variation.cin7_product_id}", "variant", body, send, probe)
    link = writer.link(update)
    last_write = LastWrite().updated_with(texts(variation.values), answer["confirmed"])
    await writer.remember(
        replace(
            link,
            variant_ids={**link.variant_ids, variation.cin7_product_id: answer["id"]},
            variant_last_writes={**link.variant_last_writes, variation.cin7_product_id: last_write},
        )
    )
    item = StoreItem(variation.sku, update.product_id, answer["id"], "variant")
    await writer.ctx.repositories.catalogue.save_store_items(writer.ctx.name, [item])


async def _option_value(writer: ListingWriter, product_id: int, name: str, label: str) -> models.SentOptionValue:
    options = await writer.catalogue_client.options(product_id)
    option = next(row for row in options if row.display_name == name)
    value = next((row for row in option.option_values if row.label == label), None)
    if value is None:
        body = models.OptionValueRequest(label=label, sort_order=len(option.option_values))
        value = await writer.catalogue_client.create_option_value(product_id, option.id, body)
    return models.SentOptionValue(option_display_name=name, label=label, option_id=option.id, id=value.id)


async def add_picture(writer: ListingWriter, update: Update, picture: Picture) -> None:
    """Adds a picture from Cin7; a probe recognises it by its description if the answer is lost."""
    body = write.image(picture)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        return {"id": (await writer.catalogue_client.create_image(update.product_id, body, before_send)).id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        rows = await writer.catalogue_client.images(update.product_id)
        return next(({"id": row.id} for row in rows if row.description == picture.name), None)

    await writer.write(_picture_key(update, picture.name), "image", body, send, probe)
    link = writer.link(update)
    await writer.remember(replace(link, pictures=link.pictures | {picture.name}))


async def delete_picture(writer: ListingWriter, update: Update, picture: tuple[str, int]) -> None:
    """Deletes a picture that Cin7 no longer has; a picture that is already deleted is no error."""
    name, image_id = picture
    with contextlib.suppress(NotFound):
        await writer.catalogue_client.delete_image(update.product_id, image_id)
    await writer.forget(_picture_key(update, name))
    link = writer.link(update)
    await writer.remember(replace(link, pictures=link.pictures - {name}))


def _picture_key(update: Update, name: str) -> str:
    """The key of a picture is made of its name, because its URL may be signed again with every reading."""
    return f"{update.listing.source}:image:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
