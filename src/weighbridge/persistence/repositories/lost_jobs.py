"""Stalls: objects that should move by themselves and that no look is asked for any more.

A look leaves the agenda when the engine takes it. Should the engine lose it (its tables restored from an older copy, a
run given up), nobody would come back to the object; hooks are over, and sweeps only see what changed lately.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import AgendaItem
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import agenda

MOVING = (State.NEW, State.WAITING)
FOR_PEOPLE = (State.HELD, State.REJECTED)
HEARD_OF = timedelta(days=7)
"""How long ago a look may have been due whose object left no trace at all."""


class Stalls:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, connection: str, flow: str, quiet_since: datetime, limit: int = 200) -> list[AgendaItem]:
        """Transfers of `flow` that should move and where nothing happened or was due after `quiet_since`.

        Each with the last look that the engine took; generation 0 where there was none.
        """
        joined = transfers.outerjoin(
            agenda,
            (agenda.c.connection == transfers.c.connection)
            & (agenda.c.flow == transfers.c.flow)
            & (agenda.c.key == transfers.c.key),
        )
        idle = agenda.c.key.is_(None) | ((agenda.c.generation == agenda.c.taken) & (agenda.c.due_at < quiet_since))
        overdue = transfers.c.next_try_at < quiet_since
        moving = transfers.c.state.in_(MOVING) & (transfers.c.updated_at < quiet_since)
        query = (
            sa.select(transfers.c.connection, transfers.c.flow, transfers.c.key, agenda.c.taken)
            .select_from(joined)
            .where(transfers.c.connection == connection, transfers.c.flow == flow, idle)
            .where((moving & transfers.c.next_try_at.is_(None)) | (overdue & transfers.c.state.not_in(FOR_PEOPLE)))
            .order_by(transfers.c.updated_at)
            .limit(limit)
        )
        return await self._items(query)

    async def without_trace(
        self, connection: str, flow: str, quiet_since: datetime, limit: int = 200
    ) -> list[AgendaItem]:
        """Looks of `flow` that the engine took before `quiet_since` and whose object never became a transfer."""
        same = (
            (transfers.c.connection == agenda.c.connection)
            & (transfers.c.flow == agenda.c.flow)
            & (transfers.c.key == agenda.c.key)
        )
        query = (
            sa.select(agenda.c.connection, agenda.c.flow, agenda.c.key, agenda.c.taken)
            .select_from(agenda.outerjoin(transfers, same))
            .where(agenda.c.connection == connection, agenda.c.flow == flow, transfers.c.id.is_(None))
            .where(agenda.c.due_at.between(quiet_since - HEARD_OF, quiet_since), agenda.c.generation == agenda.c.taken)
            .order_by(agenda.c.due_at)
            .limit(limit)
        )
        return await self._items(query)

    async def _items(self, query: sa.Select[tuple[str, str, str, int]]) -> list[AgendaItem]:
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return [AgendaItem(row.connection, row.flow, row.key, row.taken or 0) for row in rows]
