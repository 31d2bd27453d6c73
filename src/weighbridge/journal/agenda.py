"""The agenda: which object of which flow must be looked at (again), and when.

Hooks, sweeps, retries and people all write here; many reasons collapse into one look. Each reason raises the item's
generation; a look is handed to the durable engine under `flow:connection:key:generation`, which the engine runs once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.tables import agenda


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One look that is due."""

    connection: str
    flow: str
    key: str
    generation: int

    @property
    def run_id(self) -> str:
        """The id under which this look runs exactly once."""
        return f"{self.flow}:{self.connection}:{self.key}:{self.generation}"


class Agenda:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def look_again(
        self, connection: str, flow: str, key: str, reason: str, *, after: timedelta = timedelta(0)
    ) -> None:
        """Asks for a look at `key`, `after` from now or earlier when an earlier look is already asked for."""
        async with self._database.transaction() as transaction:
            await self.add(transaction, connection, flow, key, reason, self._clock.now() + after)

    async def add(
        self, transaction: AsyncConnection, connection: str, flow: str, key: str, reason: str, due_at: datetime
    ) -> None:
        """`look_again` inside a transaction of the caller, so that the reason and the look are stored together."""
        row = {
            "connection": connection,
            "flow": flow,
            "key": key,
            "generation": 1,
            "taken": 0,
            "due_at": due_at,
            "reason": reason,
        }
        insert = self._database.insert_new(agenda, [row])
        result = await transaction.execute(insert)
        if result.rowcount > 0:
            return
        pending_earlier = (agenda.c.generation > agenda.c.taken) & (agenda.c.due_at < due_at)
        await transaction.execute(
            sa.update(agenda)
            .where(agenda.c.connection == connection, agenda.c.flow == flow, agenda.c.key == key)
            .values(
                generation=agenda.c.generation + 1,
                due_at=sa.case((pending_earlier, agenda.c.due_at), else_=sa.literal(due_at, agenda.c.due_at.type)),
                reason=reason,
            )
        )

    async def due(self, limit: int) -> list[AgendaItem]:
        """The looks whose time has come, oldest first."""
        query = (
            sa.select(agenda.c.connection, agenda.c.flow, agenda.c.key, agenda.c.generation)
            .where(agenda.c.due_at <= self._clock.now(), agenda.c.generation > agenda.c.taken)
            .order_by(agenda.c.due_at)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [AgendaItem(row.connection, row.flow, row.key, row.generation) for row in rows]

    async def taken(self, items: list[AgendaItem]) -> None:
        """Notes that the engine holds these looks."""
        async with self._database.transaction() as transaction:
            for item in items:
                await transaction.execute(
                    sa.update(agenda)
                    .where(
                        agenda.c.connection == item.connection,
                        agenda.c.flow == item.flow,
                        agenda.c.key == item.key,
                        agenda.c.taken < item.generation,
                    )
                    .values(taken=item.generation)
                )

    async def keep_recurring(self, connection: str, flow: str, key: str, patience: timedelta) -> None:
        """Sees to it that a recurring look is on the agenda: asks for it when missing, or silent beyond `patience`."""
        now = self._clock.now()
        query = sa.select(agenda.c.due_at, agenda.c.generation, agenda.c.taken).where(
            agenda.c.connection == connection, agenda.c.flow == flow, agenda.c.key == key
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        if row is None:
            await self.look_again(connection, flow, key, "first look")
        elif row.generation == row.taken and row.due_at + patience < now:
            await self.look_again(connection, flow, key, "silent too long")

    async def open_count(self, connection: str, flow: str) -> int:
        """How many looks of a flow are asked for and not yet handed to the engine, due or not."""
        query = sa.select(sa.func.count()).where(
            agenda.c.connection == connection, agenda.c.flow == flow, agenda.c.generation > agenda.c.taken
        )
        async with self._database.reading() as reading:
            return int((await reading.execute(query)).scalar_one())
