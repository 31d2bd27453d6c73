"""How soon does each page answer in a large installation? A PostgreSQL database is filled, the console served over real
HTTP, and each page and list asked as a signed-in user. Every SELECT it took is explained afterwards.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
import uvicorn
import uvloop

from benchmarks.ground import SECRETS
from benchmarks.plans import Plan
from weighbridge.access.roles import Role
from weighbridge.app.context import Office
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.persistence.database import Database
from weighbridge.web.console.app import console_app

OPEN, CLOSED, OBJECTS_OF_ONE = 5_000, 60_000, 3
ASKED = 40
NAME, PASSWORD = "ada", "a password for a benchmark"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
LARGE = frozenset({"transfer", "exception_object", "exchange", "attempt", "intent", "transfer_found_by"})
"""Tables that grow with every order. Exceptions are counted by their filters, and stock is summed over all SKUs."""
KINDS = "ARRAY['sku_unknown','tax_unmapped','refused_by_cin7','address_incomplete','dispatch_late']"
HOUR = 3_600_000_000
TERMS = '{"by_location": {"Main": "9"}, "lent": "0", "buffer_kind": "none", "sellable": true, "parts": null}'
FILL = (
    """INSERT INTO transfer (id, connection, flow, key, state, reason_kind, reason, owner, findings, content, amount,
        currency, target_id, target_number, created_at, updated_at, posted_at)
        SELECT 't' || n, 'main',
        CASE WHEN n %% 3 = 0 THEN 'fulfilment' WHEN n %% 30 = 1 THEN 'refunds' ELSE 'orders' END,
        CASE WHEN n %% 30 = 1 THEN n - 1 || ':1' ELSE n::text END,
        CASE WHEN n <= {held} THEN 'held' ELSE 'posted' END, CASE WHEN n <= {held} THEN 'sku_unknown' ELSE '' END,
        '', '', '[]', 'null', '12.50', 'USD', 's' || n, 'SO-' || n, {now} - n * 30000000::bigint,
        {now} - n * 30000000::bigint, CASE WHEN n <= {held} THEN NULL ELSE {now} - n * 30000000::bigint END
        FROM generate_series(1, {transfers}) n""",
    """INSERT INTO attempt (id, transfer_id, step, run, started_at, ended_at, outcome, note)
        SELECT 'a' || n, 't' || n, 'post', 'r', {now} - n * 30000000::bigint, {now} - n * 30000000::bigint, 'done', ''
        FROM generate_series(1, {transfers}) n""",
    """INSERT INTO intent (key, transfer_id, kind, request, created_at, sent_at, sends, answered_at, answer, outcome)
        SELECT 'main:' || n, 't' || n, CASE WHEN n %% 30 = 1 THEN 'credit_note' ELSE 'order' END, '{{}}',
        {now} - n * 30000000::bigint, {now} - n * 30000000::bigint, 1, {now} - n * 30000000::bigint,
        '{{"total": "12.50"}}', 'answered' FROM generate_series(1, {transfers}) n""",
    """INSERT INTO exchange (id, transfer_id, attempt_id, connection, platform, method, url, request, status, response,
        started_at, duration_ms, outcome)
        SELECT 'x' || n, 't' || n, 'a' || n, 'main', CASE WHEN n %% 2 = 0 THEN 'cin7' ELSE 'bigcommerce' END, 'GET',
        'https://example.com/sale', {empty}, 200, {empty}, {now} - n * 30000000::bigint, 100, 'answered'
        FROM generate_series(1, {transfers}) n""",
    """INSERT INTO exception (id, connection, kind, cause, title, field, value, expected, owner, rank, state,
        objects_open, objects_ever, money, times_opened, opened_at, last_seen_at, deadline_at)
        SELECT n, 'main', ({kinds})[1 + n %% 5], 'cause ' || n, 'SKU S-' || n || ' is not in Cin7',
        'f', 'v', 'e', (ARRAY['finance','operations','ecommerce'])[1 + n %% 3], n %% 4,
        CASE WHEN n <= {open} THEN 'open' ELSE 'closed' END, {each}, {each}, '{{"USD": "37.50"}}', 1, {now}, {now},
        {now} + (n %% 100 - 50) * {hour}::bigint FROM generate_series(1, {open} + {closed}) n""",
    """INSERT INTO exception_object (exception_id, cause_id, transfer_id, flow, key, field, value, expected, severity,
        amount, currency, opened_at, closed_at, times_opened, accepted)
        SELECT 1 + n %% ({open} + {closed}), 1 + n %% ({open} + {closed}), 't' || 1 + n %% {transfers}, 'orders',
        (1 + n %% {transfers})::text, 'f', 'v', 'e', 'hold', '12.50', 'USD', {now},
        CASE WHEN n %% ({open} + {closed}) < {open} THEN NULL ELSE {now} END, 1, false
        FROM generate_series(0, {objects} - 1) n ON CONFLICT DO NOTHING""",
    """INSERT INTO transfer_found_by (digest, transfer_id)
        SELECT md5(n::text), 't' || n FROM generate_series(1, {transfers}) n""",
    """INSERT INTO stock_level (connection, sku, shop_location, available, in_flight, buffer, ats, terms, shown, told,
        scanned_at, read_at, pushed_at)
        SELECT 'main', 'S-' || n, 1, '9', '0', '0', 9, '{terms}', 9, 9, {now}, {now}, {now}
        FROM generate_series(1, 24000) n""",
    """INSERT INTO shop_item (connection, sku, product_id, variant_id, tracking, on_sale, price, seen_at)
        SELECT 'main', 'S-' || n, n, NULL, 'product', true, '12.50', {now} FROM generate_series(1, 24000) n""",
    """INSERT INTO agenda (connection, flow, key, generation, taken, due_at, reason)
        SELECT 'main', 'orders', n::text, 1, 1, {now}, 'sweep' FROM generate_series(1, {transfers}) n""",
    "ANALYZE",
)
PAGES = {
    "Today": "/",
    "Exceptions": "/exceptions",
    "Exceptions, second page": "/exceptions?page=2",
    "Exceptions, page 50": "/exceptions?page=50",
    "Exceptions of finance": "/exceptions?owner=finance",
    "Exceptions by money": "/exceptions?sort=money",
    "Exceptions by deadline": "/exceptions?sort=deadline",
    "Exceptions past their deadline": "/exceptions?late=true",
    "Exceptions by words": "/exceptions?q=S-47",
    "Exceptions that are closed": "/exceptions?state=closed",
    "An exception": "/exceptions/47",
    "Orders": "/orders",
    "Orders that are held": "/orders?state=held",
    "An order": "/orders/main/50000",
    "A refund": "/refunds/main/50010/1",
    "Stock": "/stock",
    "A SKU": "/stock/main/S-47",
    "Flows": "/flows",
    "Design": "/design",
    "Design, a change tried": "/design?setting=skus&key=S-47&value=S-48",
    "Reconciliation": "/reconciliation",
    "Settings": "/settings",
    "Audit": "/audit",
    "Search of an order": "/search?q=50000",
    "Search of a sale": "/search?q=SO-50000",
    "Search of an address": "/search?q=nobody@example.com",
    "Search of a SKU": "/search?q=S-47",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """How a page answered; times in milliseconds."""

    page: str
    address: str
    status: int
    p50: float
    p95: float
    statements: int
    whole_tables: tuple[str, ...]
    """Large tables that one of its statements reads from end to end."""


def measure(url: str, transfers: int) -> tuple[list[Answered], list[Plan]]:
    """Fills the empty database at `url` and asks every page; also the plans of all their SELECTs."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder:
        return _measure(url, transfers, Path(folder))


def _measure(url: str, transfers: int, folder: Path) -> tuple[list[Answered], list[Plan]]:
    asked: list[tuple[str, Any]] = []
    with _served(url, transfers, folder, asked) as (address, loop, database):
        client = httpx2.Client(base_url=address, timeout=60.0)
        found = CSRF.search(client.get("/sign-in").text)
        assert found is not None
        signed = client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "csrf": found[1]})
        assert signed.status_code == 303, signed.text
        answers, plans = [], []
        for page, path in PAGES.items():
            asked.clear()
            status = client.get(path).status_code
            statements = list(asked)
            times = [_milliseconds(client, path) for _ in range(ASKED)]
            explained = [
                asyncio.run_coroutine_threadsafe(_explain(database, *one), loop).result(120) for one in statements
            ]
            whole = sorted({table for one in explained for table in one[1]})
            plans += [Plan(page, one[0], tuple(lines)) for one, (lines, _) in zip(statements, explained, strict=True)]
            cuts = statistics.quantiles(times, n=20)
            answers.append(
                Answered(page, path, status, round(cuts[9], 1), round(cuts[18], 1), len(statements), tuple(whole))
            )
        client.close()
        return answers, plans


def _milliseconds(client: httpx2.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _served(
    url: str, transfers: int, folder: Path, asked: list[tuple[str, Any]]
) -> Iterator[tuple[str, asyncio.AbstractEventLoop, Database]]:
    text = example_toml(
        Example(
            bigcommerce_api="https://api.bigcommerce.com",
            store_hash="abc123",
            cin7_api="https://inventory.dearsystems.com/ExternalApi/v2",
            secrets=SECRETS,
            database=url,
            clock="",
            port=8800,
            public_url="",
        )
    )
    installation = parse_installation(text).resolved(folder)
    ready, stop = threading.Event(), asyncio.Event()
    made: dict[str, Any] = {}

    async def serve() -> None:
        database = Database(url)
        await database.create_tables()
        await _fill(database, transfers)
        office = Office.of(installation, folder, dict.fromkeys(SECRETS.values(), "none"), database)
        await office.access.users.add(NAME, Role.ADMIN, PASSWORD, "benchmark")

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                asked.append((statement, parameters))

        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", listen)
        config = uvicorn.Config(
            console_app(office), port=0, log_level="warning", access_log=False, timeout_keep_alive=600
        )
        server, socket = uvicorn.Server(config), config.bind_socket()
        made.update(loop=asyncio.get_running_loop(), port=socket.getsockname()[1], database=database)
        serving = asyncio.create_task(server.serve([socket]))
        ready.set()
        await stop.wait()
        server.should_exit = True
        await serving
        await database.close()

    thread = threading.Thread(target=lambda: uvloop.run(serve()), daemon=True)
    thread.start()
    while not ready.wait(1):
        if not thread.is_alive():
            raise RuntimeError("the console did not start; its error stands above")
    try:
        yield f"http://127.0.0.1:{made['port']}", made["loop"], made["database"]
    finally:
        made["loop"].call_soon_threadsafe(stop.set)
        thread.join(30)


async def _fill(database: Database, transfers: int) -> None:
    now = int(REAL_CLOCK.now().timestamp() * 1_000_000)
    figures = {
        "now": f"{now}::bigint",
        "transfers": transfers,
        "held": min(10_000, transfers // 10),
        "kinds": KINDS,
        "empty": "decode('789c030000000001', 'hex')",
        "open": OPEN,
        "closed": CLOSED,
        "each": OBJECTS_OF_ONE,
        "objects": min(transfers, OBJECTS_OF_ONE * (OPEN + CLOSED)),
        "hour": HOUR,
        "terms": TERMS,
    }
    async with database.transaction() as transaction:
        for statement in FILL:
            await transaction.exec_driver_sql(statement.format(**figures))


async def _explain(database: Database, statement: str, parameters: Any) -> tuple[list[str], set[str]]:
    """The plan without times, which differ from run to run, and the large tables it reads from end to end."""
    async with database.reading() as reading:
        rows = await reading.exec_driver_sql(
            f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF) {statement}", parameters
        )
        lines = [row[0] for row in rows.all()]
    whole = {found[1] for line in lines if (found := re.search(r"Seq Scan on (\w+)", line))}
    return lines, whole & LARGE


def as_json(answers: list[Answered]) -> list[dict[str, Any]]:
    """The figures for machines."""
    return [asdict(one) for one in answers]


def table(answers: list[Answered]) -> str:
    """The figures for people."""
    rows = [f"{'Page':34}{'status':>7}{'p50 ms':>9}{'p95 ms':>9}{'SELECTs':>9}  reads whole"]
    rows += [
        f"{one.page:34}{one.status:>7}{one.p50:>9.1f}{one.p95:>9.1f}{one.statements:>9}  {', '.join(one.whole_tables)}"
        for one in answers
    ]
    return "\n".join(rows)
