"""Five thousand open exceptions among very many transfers: every list of the desk is read along an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.persistence.conftest import Desk, Desks
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.record_queries import CaseFile

OPEN, CLOSED = 5_000, 60_000
TRANSFERS = 200_000
KINDS = "ARRAY['sku_unknown','tax_unmapped','refused_by_cin7','address_incomplete','backordered']"
FILL = (
    f"""INSERT INTO transfer (id, connection, flow, key, state, reason_kind, reason, owner, findings, content, amount,
        currency, created_at, updated_at)
        SELECT 't' || n, 'c' || n %% 3, 'orders', n::text, CASE WHEN n <= 10000 THEN 'held' ELSE 'posted' END,
        '', '', '', '[]', 'null', '12.50', 'USD', n, n FROM generate_series(1, {TRANSFERS}) n""",
    f"""INSERT INTO exception (id, connection, kind, cause, title, field, value, expected, owner, rank, state,
        objects_open, objects_ever, money, times_opened, opened_at, last_seen_at, deadline_at)
        SELECT n, 'c' || n %% 3, ({KINDS})[1 + n %% 5], 'cause ' || n, 'SKU S-' || n || ' is not in Cin7',
        'f', 'v', 'e', (ARRAY['finance','operations','ecommerce'])[1 + n %% 3], n %% 4,
        CASE WHEN n <= {OPEN} THEN 'open' ELSE 'closed' END, 2, 2, '{{}}', 1, n, n, n
        FROM generate_series(1, {OPEN + CLOSED}) n""",
    """INSERT INTO exception_object (exception_id, cause_id, transfer_id, flow, key, field, value, expected, severity,
        amount, currency, opened_at, closed_at, times_opened, accepted)
        SELECT 1 + n %% 65000, 1 + n %% 65000, 't' || 1 + n, 'orders', (1 + n)::text, 'f', 'v', 'e', 'hold', '12.50',
        'USD', n, CASE WHEN n %% 65000 < 5000 THEN NULL ELSE n END, 1, false FROM generate_series(1, 190000) n""",
    """INSERT INTO exception_tag SELECT n, 'spring' FROM generate_series(1, 65000, 500) n""",
    "ANALYZE",
)
LARGE = {"transfer", "exception", "exception_object"}
LISTS: dict[str, Wanted] = {
    "all": Wanted(),
    "of a connection": Wanted(connection="c1"),
    "of an owner": Wanted(owner=Owner.FINANCE),
    "of a person": Wanted(assignee="Ines"),
    "of a kind": Wanted(kinds=(FindingKind.TAX_UNMAPPED,)),
    "urgent": Wanted(at_least=Urgency.HIGH),
    "late": Wanted(late=True),
    "tagged": Wanted(tag="spring"),
    "by words": Wanted(words="S-47"),
    "closed": Wanted(state="closed"),
}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.mark.slow
@pytest.mark.parametrize("at_desk", ["postgresql"], indirect=True)
def test_lists_among_very_many_are_read_along_an_index(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        async with desk.database.transaction() as transaction:
            for statement in FILL:
                await transaction.exec_driver_sql(statement)
        asked: list[tuple[str, Any]] = []

        def listen(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        file = CaseFile(desk.database, desk.clock)
        sa.event.listen(desk.database.engine.sync_engine, "before_cursor_execute", listen)
        for wanted in LISTS.values():
            page = await file.page(wanted)
            if page.after is not None:
                await file.page(wanted, after=page.after)
        await file.objects(7)
        await file.history(7)
        await file.of_transfer("t70")
        sa.event.remove(desk.database.engine.sync_engine, "before_cursor_execute", listen)
        assert len(asked) > 2 * len(LISTS)
        async with desk.database.reading() as reading:
            for statement, parameters in asked:
                found = await reading.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                whole = [
                    node["Relation Name"]
                    for node in nodes(found.scalar_one()[0]["Plan"])
                    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
                ]
                assert whole == [], statement

    at_desk(work)
