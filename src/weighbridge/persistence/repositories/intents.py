"""Intents: writes to a platform, each stored under a unique key before the call.

The write of an intent without an answer may have happened: the platform is probed before it is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.attempts import LeaseLost, hold_lease
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import intents


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
