"""Writing a catalogue plan: made once, changed in batches, and what is refused is held alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from weighbridge.domain.catalogue_diff import Change, Create, Step, Update, VariantUpdate
from weighbridge.domain.finding import Finding, FindingKind, hold
from weighbridge.domain.listing import Field, Link, Listing, Told, text_of
from weighbridge.domain.stock import ShopItem
from weighbridge.engine import current_run
from weighbridge.flows.catalogue_reading import View
from weighbridge.flows.runtime import Site, running
from weighbridge.flows.side_by_side import side_by_side
from weighbridge.flows.write_once import Answered, BeforeSend, Later, Write, write_once
from weighbridge.journal.transfers import Transfer
from weighbridge.platforms.bigcommerce import catalogue_models as models
from weighbridge.platforms.bigcommerce import catalogue_write as write
from weighbridge.platforms.bigcommerce.catalogue_client import PRODUCTS_PER_WRITE, VARIANTS_PER_WRITE
from weighbridge.platforms.bigcommerce.catalogue_read import product_values, read_items, texts, variant_values
from weighbridge.platforms.exchange import Refused

log = structlog.get_logger()

Row = TypeVar("Row")


class CatalogueWriter:
    """Writes the steps of one round, and keeps what became of each."""

    def __init__(self, site: Site, transfer: Transfer, view: View) -> None:
        self._site = site
        self._transfer = transfer
        self._shop = site.shop.catalogue
        self._links = dict(view.links)
        self._category_ids = write.category_ids(view.categories)
        self.refused: dict[str, list[Finding]] = {}
        """By source: the platform said no; the rest of the round went on."""
        self._later: list[Later] = []

    async def write(self, steps: Sequence[Step]) -> None:
        """Writes everything that can be written now. Raises Later when an answer was lost on the way."""
        await self._make_categories(steps)
        creates = [step for step in steps if isinstance(step, Create)]
        updates = [step for step in steps if isinstance(step, Update)]
        first, rest = _first_of_each_brand(creates)
        await side_by_side(first, self._create, 1)
        await side_by_side(rest, self._create, self._site.connection.design.quota.bigcommerce_in_flight)
        await self._update_products(updates)
        await self._update_variants(updates)
        for update in updates:
            for variation in update.new_variations:
                await self._alone(update.listing, self._add_variant, update, variation)
            for picture in update.new_pictures:
                await self._alone(update.listing, self._add_picture, update, picture)
            for name, image_id in update.gone_pictures:
                await self._alone(update.listing, self._take_picture_away, update, (name, image_id))
        if self._later:
            raise max(self._later, key=lambda later: later.at)

    async def _make_categories(self, steps: Sequence[Step]) -> None:
        """Makes the categories that are needed and not there, parents first. Source: Catalog V3, 50 characters."""
        wanted = [step.listing for step in steps if isinstance(step, Create)]
        wanted += [one.listing for one in steps if isinstance(one, Update) and _is_moved(one)]
        for path in write.wanted_categories(wanted):
            parts = [part.strip() for part in path.split(">")]
            parent = 0
            for depth in range(1, len(parts) + 1):
                upto = " > ".join(parts[:depth])
                if upto not in self._category_ids:
                    self._category_ids[upto] = await self._make_category(parts[depth - 1], parent, upto)
                parent = self._category_ids[upto]
            self._category_ids[path] = parent

    async def _make_category(self, name: str, parent: int, path: str) -> int:
        body = models.CategoryRequest(parent_id=parent, name=name[: write.LONGEST_CATEGORY].rstrip())

        async def send(before_send: BeforeSend) -> Answered:
            return {"id": (await self._shop.create_category(body, before_send)).id}

        async def probe() -> Answered | None:
            rows = await self._shop.categories()
            return next(({"id": row.id} for row in rows if (row.name, row.parent_id) == (body.name, parent)), None)

        answer = await self._once(f"category:{path}", "category", body, send, probe)
        return int(answer["id"])

    async def _create(self, step: Create) -> None:
        listing = step.listing
        await self._alone(listing, self._create_product, listing, None)

    async def _create_product(self, listing: Listing, _nothing: None) -> None:
        body = write.new_product(listing, self._category_ids)

        async def send(before_send: BeforeSend) -> Answered:
            return _seen(await self._shop.create_product(body, before_send))

        async def probe() -> Answered | None:
            found = await self._shop.product_with_sku(listing.variations[0].sku)
            # What stands there may be an older request's: nothing is noted as shown, so every difference counts.
            return None if found is None else _seen(found) | {"shown": {}, "variants_shown": {}}

        answer = await self._once(listing.source, "listing", body, send, probe)
        await running().journal.catalogue.store_shop_items(
            self._site.name, [ShopItem(*item) for item in answer["items"]]
        )
        await self._remember(_link_of(listing, answer))

    async def _update_products(self, updates: Sequence[Update]) -> None:
        rows = [(one, write.changed_product(one, self._category_ids)) for one in updates if one.changes]
        for start in range(0, len(rows), PRODUCTS_PER_WRITE):
            await self._tell(rows[start : start + PRODUCTS_PER_WRITE], self._send_products)

    async def _send_products(self, rows: Sequence[tuple[Update, models.ProductRequest]]) -> None:
        shown = {row.id: row for row in await self._shop.update_products([body for _, body in rows])}
        for update, _ in rows:
            answer = shown.get(update.product_id)
            link = self._link(update)
            told = link.told.after(_written(update.changes), texts(product_values(answer)) if answer else {})
            await self._remember(replace(link, told=told))
            await self._note_sku(update.changes, update.product_id, None)

    async def _update_variants(self, updates: Sequence[Update]) -> None:
        rows = [((one, variant), write.changed_variant(variant)) for one in updates for variant in one.variants]
        for start in range(0, len(rows), VARIANTS_PER_WRITE):
            await self._tell(rows[start : start + VARIANTS_PER_WRITE], self._send_variants)

    async def _send_variants(self, rows: Sequence[tuple[tuple[Update, VariantUpdate], models.VariantRequest]]) -> None:
        shown = {row.id: row for row in await self._shop.update_variants([body for _, body in rows])}
        for (update, variant), _ in rows:
            answer = shown.get(variant.id)
            seen = texts(variant_values(answer, models.Product(id=update.product_id))) if answer else {}
            link = self._link(update)
            told = link.variants_told.get(variant.article_id, Told()).after(_written(variant.changes), seen)
            await self._remember(replace(link, variants_told={**link.variants_told, variant.article_id: told}))
            await self._note_sku(variant.changes, update.product_id, variant.id)

    async def _tell(self, rows: Sequence[tuple[Any, Row]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Tells the shop; where it refuses a batch, the halves are told until the bad one stands alone.

        Telling twice is harmless, so no intent is kept. Source: platform notes, bigcommerce 1.5 (a batch that is
        refused is refused whole and often does not say which of it was wrong).
        """
        run = f"{running().worker}/{current_run()}"
        lease_seconds = self._site.connection.design.retry.lease_seconds
        await running().journal.attempts.renew(self._transfer.id, run, lease_seconds)
        try:
            await send(rows)
        except Refused as refusal:
            if len(rows) == 1:
                of = rows[0][0]
                self._refuse((of[0] if isinstance(of, tuple) else of).listing, refusal)
                return
            middle = len(rows) // 2
            await self._tell(rows[:middle], send)
            await self._tell(rows[middle:], send)

    async def _add_variant(self, update: Update, variation: Any) -> None:
        """A variant needs the ids of its option values; values that the product lacks are made first."""
        values = [await self._option_value(update.product_id, name, value) for name, value in variation.options]
        body = write.new_variant(variation).model_copy(update={"option_values": values})

        async def send(before_send: BeforeSend) -> Answered:
            made = await self._shop.create_variant(update.product_id, body, before_send)
            return {"id": made.id, "shown": texts(variant_values(made, models.Product(id=update.product_id)))}

        async def probe() -> Answered | None:
            found = await self._shop.product_with_sku(variation.sku)
            rows = found.variants if found else []
            return next(({"id": row.id, "shown": {}} for row in rows if row.sku == variation.sku), None)

        answer = await self._once(f"{update.listing.source}:{variation.article_id}", "variant", body, send, probe)
        link = self._link(update)
        told = Told().after(texts(variation.values), answer["shown"])
        await self._remember(
            replace(
                link,
                variant_ids={**link.variant_ids, variation.article_id: answer["id"]},
                variants_told={**link.variants_told, variation.article_id: told},
            )
        )
        item = ShopItem(variation.sku, update.product_id, answer["id"], "variant")
        await running().journal.catalogue.store_shop_items(self._site.name, [item])

    async def _option_value(self, product_id: int, name: str, label: str) -> models.SentOptionValue:
        options = await self._shop.options(product_id)
        option = next(one for one in options if one.display_name == name)
        value = next((one for one in option.option_values if one.label == label), None)
        if value is None:
            body = models.OptionValueRequest(label=label, sort_order=len(option.option_values))
            value = await self._shop.create_option_value(product_id, option.id, body)
        return models.SentOptionValue(option_display_name=name, label=label, option_id=option.id, id=value.id)

    async def _add_picture(self, update: Update, picture: Any) -> None:
        body = write.image(picture)

        async def send(before_send: BeforeSend) -> Answered:
            return {"id": (await self._shop.create_image(update.product_id, body, before_send)).id}

        async def probe() -> Answered | None:
            rows = await self._shop.images(update.product_id)
            return next(({"id": row.id} for row in rows if row.description == picture.name), None)

        await self._once(f"{update.listing.source}:image:{picture.url}", "image", body, send, probe)
        link = self._link(update)
        await self._remember(replace(link, pictures=link.pictures | {picture.name}))

    async def _take_picture_away(self, update: Update, gone: tuple[str, int]) -> None:
        name, image_id = gone
        await self._shop.delete_image(update.product_id, image_id)
        link = self._link(update)
        await self._remember(replace(link, pictures=link.pictures - {name}))

    async def _alone(self, listing: Listing, work: Callable[[Any, Any], Awaitable[None]], *of: Any) -> None:
        """Does `work` for one listing: a refusal is its own finding, a lost answer is looked for next time."""
        if listing.source in self.refused:
            return
        try:
            await work(*of)
        except Refused as refusal:
            self._refuse(listing, refusal)
        except Later as later:
            self._later.append(later)

    def _refuse(self, listing: Listing, refusal: Refused) -> None:
        said = "; ".join(refusal.messages)
        log.warning("listing_refused", source=listing.source, sku=listing.sku, messages=refusal.messages)
        finding = hold(FindingKind.REFUSED_BY_BIGCOMMERCE, f"listing {listing.sku}", said, "a product the shop takes")
        self.refused.setdefault(listing.source, []).append(finding)

    async def _once(
        self,
        key: str,
        kind: str,
        body: Any,
        send: Callable[[BeforeSend], Awaitable[Answered]],
        probe: Callable[[], Awaitable[Answered | None]],
    ) -> Answered:
        retry = self._site.connection.design.retry
        wanted = Write(
            key=f"{self._site.name}:{key}"[:200],
            kind=kind,
            request=body.model_dump(mode="json", exclude_none=True),
            send=send,
            probe=probe,
            settle_seconds=retry.call_settle_seconds,
        )
        return await write_once(self._transfer.id, wanted, retry.lease_seconds)

    def _link(self, update: Update) -> Link:
        known = self._links.get(update.listing.source) or Link(update.listing.source, update.product_id)
        return replace(known, product_id=update.product_id, variant_ids={**known.variant_ids, **update.variant_ids})

    async def _remember(self, link: Link) -> None:
        self._links[link.source] = link
        await running().journal.listings.remember(self._site.name, [link])

    async def _note_sku(self, changes: Sequence[Change], product_id: int, variant_id: int | None) -> None:
        """A SKU that was rewritten is known to stock at once."""
        skus = [str(change.value) for change in changes if change.field is Field.SKU]
        items = await running().journal.catalogue.shop_items(self._site.name) if skus else {}
        before = [change.before for change in changes if change.field is Field.SKU]
        known = [items[sku] for sku in before if sku in items]
        renamed = [replace(item, sku=skus[0]) for item in known if variant_id in (None, item.variant_id)]
        await running().journal.catalogue.store_shop_items(self._site.name, renamed)


def _first_of_each_brand(creates: Sequence[Create]) -> tuple[list[Create], list[Create]]:
    """The first listing of each brand, and the rest: two at once would both make the brand, and one would fail."""
    seen: set[str] = set()
    first: list[Create] = []
    rest: list[Create] = []
    for step in creates:
        brand = str(step.listing.values.get(Field.BRAND, "")).casefold()
        (rest if brand in seen or not brand else first).append(step)
        seen.add(brand)
    return first, rest


def _is_moved(update: Update) -> bool:
    return any(change.field is Field.CATEGORY for change in update.changes)


def _written(changes: Sequence[Change]) -> dict[str, str]:
    return {str(change.field): change.after for change in changes}


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
