"""The listing writer: writes exactly once, stores what was written, and renews the lease of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel

from weighbridge.domain.catalogue.diff import Update
from weighbridge.domain.catalogue.listing import Link
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.idempotent_write import IdempotentWriter, Probe, Send, WriteResult
from weighbridge.jobs.runner import current_run
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.catalogue_write import category_ids

CREATE_LISTING = "listing"
"""The kind of the intent that creates a listing."""


def listing_key(connection: str, source: str) -> str:
    """The key of the intent that creates a listing."""
    return f"{connection}:{source}"[:200]


class ListingWriter:
    """Performs the writes of one run."""

    def __init__(
        self, ctx: ConnectionContext, transfer: Transfer, links: Mapping[str, Link], categories: Mapping[int, str]
    ) -> None:
        self.ctx = ctx
        self.catalogue_client = ctx.bigcommerce.catalogue
        self.category_ids = category_ids(categories)
        """Category id by path, including the categories that this run created."""
        self._transfer = transfer
        self._writer = IdempotentWriter(ctx, transfer)
        self._links = dict(links)

    async def write(self, key: str, kind: str, body: BaseModel, send: Send, probe: Probe) -> WriteResult:
        """The answer of a write that must happen exactly once; `key` is unique within the connection."""
        settle = self.ctx.connection.design.retry.call_settle_seconds
        return await self._writer.write(kind, body, send, probe, settle_seconds=settle, key=self._key(key))

    async def forget(self, key: str) -> None:
        """Deletes the intent of a write that was deliberately reverted, so that it can be written again."""
        await self.ctx.repositories.intents.forget(self._key(key))

    def _key(self, key: str) -> str:
        return listing_key(self.ctx.name, key)

    def link(self, update: Update) -> Link:
        """The link of the listing that an update changes."""
        return matched_link(self._links.get(update.listing.source), update)

    async def remember(self, link: Link) -> None:
        """Stores what was just written, before the next write."""
        self._links[link.source] = link
        await self.ctx.repositories.listings.save_links(self.ctx.name, [link])

    async def renew_lease(self) -> None:
        """Renews the lease of the run. Raises LeaseLost when another run has taken over."""
        run = current_run() or self.ctx.worker
        await self.ctx.repositories.attempts.renew(
            self._transfer.id, run, self.ctx.connection.design.retry.lease_seconds
        )


def matched_link(link: Link | None, update: Update) -> Link:
    """The link, updated with the ids that the store has now."""
    known = link or Link(update.listing.source, update.product_id)
    return replace(
        known,
        product_id=update.product_id,
        variant_ids={**known.variant_ids, **update.variant_ids},
        pictures=known.pictures | update.own_pictures,
    )
