"""The pen of a catalogue round: writes once, remembers what was written, shows that the round is alive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from weighbridge.domain.catalogue.diff import Update
from weighbridge.domain.catalogue.listing import Link
from weighbridge.flows.context import Site, running
from weighbridge.flows.idempotent_write import Answered, BeforeSend, Write, write_once
from weighbridge.jobs.engine import current_run
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.catalogue_write import category_ids

MAKING = "listing"
"""Kind of the intent under which a listing is made."""


def listing_key(connection: str, source: str) -> str:
    """The key of the intent under which a listing is made."""
    return f"{connection}:{source}"[:200]


class Pen:
    """What every write of one round needs."""

    def __init__(
        self, site: Site, transfer: Transfer, links: Mapping[str, Link], categories: Mapping[int, str]
    ) -> None:
        self.site = site
        self.shop = site.shop.catalogue
        self.category_ids = category_ids(categories)
        """Category id by path, with those that the round has made."""
        self._transfer = transfer
        self._links = dict(links)

    async def once(
        self,
        key: str,
        kind: str,
        body: Any,
        send: Callable[[BeforeSend], Awaitable[Answered]],
        probe: Callable[[], Awaitable[Answered | None]],
    ) -> Answered:
        """The answer of a write that must happen exactly once; `key` tells it from every other of the connection."""
        retry = self.site.connection.design.retry
        wanted = Write(
            key=self._key(key),
            kind=kind,
            request=body.model_dump(mode="json", exclude_none=True),
            send=send,
            probe=probe,
            settle_seconds=retry.call_settle_seconds,
        )
        return await write_once(self._transfer.id, wanted, retry.lease_seconds)

    async def forget(self, key: str) -> None:
        """Notes that a write was undone on purpose, so that it may be intended again."""
        await running().journal.intents.forget(self._key(key))

    def _key(self, key: str) -> str:
        return listing_key(self.site.name, key)

    def link(self, update: Update) -> Link:
        """What is known of the listing that an update is about."""
        return matched_link(self._links.get(update.listing.source), update)

    async def remember(self, link: Link) -> None:
        """Stores what was just written, before anything else is."""
        self._links[link.source] = link
        await running().journal.listings.remember(self.site.name, [link])

    async def show_life(self) -> None:
        """Renews the round's lease. Raises LeaseLost when another run has taken over."""
        run = f"{running().worker}/{current_run()}"
        await running().journal.attempts.renew(self._transfer.id, run, self.site.connection.design.retry.lease_seconds)


def matched_link(link: Link | None, update: Update) -> Link:
    """The link with what the shop showed of the listing this time."""
    known = link or Link(update.listing.source, update.product_id)
    return replace(
        known,
        product_id=update.product_id,
        variant_ids={**known.variant_ids, **update.variant_ids},
        pictures=known.pictures | update.own_pictures,
    )
