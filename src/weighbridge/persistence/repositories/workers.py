"""Workers: their sessions, of which each shows by a heartbeat that it is alive, by the database server's clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from weighbridge.common.clock import Clock, ServerTime, machine_time
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import workers


@dataclass(frozen=True, slots=True)
class Session:
    """One life of a worker process, from its start to its end."""

    id: str
    """Begins with the worker's name; no other session ever has it."""
    name: str
    """The name in the configuration, one for each process that runs at the same time."""
    host: str
    pid: int
    process_space: str
    """Where `pid` means the same process; empty if that is not known."""
    version: str
    connections: Collection[str] = ()
    """The connections of which it takes a share; none for a command that only runs what it requests."""


@dataclass(frozen=True, slots=True)
class KnownSession:
    """A session that has neither ended nor been found dead."""

    session: Session
    heartbeat_at: datetime
    silent_seconds: float
    """Since its last heartbeat; negative after a jump of the server's clock."""


class Workers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def heartbeat(self, session: Session) -> ServerTime:
        """Records that a session is alive; registers it when it is new or was taken for dead."""
        async with self._database.transaction() as transaction:
            asked_at = machine_time()
            now = await self._database.server_time(transaction)
            reading = ServerTime(now, asked_at, machine_time())
            beat = sa.update(workers).where(workers.c.id == session.id).values(heartbeat_at=now)
            if (await transaction.execute(beat)).rowcount == 0:
                row = asdict(session) | {"started_at": self._clock.now(), "heartbeat_at": now}
                await transaction.execute(workers.insert(), row)
        return reading

    async def known(self) -> list[KnownSession]:
        """Every session that has neither ended nor been found dead."""
        async with self._database.reading() as reading:
            now = await self._database.server_time(reading)
            rows = (await reading.execute(sa.select(workers))).mappings().all()
        return [
            KnownSession(
                Session(**{name: row[name] for name in Session.__dataclass_fields__}),
                row["heartbeat_at"],
                (now - row["heartbeat_at"]).total_seconds(),
            )
            for row in rows
        ]

    async def remove(self, session_id: str, heartbeat_at: datetime | None = None) -> bool:
        """Removes a session, with `heartbeat_at` only if it has had no heartbeat since. Its jobs are then free."""
        is_it = workers.c.id == session_id
        if heartbeat_at is not None:
            is_it &= workers.c.heartbeat_at == heartbeat_at
        return await self._database.execute(sa.delete(workers).where(is_it)) > 0
