"""The inbox: every webhook as it came, stored together with the look it asks for, before it is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.common.ids import new_id
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import Agenda
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import inbox

KEPT_HEADERS = frozenset({"webhook-id", "webhook-timestamp", "content-type", "event-type", "user-agent"})
"""Headers worth keeping; secrets and signatures are not."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A look that a delivery hints at."""

    flow: str
    key: str
    wait: timedelta
    """How long the look waits for more hints at the same object."""
    once_posted: tuple[str, str] | None = None
    """The look (flow, key) to take instead when the object's transfer is posted: the event then most likely tells of
    our own write, and one look at the list of what changed answers many of them."""


class Inbox:
    def __init__(self, database: Database, clock: Clock, agenda: Agenda) -> None:
        self._database = database
        self._clock = clock
        self._agenda = agenda

    async def receive(
        self,
        connection: str,
        platform: str,
        scope: str,
        hints: tuple[Hint, ...],
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        """Stores one delivery and the looks it hints at, in one transaction.

        The body is a hint and is never believed: each look fetches the object afresh.
        """
        now = self._clock.now()
        row = {
            "id": new_id(),
            "connection": connection,
            "platform": platform,
            "scope": scope[:128],
            "subject": ",".join(f"{hint.flow}:{hint.key}" for hint in hints)[:128],
            "headers": {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS},
            "body": body,
            "received_at": now,
        }
        async with self._database.transaction() as transaction:
            await transaction.execute(inbox.insert().values(row))
            for hint in hints:
                flow, key = await self._look(transaction, connection, hint)
                await self._agenda.add(transaction, connection, flow, key, f"hook {scope}"[:128], now + hint.wait)

    async def _look(self, transaction: AsyncConnection, connection: str, hint: Hint) -> tuple[str, str]:
        if hint.once_posted is None:
            return hint.flow, hint.key
        query = sa.select(transfers.c.state).where(
            transfers.c.connection == connection, transfers.c.flow == hint.flow, transfers.c.key == hint.key
        )
        posted = (await transaction.execute(query)).scalar_one_or_none() == State.POSTED
        return hint.once_posted if posted else (hint.flow, hint.key)
