"""Attempts: each try of a step of a transfer, with its run and its outcome."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.http_log import CurrentAttempt, current_attempt
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts, jobs
from weighbridge.persistence.types import new_id

STOPPED = "stopped"
"""The outcome of an attempt that did not reach its goal."""


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One attempt as stored."""

    id: str
    step: str
    run: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    note: str


START = attempts.insert()
END = sa.update(attempts).where(attempts.c.id == sa.bindparam("attempt"))


@dataclass(slots=True)
class AttemptResult:
    """How the current attempt ends; the step fills it in."""

    outcome: str = "died"
    note: str = ""


class Attempts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def attempt(
        self, transfer_id: str, step: str, run: str, lease_seconds: float
    ) -> AsyncIterator[AttemptResult]:
        """Brackets one attempt: exchanges inside are recorded under it, and its `AttemptResult` is stored at the end.

        Acquires the transfer's lease for `run`, which holds it to its end. Raises LeaseLost, and records no attempt,
        while another run holds it.
        """
        attempt_id = new_id()
        row = {
            "id": attempt_id,
            "transfer_id": transfer_id,
            "step": step,
            "run": run,
            "started_at": self._clock.now(),
        }
        if await self._database.execute(ACQUIRE, lease_row(transfer_id, run, self._clock.now(), lease_seconds)) == 0:
            raise LeaseLost(transfer_id)
        await self._database.execute(START, row)
        result = AttemptResult()
        token = current_attempt.set(CurrentAttempt(transfer_id, attempt_id))
        try:
            yield result
        finally:
            current_attempt.reset(token)
            values = {"outcome": result.outcome, "note": result.note[:4000], "finished_at": self._clock.now()}
            await self._database.execute(END, values | {"attempt": attempt_id})

    async def renew(self, transfer_id: str, run: str, lease_seconds: float) -> None:
        """Renews the lease during a long attempt. Raises LeaseLost when the run does not hold it any more."""
        async with self._database.transaction() as transaction:
            await hold_lease(transaction, transfer_id, run, self._clock.now(), lease_seconds)

    async def finished_runs(self, transfer_id: str, number: int) -> tuple[tuple[datetime, datetime], ...]:
        """Start and end of the latest `number` attempts that reached their goal, oldest first."""
        is_successful = attempts.c.finished_at.is_not(None) & (attempts.c.outcome != STOPPED)
        query = (
            sa.select(attempts.c.started_at, attempts.c.finished_at)
            .where(attempts.c.transfer_id == transfer_id, is_successful)
            .order_by(attempts.c.started_at.desc())
            .limit(number)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return tuple((row.started_at, row.finished_at) for row in reversed(rows))

    async def of_transfer(self, transfer_id: str) -> list[StoredAttempt]:
        """The attempts of a transfer, oldest first; a crash cut off an attempt without an end."""
        query = sa.select(attempts).where(attempts.c.transfer_id == transfer_id).order_by(attempts.c.started_at)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return [StoredAttempt(r.id, r.step, r.run, r.started_at, r.finished_at, r.outcome, r.note) for r in rows]


class LeaseLost(Exception):
    """Another run holds the transfer's lease. The caller must stop without calling a platform."""


ACQUIRE = (
    sa.update(transfers)
    .where(
        transfers.c.id == sa.bindparam("transfer"),
        (transfers.c.lease_owner == "")
        | (transfers.c.lease_owner == sa.bindparam("run"))
        | ~sa.exists().where(jobs.c.run == transfers.c.lease_owner, jobs.c.worker != "")
        | (transfers.c.lease_until < sa.bindparam("timestamp", type_=transfers.c.lease_until.type)),
    )
    .values(lease_owner=sa.bindparam("run"), lease_until=sa.bindparam("until", type_=transfers.c.lease_until.type))
)


RENEW = (
    sa.update(transfers)
    .where(transfers.c.id == sa.bindparam("transfer"), transfers.c.lease_owner == sa.bindparam("run"))
    .values(lease_until=sa.bindparam("until", type_=transfers.c.lease_until.type))
)


async def acquire_lease(
    transaction: AsyncConnection, transfer_id: str, run: str, now: datetime, seconds: float
) -> None:
    """Acquires the lease for `run`. Raises LeaseLost while another run holds it."""
    if (await transaction.execute(ACQUIRE, lease_row(transfer_id, run, now, seconds))).rowcount == 0:
        raise LeaseLost(transfer_id)


def lease_row(transfer_id: str, run: str, now: datetime, seconds: float) -> dict[str, Any]:
    """The parameters of ACQUIRE."""
    return {"transfer": transfer_id, "run": run, "timestamp": now, "until": now + timedelta(seconds=seconds)}


async def hold_lease(transaction: AsyncConnection, transfer_id: str, run: str, now: datetime, seconds: float) -> None:
    """Renews the lease of `run`, or acquires that of another object which the run changes in passing.

    Raises LeaseLost when another run holds it, or when the run does not hold the lease of its own attempt any more: its
    worker was taken for dead then, and another run may have begun or even ended.
    """
    current = current_attempt.get()
    if current is None or current.transfer_id != transfer_id:
        await acquire_lease(transaction, transfer_id, run, now, seconds)
        return
    parameters = {"transfer": transfer_id, "run": run, "until": now + timedelta(seconds=seconds)}
    if (await transaction.execute(RENEW, parameters)).rowcount == 0:
        raise LeaseLost(transfer_id)
