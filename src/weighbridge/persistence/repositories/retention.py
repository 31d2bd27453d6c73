"""Retention: removes old records in short transactions, so that no other writer waits long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.retention import RecordKind
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.http_log import DICTIONARIES, EXCHANGES, is_call_of
from weighbridge.persistence.repositories.reference_data import ReferenceCache
from weighbridge.persistence.repositories.retention_rules import call_is_kept, records_of
from weighbridge.persistence.repositories.stored_responses import read_responses
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.types import compress

ROWS_PER_TRANSACTION = 200
MOST_PER_RUN = 20_000
"""Rows of one kind that one run removes; the next run continues. Keeps a run far below the lease of its transfer."""
BODIES = "retention_bodies"
"""The cache entry that says up to when bodies were removed, and of which transfers they were kept until then."""


class Retention:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._reference_cache = ReferenceCache(database, clock)

    async def count_removable(self, kind: RecordKind, connection: str, cutoff: datetime) -> int:
        """How many records the next runs would remove."""
        records = records_of(kind, connection)
        query = sa.select(sa.func.count()).select_from(records.table).where(records.removable(cutoff))
        async with self._database.reading() as reading:
            return int((await reading.execute(query)).scalar_one())

    async def remove(self, kind: RecordKind, connection: str, cutoff: datetime) -> int:
        """Removes records of `kind` from before `cutoff`, the oldest first, 20,000 at most; returns how many."""
        if kind is RecordKind.HTTP_BODIES:
            return await self._remove_bodies(connection, cutoff)
        records = records_of(kind, connection)
        key = sa.tuple_(*records.table.primary_key.columns)
        oldest = sa.select(*records.table.primary_key.columns).where(records.removable(cutoff))
        oldest = oldest.order_by(records.at).limit(ROWS_PER_TRANSACTION)
        # The condition stands twice: a job may be enqueued again between the choice of rows and their removal.
        statement = sa.delete(records.table).where(key.in_(oldest), records.removable(cutoff))
        removed = 0
        while removed < MOST_PER_RUN:
            deleted = await self._database.execute(statement)
            removed += deleted
            if deleted < ROWS_PER_TRANSACTION:
                break
        return removed

    async def _remove_bodies(self, connection: str, cutoff: datetime) -> int:
        """Removes the bodies of calls. What lies before `since` was decided by earlier runs and is not read again,
        except for the transfers whose bodies were kept then."""
        since, kept_owners = await self._progress(connection)
        calls = http_exchanges.c
        has_bodies = calls.response.is_not(None) & (calls.started_at < cutoff)
        in_range = is_call_of([connection]) & has_bodies
        if since is not None:
            in_range &= calls.started_at >= since
        await self._store_kept_whole(in_range & call_is_kept())
        removed = await self._remove_bodies_where(in_range & ~call_is_kept())
        if removed >= MOST_PER_RUN:
            return removed
        kept_before = calls.transfer_id.in_(kept_owners) & has_bodies
        removed += await self._remove_bodies_where(kept_before & ~call_is_kept())
        still_kept = [await self._transfers_where(which & call_is_kept()) for which in (in_range, kept_before)]
        entry = {"until": cutoff.isoformat(), "kept": sorted(set().union(*still_kept))}
        await self._reference_cache.store(connection, BODIES, entry)
        return removed

    async def _progress(self, connection: str) -> tuple[datetime | None, list[str]]:
        cached = await self._reference_cache.read(connection, BODIES)
        return (datetime.fromisoformat(cached[0]["until"]), cached[0]["kept"]) if cached else (None, [])

    async def _remove_bodies_where(self, condition: sa.ColumnElement[bool]) -> int:
        oldest = sa.select(http_exchanges.c.id).where(condition).order_by(http_exchanges.c.started_at)
        removed = 0
        while removed < MOST_PER_RUN:
            async with self._database.transaction() as transaction:
                ids = list((await transaction.execute(oldest.limit(ROWS_PER_TRANSACTION))).scalars())
                if ids:
                    await transaction.execute(self._without_bodies(ids))
            removed += len(ids)
            if len(ids) < ROWS_PER_TRANSACTION:
                break
        return removed

    def _without_bodies(self, ids: Sequence[str]) -> sa.Executable:
        """Empties the bodies of these calls.

        SQLite writes a changed row into the same page and would leave it half empty for years. A replaced row is
        written behind the newest one, and the pages of the old ones are free for other rows.
        """
        chosen, empty = http_exchanges.c.id.in_(ids), {"request", "response", "previous_id"}
        if not self._database.is_sqlite:
            return sa.update(http_exchanges).where(chosen).values(dict.fromkeys(empty))
        columns = [sa.null() if column.name in empty else column for column in http_exchanges.columns]
        replace = sa.insert(http_exchanges).prefix_with("OR REPLACE")
        return replace.from_select(http_exchanges.columns.keys(), sa.select(*columns).where(chosen))

    async def _store_kept_whole(self, condition: sa.ColumnElement[bool]) -> None:
        """Stores the responses that are kept whole, so that they outlast the others of their chain."""
        query = EXCHANGES.where(condition, http_exchanges.c.previous_id.is_not(None)).limit(ROWS_PER_TRANSACTION)
        while True:
            async with self._database.transaction() as transaction:
                rows = (await transaction.execute(query)).all()
                responses = await read_responses(transaction, rows)
                for row in rows:
                    await transaction.execute(_stored_whole(row, responses.get(row.id)))
            if len(rows) < ROWS_PER_TRANSACTION:
                return

    async def _transfers_where(self, condition: sa.ColumnElement[bool]) -> set[str]:
        query = sa.select(http_exchanges.c.transfer_id).where(condition).distinct()
        async with self._database.reading() as reading:
            return set((await reading.execute(query)).scalars()) - {None}


def _stored_whole(row: sa.Row[Any], response: bytes | None) -> sa.Executable:
    """Stores a response whole; it is removed when those before it are missing."""
    whole = None if response is None else compress(response, DICTIONARIES[row.platform])
    change = sa.update(http_exchanges).where(http_exchanges.c.id == row.id)
    return change.values(response=whole, previous_id=None)
