"""Workers: which are alive, so that the jobs of dead workers are reclaimed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import workers


@dataclass(frozen=True, slots=True)
class UnresponsiveWorker:
    """A worker without a recent heartbeat."""

    id: str
    is_deregistered: bool
    """It stopped in good order; it may still have left runs that it could not finish in time."""


class Workers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def register(self, worker: str, version: str) -> None:
        """Records that `worker` has started."""
        now = self._clock.now()
        row = {"id": worker, "version": version, "started_at": now, "heartbeat_at": now, "deregistered_at": None}
        async with self._database.transaction() as transaction:
            await transaction.execute(self._database.upsert(workers, row), row)

    async def heartbeat(self, worker: str, version: str) -> None:
        """Records that `worker` is alive; registers it again when it was removed as dead."""
        async with self._database.transaction() as transaction:
            updated = await transaction.execute(
                sa.update(workers)
                .where(workers.c.id == worker)
                .values(heartbeat_at=self._clock.now(), deregistered_at=None)
            )
        if updated.rowcount == 0:
            await self.register(worker, version)

    async def deregister(self, worker: str) -> None:
        """Records that `worker` stopped in good order."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.update(workers).where(workers.c.id == worker).values(deregistered_at=self._clock.now())
            )

    async def up_since(self) -> datetime | None:
        """The start of the worker that has been alive longest; None when no worker is alive."""
        first_start = sa.select(sa.func.min(workers.c.started_at, type_=workers.c.started_at.type))
        async with self._database.reading() as reading:
            since: datetime | None = (
                await reading.execute(first_start.where(workers.c.deregistered_at.is_(None)))
            ).scalar_one()
        return since

    async def alive(self) -> frozenset[str]:
        """Workers that have neither stopped nor been removed; for a while this includes a worker that died."""
        query = sa.select(workers.c.id).where(workers.c.deregistered_at.is_(None))
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def known(self) -> frozenset[str]:
        """Workers that are alive, stopped or unresponsive, until they are removed."""
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(sa.select(workers.c.id))).scalars())

    async def unresponsive(self, timeout: timedelta) -> list[UnresponsiveWorker]:
        """Workers without a heartbeat for longer than `timeout`, until they are removed."""
        query = (
            sa.select(workers.c.id, workers.c.deregistered_at)
            .where(self._is_unresponsive(timeout))
            .order_by(workers.c.id)
        )
        async with self._database.reading() as reading:
            return [
                UnresponsiveWorker(row.id, row.deregistered_at is not None)
                for row in (await reading.execute(query)).all()
            ]

    async def remove(self, dead: Collection[str], timeout: timedelta) -> None:
        """Removes workers whose jobs were reclaimed; a worker that has come back meanwhile stays."""
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(workers).where(workers.c.id.in_(dead), self._is_unresponsive(timeout)))

    def _is_unresponsive(self, timeout: timedelta) -> sa.ColumnElement[bool]:
        cutoff: datetime = self._clock.now() - timeout
        return workers.c.heartbeat_at < cutoff
