"""Making listings: the categories they stand in, and the products themselves, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weighbridge.domain.catalogue.diff import Create, Step, Update
from weighbridge.domain.catalogue.listing import Field, Link, Listing, Told, text_of
from weighbridge.domain.stock.available import ShopItem
from weighbridge.flows.catalogue.listing_writer import MAKING, Pen
from weighbridge.flows.context import running
from weighbridge.flows.idempotent_write import Answered, BeforeSend
from weighbridge.platforms.bigcommerce import catalogue_write as write
from weighbridge.platforms.bigcommerce.catalogue_read import product_values, read_items, texts, variant_values
from weighbridge.platforms.bigcommerce.models import catalogue as models


async def make_categories(pen: Pen, steps: Sequence[Step]) -> None:
    """Makes the categories that are needed and not there, parents first. Source: Catalog V3, 50 characters."""
    wanted = [step.listing for step in steps if isinstance(step, Create)]
    wanted += [one.listing for one in steps if isinstance(one, Update) and _is_moved(one)]
    for path in write.wanted_categories(wanted):
        parts = [part.strip() for part in path.split(">")]
        parent = 0
        for depth in range(1, len(parts) + 1):
            upto = " > ".join(parts[:depth])
            if upto not in pen.category_ids:
                pen.category_ids[upto] = await _make_category(pen, parts[depth - 1], parent, upto)
            parent = pen.category_ids[upto]
        pen.category_ids[path] = parent


async def _make_category(pen: Pen, name: str, parent: int, path: str) -> int:
    body = models.CategoryRequest(parent_id=parent, name=name[: write.LONGEST_CATEGORY].rstrip())

    async def send(before_send: BeforeSend) -> Answered:
        return {"id": (await pen.shop.create_category(body, before_send)).id}

    async def probe() -> Answered | None:
        rows = await pen.shop.categories()
        return next(({"id": row.id} for row in rows if (row.name, row.parent_id) == (body.name, parent)), None)

    answer = await pen.once(f"category:{path}", "category", body, send, probe)
    return int(answer["id"])


async def create_product(pen: Pen, listing: Listing) -> None:
    """Makes one product with its variants and pictures; its SKUs are known to the stock flow at once."""
    body = write.new_product(listing, pen.category_ids)

    async def send(before_send: BeforeSend) -> Answered:
        return _seen(await pen.shop.create_product(body, before_send))

    async def probe() -> Answered | None:
        found = await pen.shop.product_with_sku(listing.variations[0].sku)
        return None if found is None else _found(found)

    answer = await pen.once(listing.source, MAKING, body, send, probe)
    await running().journal.catalogue.store_shop_items(pen.site.name, [ShopItem(*item) for item in answer["items"]])
    await pen.remember(_link_of(listing, answer))


def _is_moved(update: Update) -> bool:
    return any(change.field is Field.CATEGORY for change in update.changes)


def _seen(product: models.Product) -> dict[str, Any]:
    """What the shop answered of a product, as an intent keeps it."""
    base = [product.base_variant_id] if product.base_variant_id and not product.variants else []
    return {
        "id": product.id,
        "base": base,
        "variants": {variant.sku: variant.id for variant in product.variants},
        "items": [[item.sku, item.product_id, item.variant_id, item.tracking] for item in read_items(product)],
        "shown": texts(product_values(product)),
        "variants_shown": {variant.sku: texts(variant_values(variant, product)) for variant in product.variants},
    }


def _found(product: models.Product) -> dict[str, Any]:
    """What a probe saw of a product. It may be an older request's, so every difference counts later; only the brand,
    a number at the shop, is taken to be the one that was written."""
    seen = _seen(product)
    return seen | {"shown": {"brand": seen["shown"]["brand"]}, "variants_shown": {}}


def _link_of(listing: Listing, answer: Answered) -> Link:
    """The link of a listing that was just made."""
    ids = {one.article_id: answer["variants"].get(one.sku) for one in listing.variations}
    if not listing.is_family and answer["base"]:
        ids = {listing.variations[0].article_id: answer["base"][0]}
    written = {str(of): text_of(value) for of, value in listing.values.items()}
    variants = {
        one.article_id: Told().after(texts(one.values), answer["variants_shown"].get(one.sku, {}))
        for one in listing.variations
        if one.options
    }
    return Link(
        listing.source,
        answer["id"],
        {article: one for article, one in ids.items() if one is not None},
        Told().after(written, answer["shown"]),
        variants,
        frozenset(picture.name for picture in listing.pictures),
    )
