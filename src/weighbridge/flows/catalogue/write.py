"""Writes a catalogue plan: creates each listing once, updates in batches, and holds refused listings one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from weighbridge.common.concurrency import map_limited
from weighbridge.domain.catalogue.diff import Change, Create, Step, Update, VariantUpdate
from weighbridge.domain.catalogue.listing import Field, LastWrite, Listing
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.catalogue.create import create_categories, create_product
from weighbridge.flows.catalogue.listing_writer import ListingWriter
from weighbridge.flows.catalogue.parts import add_picture, add_variant, delete_picture
from weighbridge.flows.catalogue.read import View
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.idempotent_write import PROBES_BEFORE_RESENDING, RetryLater
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce import catalogue_write as write
from weighbridge.platforms.bigcommerce.catalogue_client import PRODUCTS_PER_WRITE, VARIANTS_PER_WRITE
from weighbridge.platforms.bigcommerce.catalogue_read import product_values, texts, variant_values
from weighbridge.platforms.bigcommerce.models import catalogue as models
from weighbridge.platforms.http_exchange import Refused

log = structlog.get_logger()

Row = TypeVar("Row")

Work = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Postponed:
    """A write whose answer was lost; it is probed once it had time to appear."""

    retry: RetryLater
    listing: Listing
    work: Work
    args: tuple[Any, ...]


class CatalogueWriter:
    """Writes the steps of one run and collects the refusals."""

    def __init__(self, ctx: ConnectionContext, transfer: Transfer, view: View) -> None:
        self._ctx = ctx
        self._listing_writer = ListingWriter(ctx, transfer, view.links, view.categories)
        self.refused: dict[str, list[Finding]] = {}
        """The findings of refused listings, by source."""
        self._postponed: list[Postponed] = []

    async def write(self, steps: Sequence[Step]) -> None:
        """Writes everything that can be written now. Raises RetryLater when an answer was lost."""
        await create_categories(self._listing_writer, steps)
        creates = [step for step in steps if isinstance(step, Create)]
        updates = [step for step in steps if isinstance(step, Update)]
        first, rest = _first_of_each_brand(creates)
        await map_limited(first, self._create, 1)
        await map_limited(rest, self._create, self._ctx.connection.design.quota.bigcommerce_in_flight)
        await self._update_products(updates)
        await self._update_variants(updates)
        for update in updates:
            for variation in update.new_variations:
                await self._write_one(update.listing, add_variant, update, variation)
            for picture in update.new_pictures:
                await self._write_one(update.listing, add_picture, update, picture)
            for name, image_id in update.removed_pictures:
                await self._write_one(update.listing, delete_picture, update, (name, image_id))
        await self._retry_postponed()

    async def _create(self, step: Create) -> None:
        await self._write_one(step.listing, create_product, step.listing)

    async def _update_products(self, updates: Sequence[Update]) -> None:
        rows = [
            (update, write.changed_product(update, self._listing_writer.category_ids))
            for update in updates
            if update.changes
        ]
        for start in range(0, len(rows), PRODUCTS_PER_WRITE):
            await self._send_in_halves(rows[start : start + PRODUCTS_PER_WRITE], self._send_products)

    async def _send_products(self, rows: Sequence[tuple[Update, models.ProductRequest]]) -> None:
        products = await self._listing_writer.catalogue_client.update_products([body for _, body in rows])
        by_id = {product.id: product for product in products}
        for update, _ in rows:
            product = by_id.get(update.product_id)
            link = self._listing_writer.link(update)
            confirmed = texts(product_values(product)) if product else {}
            last_write = link.last_write.updated_with(_written(update.changes), confirmed)
            await self._listing_writer.remember(replace(link, last_write=last_write))
            await self._rename_store_item(update.changes, update.product_id, None)

    async def _update_variants(self, updates: Sequence[Update]) -> None:
        rows = [
            ((update, variant), write.changed_variant(variant)) for update in updates for variant in update.variants
        ]
        for start in range(0, len(rows), VARIANTS_PER_WRITE):
            await self._send_in_halves(rows[start : start + VARIANTS_PER_WRITE], self._send_variants)

    async def _send_variants(self, rows: Sequence[tuple[tuple[Update, VariantUpdate], models.VariantRequest]]) -> None:
        variants = await self._listing_writer.catalogue_client.update_variants([body for _, body in rows])
        by_id = {variant.id: variant for variant in variants}
        for (update, variant), _ in rows:
            answer = by_id.get(variant.id)
            confirmed = texts(variant_values(answer, models.Product(id=update.product_id))) if answer else {}
            link = self._listing_writer.link(update)
            last_write = link.variant_last_writes.get(variant.cin7_product_id, LastWrite())
            last_write = last_write.updated_with(_written(variant.changes), confirmed)
            last_writes = {**link.variant_last_writes, variant.cin7_product_id: last_write}
            await self._listing_writer.remember(replace(link, variant_last_writes=last_writes))
            await self._rename_store_item(variant.changes, update.product_id, variant.id)

    async def _send_in_halves(self, rows: Sequence[tuple[Any, Row]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Writes a batch; a refused batch is split in halves until the refused row is alone.

        Writing twice is harmless, so no intent is stored. Source: platform notes, bigcommerce 1.5 (a batch is refused
        as a whole, and the refusal often does not name the wrong row).
        """
        await self._listing_writer.renew_lease()
        try:
            await send(rows)
        except Refused as refusal:
            if len(rows) == 1:
                update = rows[0][0]
                self._refuse((update[0] if isinstance(update, tuple) else update).listing, refusal)
                return
            middle = len(rows) // 2
            await self._send_in_halves(rows[:middle], send)
            await self._send_in_halves(rows[middle:], send)

    async def _write_one(self, listing: Listing, work: Work, *args: Any) -> None:
        """Does `work` for one listing. A refusal becomes a finding of the listing; a lost answer is probed later."""
        if listing.source in self.refused:
            return
        try:
            await work(self._listing_writer, *args)
        except Refused as refusal:
            self._refuse(listing, refusal)
        except RetryLater as later:
            self._postponed.append(Postponed(later, listing, work, args))

    async def _retry_postponed(self) -> None:
        """Waits for the writes whose answers were lost and probes them. Raises RetryLater if one does not appear."""
        for _ in range(PROBES_BEFORE_RESENDING + 1):
            postponed, self._postponed = self._postponed, []
            for postponed_write in sorted(postponed, key=lambda postponed_write: postponed_write.retry.retry_at):
                wait = (postponed_write.retry.retry_at - self._ctx.clock.now()).total_seconds()
                if wait > 0:
                    await self._ctx.clock.sleep(wait)
                await self._listing_writer.renew_lease()
                await self._write_one(postponed_write.listing, postponed_write.work, *postponed_write.args)
        if self._postponed:
            raise max((postponed_write.retry for postponed_write in self._postponed), key=lambda retry: retry.retry_at)

    def _refuse(self, listing: Listing, refusal: Refused) -> None:
        log.warning("listing_refused", source=listing.source, sku=listing.sku, messages=refusal.messages)
        field, messages = f"listing {listing.sku}", "; ".join(refusal.messages)
        finding = hold(FindingKind.REFUSED_BY_BIGCOMMERCE, field, messages, "a product that the store accepts")
        self.refused.setdefault(listing.source, []).append(finding)

    async def _rename_store_item(self, changes: Sequence[Change], product_id: int, variant_id: int | None) -> None:
        """Makes a changed SKU known to the stock flow immediately."""
        skus = [str(change.value) for change in changes if change.field is Field.SKU]
        items = await self._ctx.repositories.catalogue.store_items(self._ctx.name) if skus else {}
        before = [change.before for change in changes if change.field is Field.SKU]
        known = [items[sku] for sku in before if sku in items]
        renamed = [replace(item, sku=skus[0]) for item in known if variant_id in (None, item.variant_id)]
        await self._ctx.repositories.catalogue.save_store_items(self._ctx.name, renamed)


def _first_of_each_brand(creates: Sequence[Create]) -> tuple[list[Create], list[Create]]:
    """The first listing of each brand, and the rest: two at once would both create the brand, and one would fail."""
    seen: set[str] = set()
    first: list[Create] = []
    rest: list[Create] = []
    for step in creates:
        brand = str(step.listing.values.get(Field.BRAND, "")).casefold()
        (rest if brand in seen or not brand else first).append(step)
        seen.add(brand)
    return first, rest


def _written(changes: Sequence[Change]) -> dict[str, str]:
    return {str(change.field): change.after for change in changes}
