"""Words of named persons about single transfers: corrections of their texts, and holds they released."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.orders.correction import Correction
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.remedies import corrections, releases


class Words:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def corrections(self, transfer_id: str) -> tuple[Correction, ...]:
        """The corrections that count, oldest first."""
        of = corrections.c
        query = sa.select(of.field, of.before, of.after).where(of.transfer_id == transfer_id, of.undone_at.is_(None))
        async with self._database.reading() as reading:
            return tuple(Correction(*row) for row in (await reading.execute(query.order_by(of.id))).all())

    async def corrections_of(self, transfer_ids: Sequence[str]) -> dict[str, tuple[Correction, ...]]:
        """The same of many transfers, by transfer; those without any are missing."""
        of = corrections.c
        query = (
            sa.select(of.transfer_id, of.field, of.before, of.after)
            .where(of.transfer_id.in_(transfer_ids), of.undone_at.is_(None))
            .order_by(of.id)
        )
        found: dict[str, tuple[Correction, ...]] = {}
        async with self._database.reading() as reading:
            for transfer_id, *told in (await reading.execute(query)).all():
                found[transfer_id] = (*found.get(transfer_id, ()), Correction(*told))
        return found

    async def is_released(self, transfer_id: str, kind: str, value: object) -> bool:
        """Whether a named person lets the transfer pass although this was found, at this very value."""
        of = releases.c
        query = sa.select(of.id).where(
            of.transfer_id == transfer_id, of.kind == kind, of.value == str(value), of.undone_at.is_(None)
        )
        async with self._database.reading() as reading:
            return (await reading.execute(query.limit(1))).first() is not None

    async def correct(
        self, transaction: AsyncConnection, transfer_id: str, correction: Correction, reason: str, actor: str
    ) -> int:
        """Stores a correction beside what the shop shows, inside the caller's transaction; answers its number."""
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
        """Lets a transfer pass although this was found, inside the caller's transaction; answers its number."""
        row = {"transfer_id": transfer_id, "kind": kind, "value": value}
        return await self._store(transaction, releases, row, reason, actor)

    async def take_back(self, transaction: AsyncConnection, table: sa.Table, ids: list[int], actor: str) -> int:
        """Takes corrections or releases back; they stay on record. Answers how many still counted."""
        change = sa.update(table).where(table.c.id.in_(ids), table.c.undone_at.is_(None))
        done = await transaction.execute(change.values(undone_at=self._clock.now(), undone_by=actor))
        return done.rowcount

    async def _store(
        self, transaction: AsyncConnection, table: sa.Table, row: dict[str, str], reason: str, actor: str
    ) -> int:
        told = row | {"reason": reason, "actor": actor, "at": self._clock.now()}
        made = await transaction.execute(table.insert().values(**told).returning(table.c.id))
        return int(made.scalar_one())
