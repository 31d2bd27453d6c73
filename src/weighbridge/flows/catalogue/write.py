"""Writing a catalogue plan: made once, changed in batches, and what is refused is held alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from weighbridge.common.concurrency import side_by_side
from weighbridge.domain.catalogue.diff import Change, Create, Step, Update, VariantUpdate
from weighbridge.domain.catalogue.listing import Field, Listing, Told
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.flows.catalogue.create import create_product, make_categories
from weighbridge.flows.catalogue.listing_writer import Pen
from weighbridge.flows.catalogue.parts import add_picture, add_variant, take_picture_away
from weighbridge.flows.catalogue.read import View
from weighbridge.flows.context import Site, running
from weighbridge.flows.idempotent_write import LOOKS_BEFORE_RESENDING, Later
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
    """A write whose answer was lost, to be looked for when it had its time to show."""

    later: Later
    listing: Listing
    work: Work
    of: tuple[Any, ...]


class CatalogueWriter:
    """Writes the steps of one round, and keeps what became of each."""

    def __init__(self, site: Site, transfer: Transfer, view: View) -> None:
        self._site = site
        self._pen = Pen(site, transfer, view.links, view.categories)
        self.refused: dict[str, list[Finding]] = {}
        """By source: the platform said no; the rest of the round went on."""
        self._later: list[Postponed] = []

    async def write(self, steps: Sequence[Step]) -> None:
        """Writes everything that can be written now. Raises Later when an answer was lost on the way."""
        await make_categories(self._pen, steps)
        creates = [step for step in steps if isinstance(step, Create)]
        updates = [step for step in steps if isinstance(step, Update)]
        first, rest = _first_of_each_brand(creates)
        await side_by_side(first, self._create, 1)
        await side_by_side(rest, self._create, self._site.connection.design.quota.bigcommerce_in_flight)
        await self._update_products(updates)
        await self._update_variants(updates)
        for update in updates:
            for variation in update.new_variations:
                await self._alone(update.listing, add_variant, update, variation)
            for picture in update.new_pictures:
                await self._alone(update.listing, add_picture, update, picture)
            for name, image_id in update.gone_pictures:
                await self._alone(update.listing, take_picture_away, update, (name, image_id))
        await self._try_again()

    async def _create(self, step: Create) -> None:
        await self._alone(step.listing, create_product, step.listing)

    async def _update_products(self, updates: Sequence[Update]) -> None:
        rows = [(one, write.changed_product(one, self._pen.category_ids)) for one in updates if one.changes]
        for start in range(0, len(rows), PRODUCTS_PER_WRITE):
            await self._tell(rows[start : start + PRODUCTS_PER_WRITE], self._send_products)

    async def _send_products(self, rows: Sequence[tuple[Update, models.ProductRequest]]) -> None:
        shown = {row.id: row for row in await self._pen.shop.update_products([body for _, body in rows])}
        for update, _ in rows:
            answer = shown.get(update.product_id)
            link = self._pen.link(update)
            told = link.told.after(_written(update.changes), texts(product_values(answer)) if answer else {})
            await self._pen.remember(replace(link, told=told))
            await self._note_sku(update.changes, update.product_id, None)

    async def _update_variants(self, updates: Sequence[Update]) -> None:
        rows = [((one, variant), write.changed_variant(variant)) for one in updates for variant in one.variants]
        for start in range(0, len(rows), VARIANTS_PER_WRITE):
            await self._tell(rows[start : start + VARIANTS_PER_WRITE], self._send_variants)

    async def _send_variants(self, rows: Sequence[tuple[tuple[Update, VariantUpdate], models.VariantRequest]]) -> None:
        shown = {row.id: row for row in await self._pen.shop.update_variants([body for _, body in rows])}
        for (update, variant), _ in rows:
            answer = shown.get(variant.id)
            seen = texts(variant_values(answer, models.Product(id=update.product_id))) if answer else {}
            link = self._pen.link(update)
            told = link.variants_told.get(variant.article_id, Told()).after(_written(variant.changes), seen)
            await self._pen.remember(replace(link, variants_told={**link.variants_told, variant.article_id: told}))
            await self._note_sku(variant.changes, update.product_id, variant.id)

    async def _tell(self, rows: Sequence[tuple[Any, Row]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Tells the shop; where it refuses a batch, the halves are told until the bad one stands alone.

        Telling twice is harmless, so no intent is kept. Source: platform notes, bigcommerce 1.5 (a batch that is
        refused is refused whole and often does not say which of it was wrong).
        """
        await self._pen.show_life()
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

    async def _alone(self, listing: Listing, work: Work, *of: Any) -> None:
        """Does `work` for one listing: a refusal is its own finding, a lost answer is looked for next time."""
        if listing.source in self.refused:
            return
        try:
            await work(self._pen, *of)
        except Refused as refusal:
            self._refuse(listing, refusal)
        except Later as later:
            self._later.append(Postponed(later, listing, work, of))

    async def _try_again(self) -> None:
        """Waits for the writes whose answers were lost, and looks for them. Raises Later for those that stay unseen."""
        for _ in range(LOOKS_BEFORE_RESENDING + 1):
            postponed, self._later = self._later, []
            for one in sorted(postponed, key=lambda late: late.later.at):
                wait = (one.later.at - running().clock.now()).total_seconds()
                if wait > 0:
                    await running().clock.sleep(wait)
                await self._pen.show_life()
                await self._alone(one.listing, one.work, *one.of)
        if self._later:
            raise max((one.later for one in self._later), key=lambda later: later.at)

    def _refuse(self, listing: Listing, refusal: Refused) -> None:
        said = "; ".join(refusal.messages)
        log.warning("listing_refused", source=listing.source, sku=listing.sku, messages=refusal.messages)
        finding = hold(FindingKind.REFUSED_BY_BIGCOMMERCE, f"listing {listing.sku}", said, "a product the shop takes")
        self.refused.setdefault(listing.source, []).append(finding)

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


def _written(changes: Sequence[Change]) -> dict[str, str]:
    return {str(change.field): change.after for change in changes}
