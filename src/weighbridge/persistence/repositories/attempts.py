"""Attempts: each try of a step of a transfer, by which run, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.common.ids import new_id
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.http_log import Serving, serving
from weighbridge.persistence.repositories.leases import give_lease_back, take_lease
from weighbridge.persistence.tables.work import attempts

STOPPED = "stopped"
"""The outcome of a try that did not reach its goal."""


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One attempt as it is told."""

    id: str
    step: str
    run: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    note: str


START = attempts.insert()
END = sa.update(attempts).where(attempts.c.id == sa.bindparam("attempt"))


@dataclass(slots=True)
class Ending:
    """How the current attempt ends; the step fills it in."""

    outcome: str = "died"
    note: str = ""


class Attempts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def attempt(self, transfer_id: str, step: str, run: str, lease_seconds: float) -> AsyncIterator[Ending]:
        """Brackets one try: exchanges inside are recorded under it; what `Ending` says is stored at the end.

        Takes the transfer's lease for `run` and gives it back. Raises LeaseLost, and records no try, while another
        run holds it.
        """
        attempt_id = new_id()
        row = {
            "id": attempt_id,
            "transfer_id": transfer_id,
            "step": step,
            "run": run,
            "started_at": self._clock.now(),
        }
        async with self._database.transaction() as transaction:
            await take_lease(transaction, transfer_id, run, self._clock.now(), lease_seconds)
            await transaction.execute(START, row)
        ending = Ending()
        token = serving.set(Serving(transfer_id, attempt_id))
        try:
            yield ending
        finally:
            serving.reset(token)
            async with self._database.transaction() as transaction:
                ended = {"outcome": ending.outcome, "note": ending.note[:4000], "ended_at": self._clock.now()}
                await transaction.execute(END, ended | {"attempt": attempt_id})
                await give_lease_back(transaction, transfer_id, run)

    async def renew(self, transfer_id: str, run: str, lease_seconds: float) -> None:
        """A sign of life of a long try. Raises LeaseLost when another run has taken over."""
        async with self._database.transaction() as transaction:
            await take_lease(transaction, transfer_id, run, self._clock.now(), lease_seconds)

    async def rounds(self, transfer_id: str, number: int) -> tuple[tuple[datetime, datetime], ...]:
        """Beginning and end of the latest `number` tries that reached their goal, oldest first."""
        done = attempts.c.ended_at.is_not(None) & (attempts.c.outcome != STOPPED)
        query = (
            sa.select(attempts.c.started_at, attempts.c.ended_at)
            .where(attempts.c.transfer_id == transfer_id, done)
            .order_by(attempts.c.started_at.desc())
            .limit(number)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return tuple((row.started_at, row.ended_at) for row in reversed(rows))

    async def of_transfer(self, transfer_id: str) -> list[StoredAttempt]:
        """The attempts of a transfer, oldest first; one without an end was cut off by a crash."""
        query = sa.select(attempts).where(attempts.c.transfer_id == transfer_id).order_by(attempts.c.started_at)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return [StoredAttempt(r.id, r.step, r.run, r.started_at, r.ended_at, r.outcome, r.note) for r in rows]
