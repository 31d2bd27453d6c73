"""Workers: who is alive, so that the work of the dead is taken over."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.tables import workers


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

    async def beat(self, worker: str) -> None:
        """Notes that `worker` is alive."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.update(workers).where(workers.c.id == worker).values(seen_at=self._clock.now(), left_at=None)
            )

    async def leave(self, worker: str) -> None:
        """Notes that `worker` stopped in good order."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                sa.update(workers).where(workers.c.id == worker).values(left_at=self._clock.now())
            )

    async def bury(self, patience: timedelta) -> list[str]:
        """Workers silent beyond `patience`, each answered to one caller only: their work is to be taken over."""
        silent = (workers.c.seen_at < self._clock.now() - patience) & workers.c.left_at.is_(None)
        dead: list[str] = []
        async with self._database.transaction() as transaction:
            for worker in (await transaction.execute(sa.select(workers.c.id).where(silent))).scalars().all():
                result = await transaction.execute(
                    sa.update(workers).where(workers.c.id == worker, silent).values(left_at=self._clock.now())
                )
                if result.rowcount > 0:
                    dead.append(worker)
        return dead
