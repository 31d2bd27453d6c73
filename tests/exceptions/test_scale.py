"""Five thousand open exceptions among many transfers: every list is read by an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.record_queries import ExceptionQueries

OPEN, CLOSED = 5_000, 60_000
TRANSFERS = 200_000
ID = "lpad(n::text, 32, '0')::uuid"
KINDS = "ARRAY['sku_unknown','tax_unmapped','refused_by_cin7','address_incomplete','backordered']"
FILL = (
    f"""INSERT INTO transfer (id, connection, flow, key, state, reason_kind, reason, owner, findings, content, amount,
        currency, created_at, updated_at)
        SELECT {ID}, 'c' || n %% 3, 'orders', n::text,
        CASE WHEN n <= 10000 THEN 'held' ELSE 'posted' END, '', '', '', '[]', '', '12.50', 'USD', n, n
        FROM generate_series(1, {TRANSFERS}) n""",
    f"""INSERT INTO exception (id, connection, kind, cause, title, field, value, expected, owner, rank, state,
        objects_open, objects_ever, money, times_opened, opened_at, last_seen_at, deadline_at)
        SELECT n, 'c' || n %% 3, ({KINDS})[1 + n %% 5], 'cause ' || n, 'SKU S-' || n || ' is not in Cin7',
        'f', 'v', 'e', (ARRAY['finance','operations','ecommerce'])[1 + n %% 3], n %% 4,
        CASE WHEN n <= {OPEN} THEN 'open' ELSE 'closed' END, 2, 2, '{{}}', 1, n, n, n
        FROM generate_series(1, {OPEN + CLOSED}) n""",
    """INSERT INTO exception_object (exception_id, cause_id, transfer_id, flow, key, field, value, expected, severity,
        amount, currency, opened_at, closed_at, times_opened, accepted)
        SELECT 1 + n %% 65000, 1 + n %% 65000, lpad((1 + n)::text, 32, '0')::uuid, 'orders', (1 + n)::text,
        'f', 'v', 'e', 'hold', '12.50', 'USD', n, CASE WHEN n %% 65000 < 5000 THEN NULL ELSE n END, 1, false
        FROM generate_series(1, 190000) n""",
    """INSERT INTO exception_tag SELECT n, 'spring' FROM generate_series(1, 65000, 500) n""",
    "ANALYZE",
)
LARGE = {"transfer", "exception", "exception_object"}
LISTS: dict[str, ExceptionFilter] = {
    "all": ExceptionFilter(),
    "of a connection": ExceptionFilter(connection="c1"),
    "of an owner": ExceptionFilter(owner=Owner.FINANCE),
    "of a user": ExceptionFilter(assignee="Ines"),
    "of a kind": ExceptionFilter(kinds=(FindingKind.TAX_UNMAPPED,)),
    "urgent": ExceptionFilter(at_least=Urgency.HIGH),
    "late": ExceptionFilter(late=True),
    "tagged": ExceptionFilter(tag="spring"),
    "by text": ExceptionFilter(text="S-47"),
    "closed": ExceptionFilter(state="closed"),
}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.mark.slow
@pytest.mark.parametrize("on_both_databases", ["postgresql"], indirect=True)
def test_large_lists_are_read_by_an_index(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        async with harness.database.transaction() as transaction:
            for statement in FILL:
                await transaction.exec_driver_sql(statement)
        statements: list[tuple[str, Any]] = []

        def listen(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            statements.append((statement, parameters))

        queries = ExceptionQueries(harness.database, harness.clock)
        sa.event.listen(harness.database.engine.sync_engine, "before_cursor_execute", listen)
        for exception_filter in LISTS.values():
            page = await queries.page(exception_filter)
            if page.after is not None:
                await queries.page(exception_filter, after=page.after)
        await queries.objects(7)
        await queries.history(7)
        await queries.of_transfer(f"{70:032}")
        sa.event.remove(harness.database.engine.sync_engine, "before_cursor_execute", listen)
        assert len(statements) > 2 * len(LISTS)
        async with harness.database.reading() as reading:
            for statement, parameters in statements:
                explained = await reading.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                scanned = [
                    node["Relation Name"]
                    for node in nodes(explained.scalar_one()[0]["Plan"])
                    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
                ]
                assert scanned == [], statement

    on_both_databases(work)
