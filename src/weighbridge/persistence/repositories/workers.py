"""Workers: who is alive, so that work which others left unfinished is taken over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import workers


@dataclass(frozen=True, slots=True)
class SilentWorker:
    """A worker that gives no sign of life."""

    id: str
    left: bool
    """It stopped in good order; runs that it could not end in time may be left all the same."""


class Workers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def arrive(self, worker: str, version: str) -> None:
        """Notes that `worker` has started."""
        now = self._clock.now()
        row = {"id": worker, "version": version, "started_at": now, "seen_at": now, "left_at": None}
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.upsert(workers, row), row)

    async def beat(self, worker: str, version: str) -> None:
        """Notes that `worker` is alive, also when others took it for dead and forgot it."""
        async with self._database.transaction() as transaction:
            beaten = await transaction.execute(
                sa.update(workers).where(workers.c.id == worker).values(seen_at=self._clock.now(), left_at=None)
            )
        if beaten.rowcount == 0:
            await self.arrive(worker, version)

    async def leave(self, worker: str) -> None:
        """Notes that `worker` stopped in good order."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.update(workers).where(workers.c.id == worker).values(left_at=self._clock.now())
            )

    async def up_since(self) -> datetime | None:
        """Since when somebody has worked: the start of the worker that is alive for longest; None when nobody is."""
        alive = sa.select(sa.func.min(workers.c.started_at, type_=workers.c.started_at.type))
        async with self._database.reading() as reading:
            since: datetime | None = (await reading.execute(alive.where(workers.c.left_at.is_(None)))).scalar_one()
        return since

    async def alive(self) -> frozenset[str]:
        """Workers that have not stopped and were not buried; one that died may be among them for a while."""
        query = sa.select(workers.c.id).where(workers.c.left_at.is_(None))
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def known(self) -> frozenset[str]:
        """Workers that are alive, stopped or silent, until they are buried."""
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(sa.select(workers.c.id))).scalars())

    async def silent(self, patience: timedelta) -> list[SilentWorker]:
        """Workers without a sign of life for longer than `patience`, until they are buried."""
        query = sa.select(workers.c.id, workers.c.left_at).where(self._is_silent(patience)).order_by(workers.c.id)
        async with self._database.reading() as reading:
            return [SilentWorker(row.id, row.left_at is not None) for row in (await reading.execute(query)).all()]

    async def bury(self, dead: Collection[str], patience: timedelta) -> None:
        """Forgets workers whose work was taken over; one that has come back meanwhile stays."""
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(workers).where(workers.c.id.in_(dead), self._is_silent(patience)))

    def _is_silent(self, patience: timedelta) -> sa.ColumnElement[bool]:
        cutoff: datetime = self._clock.now() - patience
        return workers.c.seen_at < cutoff
