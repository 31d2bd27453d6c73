"""Storage: rows, bytes and age of each kind of record, how long it is kept, and what is due for removal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.app.context import AppContext
from weighbridge.domain.retention import RecordKind
from weighbridge.flows.retention.flow import cutoff_of
from weighbridge.persistence.repositories.retention_rules import Condition
from weighbridge.persistence.tables.access import audit
from weighbridge.persistence.tables.alerts import alerts
from weighbridge.persistence.tables.exceptions import exceptions
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.tables.stock import stock_decreases
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts, webhook_inbox
from weighbridge.persistence.types import metadata

CACHED_SECONDS = 60
"""The tables are counted in full."""
SQLITE_SIZES = """
SELECT coalesce(m.tbl_name, s.name) AS name, sum(s.pgsize) AS bytes
FROM dbstat AS s LEFT JOIN sqlite_schema AS m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1
"""
"""Bytes of every table with its indexes. Source: sqlite.org/dbstat.html."""
POSTGRESQL_SIZES = """
SELECT relname AS name, pg_total_relation_size(c.oid) AS bytes FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = current_schema()
"""


@dataclass(frozen=True, slots=True)
class StoredKind:
    """One kind of record."""

    name: str
    label: str
    rows: int | None
    """None where rows of many tables are counted together."""
    bytes: int | None
    """With indexes; None where the database does not tell."""
    oldest: datetime | None
    kept_days: int | None
    """None: kept for good."""
    removable: int
    """Records that the next runs of the retention will remove."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything that is stored."""

    kinds: tuple[StoredKind, ...]
    total_bytes: int
    """Of the whole database."""
    free_bytes: int | None
    """Part of it that waits for new records; None on PostgreSQL, which does not tell."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Tables that are shown together."""

    name: str
    label: str
    table: sa.Table
    at: sa.Column[datetime]
    others: tuple[str, ...] = ()
    """Names of further tables, whose bytes count too."""
    where: Condition | None = None


_CALLS = http_exchanges.c
_GROUPS = (
    _Group("http_bodies", "Bodies of calls", http_exchanges, _CALLS.started_at, where=_CALLS.response.is_not(None)),
    _Group("http_calls", "Calls", http_exchanges, _CALLS.started_at, ("api_address",)),
    _Group("webhooks", "Webhooks", webhook_inbox, webhook_inbox.c.received_at),
    _Group("attempts", "Attempts", attempts, attempts.c.started_at),
    _Group("alerts", "Alerts", alerts, alerts.c.claimed_at),
    _Group("stock_decreases", "Stock decreases", stock_decreases, stock_decreases.c.at),
    _Group(
        "transfers",
        "Orders, refunds and parcels",
        transfers,
        transfers.c.created_at,
        ("intent", "search_index", "reservation", "correction", "release"),
    ),
    _Group(
        "exceptions",
        "Exceptions and their history",
        exceptions,
        exceptions.c.opened_at,
        ("exception_object", "exception_event", "exception_tag", "playbook_run"),
    ),
    _Group("audit", "Audit log", audit, audit.c.at),
)


async def storage_of(app: AppContext) -> Storage:
    """What is stored, at most a minute ago."""
    return await app.cache.get_or_compute("storage", CACHED_SECONDS, lambda: _measure(app))


async def _measure(app: AppContext) -> Storage:
    async with app.database.reading() as reading:
        sizes = await _sizes(reading, app.database.is_sqlite)
        total, free = await _database_size(reading, app.database.is_sqlite)
        body_bytes = await _body_bytes(reading)
        kinds = [await _stored_kind(app, reading, group, sizes, body_bytes) for group in _GROUPS]
    grouped = {name for group in _GROUPS for name in (group.table.name, *group.others)}
    others = sum(sizes.get(name, 0) for name in metadata.tables if name not in grouped) if sizes else None
    kinds.append(StoredKind("other", "Stock levels, catalogue, jobs, users and the rest", None, others, None, None, 0))
    return Storage(tuple(kinds), total, free)


async def _stored_kind(
    app: AppContext, reading: AsyncConnection, group: _Group, sizes: Mapping[str, int], body_bytes: int
) -> StoredKind:
    oldest = sa.func.min(group.at, type_=group.at.type)
    query = sa.select(sa.func.count(), oldest).select_from(group.table)
    rows, since = (await reading.execute(query if group.where is None else query.where(group.where))).one()
    size = sum(sizes.get(name, 0) for name in (group.table.name, *group.others)) if sizes else None
    if group.name == RecordKind.HTTP_BODIES:
        size = body_bytes
    elif group.name == RecordKind.HTTP_CALLS and size is not None:
        size -= body_bytes
    if group.name not in set(RecordKind):
        return StoredKind(group.name, group.label, rows, size, since, None, 0)
    kind, policy = RecordKind(group.name), app.installation.retention.policy
    removable = 0
    for name, connection in app.connections.items():
        cutoff = cutoff_of(policy, connection, kind, app.clock.now())
        if cutoff is not None:
            removable += await app.repositories.retention.count_removable(kind, name, cutoff)
    return StoredKind(group.name, group.label, rows, size, since, policy.days[kind] or None, removable)


async def _body_bytes(reading: AsyncConnection) -> int:
    sizes = sa.func.length(_CALLS.request) + sa.func.length(_CALLS.response)
    return int((await reading.execute(sa.select(sa.func.coalesce(sa.func.sum(sizes), 0)))).scalar_one())


async def _sizes(reading: AsyncConnection, is_sqlite: bool) -> dict[str, int]:
    """Bytes of every table with its indexes; empty on a SQLite that was built without dbstat."""
    if is_sqlite:
        options = (await reading.exec_driver_sql("PRAGMA compile_options")).scalars()
        if "ENABLE_DBSTAT_VTAB" not in set(options):
            return {}
    rows = (await reading.execute(sa.text(SQLITE_SIZES if is_sqlite else POSTGRESQL_SIZES))).all()
    return {row.name: int(row.bytes) for row in rows}


async def _database_size(reading: AsyncConnection, is_sqlite: bool) -> tuple[int, int | None]:
    """Bytes of the whole database, and those of them that are free."""
    if not is_sqlite:
        size = await reading.execute(sa.text("SELECT pg_database_size(current_database())"))
        return int(size.scalar_one()), None
    page_size, pages, free = [
        int((await reading.exec_driver_sql(f"PRAGMA {name}")).scalar_one())
        for name in ("page_size", "page_count", "freelist_count")
    ]
    return page_size * pages, page_size * free
