"""The webhook inbox: every webhook as received, stored with the jobs it causes before it is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import JobQueue
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import webhook_inbox
from weighbridge.persistence.types import new_id

STORED_HEADERS = frozenset({"webhook-id", "webhook-timestamp", "content-type", "event-type", "user-agent"})
"""Headers that are stored; secrets and signatures are not."""


@dataclass(frozen=True, slots=True)
class JobHint:
    """A job that a delivery hints at."""

    flow: str
    key: str
    delay: timedelta
    """How long the job waits for more hints at the same object."""
    if_posted: tuple[str, str] | None = None
    """The job (flow, key) to enqueue instead when the object's transfer is posted or being posted. The event then most
    likely reports our own write, and one sweep of the changed objects answers many such events."""


class WebhookInbox:
    def __init__(self, database: Database, clock: Clock, job_queue: JobQueue) -> None:
        self._database = database
        self._clock = clock
        self._job_queue = job_queue

    async def receive(
        self,
        connection: str,
        platform: str,
        scope: str,
        hints: tuple[JobHint, ...],
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        """Stores one delivery and the jobs it hints at, in one transaction.

        The body is a hint and is never trusted: each job fetches the object itself.
        """
        now = self._clock.now()
        row = {
            "id": new_id(),
            "connection": connection,
            "platform": platform,
            "scope": scope[:128],
            "subject": ",".join(f"{hint.flow}:{hint.key}" for hint in hints)[:128],
            "headers": {name: value for name, value in headers.items() if name.lower() in STORED_HEADERS},
            "body": body,
            "received_at": now,
        }
        async with self._database.transaction() as transaction:
            await transaction.execute(webhook_inbox.insert().values(row))
            for hint in hints:
                flow, key = await self._job_for(transaction, connection, hint)
                await self._job_queue.add(
                    transaction, connection, flow, key, f"webhook {scope}"[:128], now + hint.delay
                )

    async def _job_for(self, transaction: AsyncConnection, connection: str, hint: JobHint) -> tuple[str, str]:
        if hint.if_posted is None:
            return hint.flow, hint.key
        query = sa.select(transfers.c.state, transfers.c.target_id).where(
            transfers.c.connection == connection, transfers.c.flow == hint.flow, transfers.c.key == hint.key
        )
        row = (await transaction.execute(query)).one_or_none()
        # Posting writes to the object before the transfer counts as posted, and its webhook may arrive in between.
        is_posted = row is not None and (row.state == State.POSTED or (row.state == State.NEW and row.target_id != ""))
        return hint.if_posted if is_posted else (hint.flow, hint.key)
