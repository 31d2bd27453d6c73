"""Decisions of users about single transfers: corrections of texts, and released holds."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.orders.correction import Correction
from weighbridge.persistence.database import Database, batches
from weighbridge.persistence.tables.decisions import corrections, releases


class Decisions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def corrections(self, transfer_id: str) -> tuple[Correction, ...]:
        """The corrections in force, oldest first."""
        of = corrections.c
        query = sa.select(of.field, of.before, of.after).where(of.transfer_id == transfer_id, of.undone_at.is_(None))
        async with self._database.reading() as reading:
            return tuple(Correction(*row) for row in (await reading.execute(query.order_by(of.id))).all())

    async def corrections_of(self, transfer_ids: Sequence[str]) -> dict[str, tuple[Correction, ...]]:
        """The corrections in force of many transfers, by transfer; transfers without any are missing."""
        of = corrections.c
        query = sa.select(of.transfer_id, of.field, of.before, of.after).where(of.undone_at.is_(None)).order_by(of.id)
        by_transfer: dict[str, tuple[Correction, ...]] = {}
        async with self._database.reading() as reading:
            for batch in batches(transfer_ids):
                for transfer_id, *correction in await reading.execute(query.where(of.transfer_id.in_(batch))):
                    by_transfer[transfer_id] = (*by_transfer.get(transfer_id, ()), Correction(*correction))
        return by_transfer

    async def is_released(self, transfer_id: str, kind: str, value: object) -> bool:
        """Whether a user has released the transfer from this kind of finding at exactly this value."""
        of = releases.c
        query = sa.select(of.id).where(
            of.transfer_id == transfer_id, of.kind == kind, of.value == str(value), of.undone_at.is_(None)
        )
        async with self._database.reading() as reading:
            return (await reading.execute(query.limit(1))).first() is not None

    async def correct(
        self, transaction: AsyncConnection, transfer_id: str, correction: Correction, reason: str, actor: str
    ) -> int:
        """Stores a correction beside the store's value, inside the caller's transaction; returns its id."""
        row = {
            "transfer_id": transfer_id,
            "field": correction.field,
            "before": correction.before,
            "after": correction.after,
        }
        return await self._store(transaction, corrections, row, reason, actor)

    async def release(
        self, transaction: AsyncConnection, transfer_id: str, kind: str, value: str, reason: str, actor: str
    ) -> int:
        """Releases a transfer from a finding, inside the caller's transaction; returns the release's id."""
        row = {"transfer_id": transfer_id, "kind": kind, "value": value}
        return await self._store(transaction, releases, row, reason, actor)

    async def undo(self, transaction: AsyncConnection, table: sa.Table, ids: list[int], actor: str) -> int:
        """Undoes corrections or releases; they stay on record. Returns how many were still in force."""
        change = sa.update(table).where(table.c.id.in_(ids), table.c.undone_at.is_(None))
        result = await transaction.execute(change.values(undone_at=self._clock.now(), undone_by=actor))
        return result.rowcount

    async def _store(
        self, transaction: AsyncConnection, table: sa.Table, row: dict[str, str], reason: str, actor: str
    ) -> int:
        values = row | {"reason": reason, "actor": actor, "at": self._clock.now()}
        inserted = await transaction.execute(table.insert().values(**values).returning(table.c.id))
        return int(inserted.scalar_one())
