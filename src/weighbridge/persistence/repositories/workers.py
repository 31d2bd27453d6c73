"""Workers: which are alive, by the database's clock, and what happens to the jobs of those that are not."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import release_jobs
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import jobs, workers


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
    """A session that has not ended in good order."""

    id: str
    name: str
    host: str
    pid: int
    process_space: str
    connections: frozenset[str]
    heartbeat_at: datetime
    """By the database's clock."""
    silent_seconds: float
    """Since its last heartbeat, by the database's clock; negative after a jump of that clock."""


class Workers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def register(self, session: Session) -> None:
        """Records that a session has started."""
        async with self._database.transaction() as transaction:
            row = {
                "id": session.id,
                "name": session.name,
                "host": session.host,
                "pid": session.pid,
                "process_space": session.process_space,
                "version": session.version,
                "connections": json.dumps(sorted(session.connections)),
                "started_at": self._clock.now(),
                "heartbeat_at": await self._database.server_time(transaction),
            }
            await transaction.execute(self._database.upsert(workers, row), row)

    async def heartbeat(self, session: Session) -> datetime:
        """Records that a session is alive; registers it again when it was taken for dead. Returns the server's time."""
        async with self._database.transaction() as transaction:
            now = await self._database.server_time(transaction)
            beat = sa.update(workers).where(workers.c.id == session.id).values(heartbeat_at=now)
            is_known = (await transaction.execute(beat)).rowcount > 0
        if not is_known:
            await self.register(session)
        return now

    async def known(self) -> list[KnownSession]:
        """Every session that has not ended in good order and was not found dead."""
        of = workers.c
        query = sa.select(of.id, of.name, of.host, of.pid, of.process_space, of.connections, of.heartbeat_at)
        async with self._database.reading() as reading:
            now = await self._database.server_time(reading)
            rows = (await reading.execute(query)).all()
        return [
            KnownSession(
                row.id, row.name, row.host, row.pid, row.process_space, frozenset(json.loads(row.connections)),
                row.heartbeat_at,
                (now - row.heartbeat_at).total_seconds(),
            )
            for row in rows
        ]  # fmt: skip

    async def up_since(self) -> datetime | None:
        """The start of the session that has been alive longest; None when none is alive."""
        first_start = sa.select(sa.func.min(workers.c.started_at, type_=workers.c.started_at.type))
        async with self._database.reading() as reading:
            since: datetime | None = (await reading.execute(first_start)).scalar_one()
        return since

    async def unknown_sessions(self) -> list[str]:
        """Ids of sessions that run jobs although they are not known: removed as dead by mistake, and dead since."""
        query = (
            sa.select(jobs.c.worker)
            .where(jobs.c.worker != "", jobs.c.worker.not_in(sa.select(workers.c.id)))
            .distinct()
        )
        async with self._database.reading() as reading:
            return list((await reading.execute(query)).scalars())

    async def remove(self, session_id: str, heartbeat_at: datetime | None = None) -> int | None:
        """Removes a session that ended, and makes its jobs due and its leases free, in one transaction.

        With `heartbeat_at` it is removed only if it has had no heartbeat since. Returns how many jobs it was running;
        None when it came back.
        """
        of = workers.c
        is_it = of.id == session_id
        async with self._database.transaction() as transaction:
            if heartbeat_at is not None:
                unchanged = sa.delete(workers).where(is_it, of.heartbeat_at == heartbeat_at)
                if (await transaction.execute(unchanged)).rowcount == 0:
                    return None
            else:
                await transaction.execute(sa.delete(workers).where(is_it))
            await _free_leases(transaction, session_id)
            return await release_jobs(transaction, session_id, self._clock.now())


async def _free_leases(transaction: AsyncConnection, session_id: str) -> None:
    """Frees the leases of the session's runs, so that the objects need not wait until they expire."""
    of = transfers.c
    runs = sa.select(jobs.c.run).where(jobs.c.worker == session_id)
    is_leased = (of.lease_owner != "") & of.lease_owner.in_(runs)
    await transaction.execute(sa.update(transfers).where(is_leased).values(lease_owner="", lease_until=None))
