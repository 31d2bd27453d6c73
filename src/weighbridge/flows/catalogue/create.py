"""Creates listings: their categories and the products themselves, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weighbridge.domain.catalogue.diff import Create, Step, Update
from weighbridge.domain.catalogue.listing import Field, LastWrite, Link, Listing, text_of
from weighbridge.domain.stock.available import StoreItem
from weighbridge.flows.catalogue.listing_writer import CREATE_LISTING, ListingWriter
from weighbridge.flows.idempotent_write import BeforeSend, WriteResult
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce import catalogue_write as write
from weighbridge.platforms.bigcommerce.catalogue_read import product_values, read_items, texts, variant_values
from weighbridge.platforms.bigcommerce.models import catalogue as models


async def create_categories(writer: ListingWriter, steps: Sequence[Step]) -> None:
    """Creates the missing categories, parents first. Source: Catalog V3, 50 characters."""
    listings = [step.listing for step in steps if isinstance(step, Create)]
    listings += [step.listing for step in steps if isinstance(step, Update) and _is_moved(step)]
    for path in write.listing_categories(listings):
        names = [name.strip() for name in path.split(">")]
        parent = 0
        for depth in range(1, len(names) + 1):
            ancestor = " > ".join(names[:depth])
            if ancestor not in writer.category_ids:
                writer.category_ids[ancestor] = await _create_category(writer, names[depth - 1], parent, ancestor)
            parent = writer.category_ids[ancestor]
        writer.category_ids[path] = parent


async def _create_category(writer: ListingWriter, name: str, parent: int, path: str) -> int:
    body = models.CategoryRequest(parent_id=parent, name=name[: write.LONGEST_CATEGORY].rstrip())

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        return {"id": (await writer.catalogue_client.create_category(body, before_send)).id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        rows = await writer.catalogue_client.categories()
        return next(({"id": row.id} for row in rows if (row.name, row.parent_id) == (body.name, parent)), None)

    answer = await writer.write(f"category:{path}", "category", body, send, probe)
    return int(answer["id"])


async def create_product(writer: ListingWriter, listing: Listing) -> None:
    """Creates one product with its variants and pictures. The stock flow knows its SKUs immediately."""
    body = write.new_product(listing, writer.category_ids)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        return _created_answer(await writer.catalogue_client.create_product(body, before_send))

    async def probe(transfer: Transfer) -> WriteResult | None:
        product = await writer.catalogue_client.product_with_sku(listing.variations[0].sku)
        return None if product is None else _probed_answer(product)

    answer = await writer.write(listing.source, CREATE_LISTING, body, send, probe)
    await writer.ctx.repositories.catalogue.save_store_items(
        writer.ctx.name, [StoreItem(*item) for item in answer["items"]]
    )
    await writer.remember(_link_of(listing, answer))


def _is_moved(update: Update) -> bool:
    return any(change.field is Field.CATEGORY for change in update.changes)


def _created_answer(product: models.Product) -> dict[str, Any]:
    """The store's answer as an intent stores it."""
    base = [product.base_variant_id] if product.base_variant_id and not product.variants else []
    return {
        "id": product.id,
        "base": base,
        "variants": {variant.sku: variant.id for variant in product.variants},
        "items": [[item.sku, item.product_id, item.variant_id, item.tracking] for item in read_items(product)],
        "confirmed": texts(product_values(product)),
        "variants_confirmed": {variant.sku: texts(variant_values(variant, product)) for variant in product.variants},
    }


def _probed_answer(product: models.Product) -> dict[str, Any]:
    """The answer for a product that a probe found.

    The product may come from an older request, so its values do not count as confirmed. Only the brand, which is a
    number in the store, is assumed to be the brand that was written.
    """
    answer = _created_answer(product)
    return answer | {"confirmed": {"brand": answer["confirmed"]["brand"]}, "variants_confirmed": {}}


def _link_of(listing: Listing, answer: WriteResult) -> Link:
    """The link of a listing that was just created."""
    ids = {variation.cin7_product_id: answer["variants"].get(variation.sku) for variation in listing.variations}
    if not listing.is_family and answer["base"]:
        ids = {listing.variations[0].cin7_product_id: answer["base"][0]}
    written = {str(field): text_of(value) for field, value in listing.values.items()}
    variants = {
        variation.cin7_product_id: LastWrite().updated_with(
            texts(variation.values), answer["variants_confirmed"].get(variation.sku, {})
        )
        for variation in listing.variations
        if variation.options
    }
    return Link(
        listing.source,
        answer["id"],
        {product_id: variant_id for product_id, variant_id in ids.items() if variant_id is not None},
        LastWrite().updated_with(written, answer["confirmed"]),
        variants,
        frozenset(picture.name for picture in listing.pictures),
    )
