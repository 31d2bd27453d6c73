"""Attempts: each try of a step of a transfer, the lease under which its run works, and the writes that it intends.

An intent is a write to a platform, stored under a unique key before the call. The write of an intent without an answer
may have happened: the platform is probed before it is sent again.
"""

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
from weighbridge.persistence.tables.work import attempts, intents, jobs
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

    async def finished_runs(self, transfer_id: str, step: str, number: int) -> tuple[tuple[datetime, datetime], ...]:
        """Start and end of the latest `number` attempts at `step` that reached their goal, oldest first."""
        is_successful = attempts.c.finished_at.is_not(None) & (attempts.c.outcome != STOPPED)
        query = (
            sa.select(attempts.c.started_at, attempts.c.finished_at)
            .where(attempts.c.transfer_id == transfer_id, attempts.c.step == step, is_successful)
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


@dataclass(frozen=True, slots=True)
class Intent:
    """One intended write and its known outcome."""

    key: str
    kind: str
    sent_at: datetime | None
    sends: int
    probes: int
    answered_at: datetime | None
    answer: Any
    outcome: str


_FIELDS = tuple(Intent.__dataclass_fields__)


CHANGE = sa.update(intents).where(intents.c.key == sa.bindparam("intent"))
SENT = CHANGE.where(intents.c.sends == sa.bindparam("sends_before"), intents.c.answered_at.is_(None)).values(
    sends=intents.c.sends + 1, probes=0, sent_at=sa.bindparam("sent", type_=intents.c.sent_at.type)
)


SENT_UNDER_LEASE = SENT.where(
    sa.exists().where(
        transfers.c.id == sa.bindparam("transfer"),
        transfers.c.lease_owner == sa.bindparam("run"),
        transfers.c.lease_until > sa.bindparam("margin", type_=transfers.c.lease_until.type),
    )
)
"""The lease of the run lasts long enough, so that it need not be renewed."""


class Intents:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def intend(self, key: str, transfer_id: str, kind: str, request: Any) -> Intent:
        """Stores the intent, or returns the one already stored under `key`.

        An intent that was never sent takes the new request: the object may have changed since.
        """
        row = {
            "key": key,
            "transfer_id": transfer_id,
            "kind": kind,
            "request": request,
            "created_at": self._clock.now(),
            "outcome": "open",
        }
        async with self._database.transaction() as transaction:
            result = await transaction.execute(self._database.insert_new(intents), row)
            if result.rowcount > 0:
                return Intent(key, kind, None, 0, 0, None, None, "open")
            await transaction.execute(
                sa.update(intents).where(intents.c.key == key, intents.c.sent_at.is_(None)).values(request=request)
            )
            query = sa.select(*(intents.c[name] for name in _FIELDS)).where(intents.c.key == key)
            stored = (await transaction.execute(query)).one()
        return Intent(**stored._mapping)

    async def sent(self, intent: Intent, transfer_id: str, run: str, lease_seconds: float) -> None:
        """Records that the request is about to be sent; from here on the write may have happened.

        Renews the lease in the same transaction. Raises LeaseLost, and records nothing, while another run holds it, or
        when another run sent the same write since `intent` was read.
        """
        now = self._clock.now()
        margin = now + timedelta(seconds=lease_seconds / 2)
        parameters = {"intent": intent.key, "sends_before": intent.sends, "sent": now}
        lease = {"transfer": transfer_id, "run": run, "margin": margin}
        if await self._database.execute(SENT_UNDER_LEASE, parameters | lease):
            return
        async with self._database.transaction() as transaction:
            await hold_lease(transaction, transfer_id, run, now, lease_seconds)
            if (await transaction.execute(SENT, parameters)).rowcount == 0:
                raise LeaseLost(transfer_id)

    async def not_sent(self, key: str) -> None:
        """Records that the request certainly had no effect: it may be sent again."""
        await self._change(key, sent_at=None, probes=0)

    async def probed(self, key: str) -> None:
        """Records one probe that found nothing."""
        await self._database.execute(CHANGE.values(probes=intents.c.probes + 1), {"intent": key})

    async def answered(self, key: str, answer: Any, outcome: str) -> None:
        """Stores the answer permanently; `outcome` is `done`, or `adopted` when a probe found the write."""
        await self._change(key, answered_at=self._clock.now(), answer=answer, outcome=outcome)

    async def forget(self, key: str) -> None:
        """Removes an answered intent whose effect was undone, so that the same write can be intended again."""
        await self._database.execute(sa.delete(intents).where(intents.c.key == key))

    async def of_transfer(self, transfer_id: str) -> list[Intent]:
        """The intents of a transfer, oldest first."""
        query = (
            sa.select(*(intents.c[name] for name in _FIELDS))
            .where(intents.c.transfer_id == transfer_id)
            .order_by(intents.c.created_at)
        )
        async with self._database.reading() as reading:
            return [Intent(**row._mapping) for row in (await reading.execute(query)).all()]

    async def _change(self, key: str, **values: Any) -> None:
        await self._database.execute(CHANGE, values | {"intent": key})
