"""The agenda: which object of which flow must be looked at (again), and when.

Hooks, sweeps, retries and people all write here; many reasons collapse into one look. Each reason raises the item's
generation; a look is handed to the durable engine under `flow:connection:key:generation`, which the engine runs once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.clock import Clock, seconds_between
from weighbridge.database import Database
from weighbridge.tables import agenda

COUNTING_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
"""Generations of a new entry begin at the seconds since then: an entry that was lost and is made again never repeats
the id of a run that the engine has finished."""


CADENCE, PERSON_MAY_HAVE_ACTED = "cadence", "somebody may have acted"
LEFT_TO_WORKERS = (CADENCE, PERSON_MAY_HAVE_ACTED)
"""Why looks are asked for that come round by themselves: whoever runs one thing once leaves them to the workers."""


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One look."""

    connection: str
    flow: str
    key: str
    generation: int

    @property
    def run_id(self) -> str:
        """The id under which this look runs exactly once."""
        return f"{self.flow}:{self.connection}:{self.key}:{self.generation}"


@dataclass(frozen=True, slots=True)
class DueLook(AgendaItem):
    """A look whose time has come."""

    due_at: datetime


DUE = (
    sa.select(agenda.c.connection, agenda.c.flow, agenda.c.key, agenda.c.generation, agenda.c.due_at)
    .where(
        agenda.c.due_at <= sa.bindparam("moment", type_=agenda.c.due_at.type),
        agenda.c.generation > agenda.c.taken,
        agenda.c.reason.not_in(sa.bindparam("besides", expanding=True)),
    )
    .order_by(agenda.c.due_at)
    .limit(sa.bindparam("most"))
)
TAKEN = (
    sa.update(agenda)
    .where(
        agenda.c.connection == sa.bindparam("its_connection"),
        agenda.c.flow == sa.bindparam("its_flow"),
        agenda.c.key == sa.bindparam("its_key"),
        agenda.c.taken < sa.bindparam("its_generation"),
    )
    .values(taken=sa.bindparam("its_generation"))
)


class Agenda:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        insert = database.insert(agenda)
        asked, wanted = agenda.c, insert.excluded
        pending = asked.generation > asked.taken
        pending_earlier = pending & (asked.due_at < wanted.due_at)
        self._add = insert.on_conflict_do_update(
            index_elements=[column.name for column in agenda.primary_key],
            set_={
                "generation": asked.generation + 1,
                "due_at": sa.case((pending_earlier, asked.due_at), else_=wanted.due_at),
                "reason": sa.case((pending & (wanted.reason == CADENCE), asked.reason), else_=wanted.reason),
            },
        )

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
            "generation": int(seconds_between(COUNTING_SINCE, self._clock.now())),
            "taken": 0,
            "due_at": due_at,
            "reason": reason,
        }
        await transaction.execute(self._add, row)

    async def due(self, limit: int, *, besides: Sequence[str] = ()) -> list[DueLook]:
        """The looks whose time has come, oldest first, but for those asked for by a reason in `besides`."""
        asked = {"moment": self._clock.now(), "most": limit, "besides": besides}
        async with self._database.reading() as connection:
            rows = (await connection.execute(DUE, asked)).all()
        return [DueLook(row.connection, row.flow, row.key, row.generation, row.due_at) for row in rows]

    async def taken(self, items: Sequence[AgendaItem]) -> None:
        """Notes that the engine holds these looks."""
        rows = [
            {
                "its_connection": item.connection,
                "its_flow": item.flow,
                "its_key": item.key,
                "its_generation": item.generation,
            }
            for item in items
        ]
        if rows:
            async with self._database.transaction() as transaction:
                await transaction.execute(TAKEN, rows)

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
