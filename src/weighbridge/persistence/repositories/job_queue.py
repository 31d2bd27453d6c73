"""The agenda: which object of which flow must be looked at (again), and when.

Hooks, sweeps, retries and people all write here; many reasons collapse into one look. Each reason raises the item's
generation. A worker takes a look, begins it in the durable engine under `flow:connection:key:generation`, and notes its
end here. Looks at one key never overlap: while one is under way, the next cannot be taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock, seconds_between
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.work import agenda

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
        agenda.c.under_way == 0,
        agenda.c.reason.not_in(sa.bindparam("besides", expanding=True)),
    )
    .order_by(agenda.c.due_at)
    .limit(sa.bindparam("most"))
)
GENERATION: sa.BindParameter[int] = sa.bindparam("its_generation", type_=sa.Integer)
ITS_ROW = sa.and_(
    agenda.c.connection == sa.bindparam("its_connection"),
    agenda.c.flow == sa.bindparam("its_flow"),
    agenda.c.key == sa.bindparam("its_key"),
)
TAKE = (
    sa.update(agenda)
    .where(ITS_ROW, agenda.c.taken < GENERATION, agenda.c.under_way == 0)
    .values(taken=GENERATION, under_way=GENERATION, worker=sa.bindparam("its_worker"))
)
IS_ITS_TURN = sa.and_(ITS_ROW, agenda.c.under_way == GENERATION)
ITS_WORKER: sa.BindParameter[str] = sa.bindparam("its_worker", type_=sa.String)
BEGIN = sa.update(agenda).where(IS_ITS_TURN).values(worker=ITS_WORKER)
END = sa.update(agenda).where(IS_ITS_TURN).values(under_way=0)
GIVE_BACK = (
    sa.update(agenda)
    .where(IS_ITS_TURN, agenda.c.worker == ITS_WORKER)
    .values(under_way=0, generation=agenda.c.generation + 1)
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
        """The looks that can be taken now, longest due first, but for those asked for by a reason in `besides`."""
        asked = {"moment": self._clock.now(), "most": limit, "besides": besides}
        async with self._database.reading() as connection:
            rows = (await connection.execute(DUE, asked)).all()
        return [DueLook(row.connection, row.flow, row.key, row.generation, row.due_at) for row in rows]

    async def take(self, items: Sequence[AgendaItem], worker: str) -> list[AgendaItem]:
        """Takes these looks for `worker`; answers those that no other worker took meanwhile."""
        taken: list[AgendaItem] = []
        async with self._database.transaction() as transaction:
            for item in items:
                done = await transaction.execute(TAKE, _row(item) | {"its_worker": worker})
                taken += [item] if done.rowcount else []
        return taken

    async def begun(self, item: AgendaItem, worker: str) -> bool:
        """Notes that `worker` is in a look that was taken; False when that look is not the one under way."""
        return bool(await self._database.execute(BEGIN, _row(item) | {"its_worker": worker}))

    async def ended(self, item: AgendaItem) -> None:
        """Notes the end of a look: from now on the next look at the same key can be taken. Twice is harmless."""
        await self._database.execute(END, _row(item))

    async def give_back(self, item: AgendaItem, worker: str) -> None:
        """Puts back a look that `worker` took, as one more look: a run of this one that begins late finds that it is
        not its turn any more."""
        await self._database.execute(GIVE_BACK, _row(item) | {"its_worker": worker})

    async def under_way(self, worker: str) -> list[AgendaItem]:
        """The looks that `worker` took and whose end is not noted."""
        query = sa.select(agenda.c.connection, agenda.c.flow, agenda.c.key, agenda.c.under_way).where(
            agenda.c.under_way > 0, agenda.c.worker == worker
        )
        async with self._database.reading() as reading:
            return [AgendaItem(*row) for row in (await reading.execute(query)).all()]

    async def holders(self) -> frozenset[str]:
        """The workers that have looks under way."""
        query = sa.select(agenda.c.worker).where(agenda.c.under_way > 0).distinct()
        async with self._database.reading() as reading:
            return frozenset((await reading.execute(query)).scalars())

    async def any_under_way(self) -> bool:
        """Whether any worker has a look under way."""
        query = sa.select(agenda.c.key).where(agenda.c.under_way > 0).limit(1)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).first() is not None

    async def take_over(self, dead_workers: Collection[str], worker: str) -> None:
        """Gives `worker` the looks that dead workers took and did not end."""
        theirs = (agenda.c.under_way > 0) & agenda.c.worker.in_(sorted(dead_workers))
        await self._database.execute(sa.update(agenda).where(theirs).values(worker=worker))

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
        """How many looks of a flow are asked for and not yet taken, due or not."""
        query = sa.select(sa.func.count()).where(
            agenda.c.connection == connection, agenda.c.flow == flow, agenda.c.generation > agenda.c.taken
        )
        async with self._database.reading() as reading:
            return int((await reading.execute(query)).scalar_one())


def _row(item: AgendaItem) -> dict[str, object]:
    return {
        "its_connection": item.connection,
        "its_flow": item.flow,
        "its_key": item.key,
        "its_generation": item.generation,
    }
