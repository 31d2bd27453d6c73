"""Parts of listings that are there already: variants and pictures, one to a call."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace

from weighbridge.domain.catalogue.diff import Update
from weighbridge.domain.catalogue.listing import Picture, Told, Variation
from weighbridge.domain.stock.available import ShopItem
from weighbridge.flows.catalogue.listing_writer import Pen
from weighbridge.flows.context import running
from weighbridge.flows.idempotent_write import Answered, BeforeSend
from weighbridge.platforms.bigcommerce import catalogue_write as write
from weighbridge.platforms.bigcommerce.catalogue_read import texts, variant_values
from weighbridge.platforms.bigcommerce.models import catalogue as models
from weighbridge.platforms.http_exchange import NotFound


async def add_variant(pen: Pen, update: Update, variation: Variation) -> None:
    """A variant needs the ids of its option values; values that the product lacks are made first."""
    values = [await _option_value(pen, update.product_id, name, value) for name, value in variation.options]
    body = write.new_variant(variation).model_copy(update={"option_values": values})

    async def send(before_send: BeforeSend) -> Answered:
        made = await pen.shop.create_variant(update.product_id, body, before_send)
        return {"id": made.id, "shown": texts(variant_values(made, models.Product(id=update.product_id)))}

    async def probe() -> Answered | None:
        found = await pen.shop.product_with_sku(variation.sku)
        rows = found.variants if found else []
        return next(({"id": row.id, "shown": {}} for row in rows if row.sku == variation.sku), None)

    answer = await pen.once(f"{update.listing.source}:{variation.article_id}", "variant", body, send, probe)
    link = pen.link(update)
    told = Told().after(texts(variation.values), answer["shown"])
    await pen.remember(
        replace(
            link,
            variant_ids={**link.variant_ids, variation.article_id: answer["id"]},
            variants_told={**link.variants_told, variation.article_id: told},
        )
    )
    item = ShopItem(variation.sku, update.product_id, answer["id"], "variant")
    await running().journal.catalogue.store_shop_items(pen.site.name, [item])


async def _option_value(pen: Pen, product_id: int, name: str, label: str) -> models.SentOptionValue:
    options = await pen.shop.options(product_id)
    option = next(one for one in options if one.display_name == name)
    value = next((one for one in option.option_values if one.label == label), None)
    if value is None:
        body = models.OptionValueRequest(label=label, sort_order=len(option.option_values))
        value = await pen.shop.create_option_value(product_id, option.id, body)
    return models.SentOptionValue(option_display_name=name, label=label, option_id=option.id, id=value.id)


async def add_picture(pen: Pen, update: Update, picture: Picture) -> None:
    """Adds a picture of the books; its description tells it from others, should the answer be lost."""
    body = write.image(picture)

    async def send(before_send: BeforeSend) -> Answered:
        return {"id": (await pen.shop.create_image(update.product_id, body, before_send)).id}

    async def probe() -> Answered | None:
        rows = await pen.shop.images(update.product_id)
        return next(({"id": row.id} for row in rows if row.description == picture.name), None)

    await pen.once(_picture_key(update, picture.name), "image", body, send, probe)
    link = pen.link(update)
    await pen.remember(replace(link, pictures=link.pictures | {picture.name}))


async def take_picture_away(pen: Pen, update: Update, gone: tuple[str, int]) -> None:
    """Takes away a picture that the books do not have any more; one that is gone already is no refusal."""
    name, image_id = gone
    with contextlib.suppress(NotFound):
        await pen.shop.delete_image(update.product_id, image_id)
    await pen.forget(_picture_key(update, name))
    link = pen.link(update)
    await pen.remember(replace(link, pictures=link.pictures - {name}))


def _picture_key(update: Update, name: str) -> str:
    """A picture is known by its name: its address may be signed anew with every reading."""
    return f"{update.listing.source}:image:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
