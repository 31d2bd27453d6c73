"""Listings: which store product belongs to which Cin7 product, what was last written to it, and what is proposed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.catalogue.listing import LastWrite, Link
from weighbridge.domain.catalogue.plan import Review, ReviewLine, fingerprint
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.reference_data import ROWS_PER_WRITE
from weighbridge.persistence.tables.stock import listing_changes, listings


class Listings:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def links(self, connection: str) -> dict[str, Link]:
        """Every listing that exists at the store, by its source."""
        query = sa.select(listings).where(listings.c.connection == connection)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return {
            row.source: Link(
                row.source,
                row.product_id,
                row.variant_ids,
                LastWrite(**row.last_write),
                {product: LastWrite(**write) for product, write in row.variant_last_writes.items()},
                frozenset(row.pictures),
            )
            for row in rows
        }

    async def save_links(self, connection: str, links: Sequence[Link]) -> None:
        """Stores links, in place of what was stored before."""
        now = self._clock.now()
        rows = [
            {
                "connection": connection,
                "source": link.source,
                "product_id": link.product_id,
                "variant_ids": dict(link.variant_ids),
                "last_write": _last_write_json(link.last_write),
                "variant_last_writes": {
                    product: _last_write_json(write) for product, write in link.variant_last_writes.items()
                },
                "pictures": sorted(link.pictures),
                "written_at": now,
            }
            for link in links
        ]
        for start in range(0, len(rows), ROWS_PER_WRITE):
            batch = rows[start : start + ROWS_PER_WRITE]
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.upsert(listings, batch[0]), batch)

    async def propose(self, connection: str, reviews: Sequence[Review]) -> None:
        """Replaces the proposal. A change that a user has accepted stays accepted while it does not change."""
        accepted = await self._accepted(connection)
        rows = [
            {
                "connection": connection,
                "source": review.source,
                "position": position,
                "sku": review.sku,
                "name": review.name,
                "action": review.action,
                "lines": [[line.where, line.field, line.before, line.after, line.overwrites] for line in review.lines],
                "digest": review.digest,
                "accepted_at": accepted.get(review.digest),
            }
            for position, review in enumerate(reviews)
        ]
        own = sa.delete(listing_changes).where(listing_changes.c.connection == connection)
        async with self._database.transaction() as transaction:
            await transaction.execute(own)
            for start in range(0, len(rows), ROWS_PER_WRITE):
                await transaction.execute(sa.insert(listing_changes), rows[start : start + ROWS_PER_WRITE])

    async def proposed(self, connection: str, limit: int = 1_000_000) -> list[Review]:
        """The proposed changes that are not written yet, in order."""
        query = (
            sa.select(listing_changes)
            .where(listing_changes.c.connection == connection)
            .order_by(listing_changes.c.position)
            .limit(limit)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return [
            Review(
                row.source,
                row.sku,
                row.name,
                row.action,
                tuple(ReviewLine(*line) for line in row.lines),
                row.digest,
            )
            for row in rows
        ]

    async def proposal(self, connection: str) -> tuple[str, int]:
        """Fingerprint and number of the proposed changes."""
        reviews = await self.proposed(connection)
        return fingerprint(reviews), len(reviews)

    async def accept(self, connection: str) -> None:
        """Records that a user has accepted every proposed change."""
        await self._database.execute(
            sa.update(listing_changes)
            .where(listing_changes.c.connection == connection, listing_changes.c.accepted_at.is_(None))
            .values(accepted_at=self._clock.now())
        )

    async def accepted(self, connection: str) -> frozenset[str]:
        """Digests of the changes that a user has accepted."""
        return frozenset(await self._accepted(connection))

    async def remove_proposed(self, connection: str, sources: Iterable[str]) -> None:
        """Removes changes that were written from the proposal."""
        ordered = sorted(sources)
        for start in range(0, len(ordered), ROWS_PER_WRITE):
            await self._database.execute(
                sa.delete(listing_changes).where(
                    listing_changes.c.connection == connection,
                    listing_changes.c.source.in_(ordered[start : start + ROWS_PER_WRITE]),
                )
            )

    async def _accepted(self, connection: str) -> dict[str, datetime]:
        query = sa.select(listing_changes.c.digest, listing_changes.c.accepted_at).where(
            listing_changes.c.connection == connection, listing_changes.c.accepted_at.is_not(None)
        )
        async with self._database.reading() as reading:
            return {row.digest: row.accepted_at for row in (await reading.execute(query)).all()}


def _last_write_json(last_write: LastWrite) -> dict[str, dict[str, str]]:
    return {"written": dict(last_write.written), "confirmed": dict(last_write.confirmed)}
