"""The inbox: every webhook as it came, stored together with the look it asks for, before it is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.identity import new_id
from weighbridge.journal.agenda import Agenda
from weighbridge.tables import inbox

KEPT_HEADERS = frozenset({"webhook-id", "webhook-timestamp", "content-type", "event-type", "user-agent"})
"""Headers worth keeping; secrets and signatures are not."""

SOON, UNHURRIED = timedelta(seconds=3), timedelta(seconds=20)
"""How long a look waits for more hints at the same object: platforms tell of one change in several events, and most
"updated" events echo our own writes. Source: platform notes, bigcommerce 7.6 and trap 27."""
URGENT_ENDINGS = ("/created", "/statusUpdated")


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
        looks: tuple[tuple[str, str], ...],
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        """Stores one delivery and the looks (flow, key) it hints at, in one transaction.

        The body is a hint and is never believed: each look fetches the object afresh.
        """
        now = self._clock.now()
        row = {
            "id": new_id(),
            "connection": connection,
            "platform": platform,
            "scope": scope[:128],
            "subject": ",".join(f"{flow}:{key}" for flow, key in looks)[:128],
            "headers": {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS},
            "body": body,
            "received_at": now,
        }
        async with self._database.transaction() as transaction:
            await transaction.execute(inbox.insert().values(row))
            for flow, key in looks:
                wait = SOON if scope.endswith(URGENT_ENDINGS) else UNHURRIED
                await self._agenda.add(transaction, connection, flow, key, f"hook {scope}"[:128], now + wait)
