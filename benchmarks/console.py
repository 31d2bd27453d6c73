"""Response times of the console's pages in a large installation.

A PostgreSQL database is filled, the console is served over HTTP, and every page and list is requested as a signed-in
user. Every SELECT of a page is explained afterwards.
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

from benchmarks.harness import SECRETS
from benchmarks.plans import Plan
from weighbridge.access.roles import Role
from weighbridge.app.context import AppContext
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.persistence.database import Database
from weighbridge.web.console.app import console_app

OPEN, CLOSED, OBJECTS_OF_ONE = 5_000, 60_000, 3
REQUESTS_PER_PAGE = 40
NAME, PASSWORD = "ada", "a password for a benchmark"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
LARGE = frozenset({"transfer", "exception_object", "http_exchange", "attempt", "intent", "search_index"})
"""Tables that grow with every order and that no page may scan. Exceptions are counted by their filters, and stock is
summed over all SKUs, so these tables may be scanned."""
KINDS = "ARRAY['sku_unknown','tax_unmapped','refused_by_cin7','address_incomplete','dispatch_late']"
HOUR = 3_600_000_000
TERMS = (
    '{"v": 1, "by_location": {"Main": "9"}, "lent": "0", "buffer_kind": "none", "sellable": true, "components": null}'
)
FILL = (
    """INSERT INTO transfer (id, connection, flow, key, state, reason_kind, reason, owner, findings, content, amount,
        currency, target_id, target_number, created_at, updated_at, posted_at)
        SELECT {id}, 'main',
        CASE WHEN n %% 3 = 0 THEN 'fulfilment' WHEN n %% 30 = 1 THEN 'refunds' ELSE 'orders' END,
        CASE WHEN n %% 30 = 1 THEN n - 1 || ':1' ELSE n::text END,
        CASE WHEN n <= {held} THEN 'held' ELSE 'posted' END, CASE WHEN n <= {held} THEN 'sku_unknown' ELSE '' END,
        '', '', '[]', '', '12.50', 'USD', 's' || n, 'SO-' || n, {now} - n * 30000000::bigint,
        {now} - n * 30000000::bigint, CASE WHEN n <= {held} THEN NULL ELSE {now} - n * 30000000::bigint END
        FROM generate_series(1, {transfers}) n""",
    """INSERT INTO attempt (id, transfer_id, step, run, started_at, finished_at, outcome, note)
        SELECT {id}, {id}, 'post', 'r', {now} - n * 30000000::bigint, {now} - n * 30000000::bigint, 'done', ''
        FROM generate_series(1, {transfers}) n""",
    """INSERT INTO intent (key, transfer_id, kind, request, created_at, sent_at, sends, answered_at, answer, outcome)
        SELECT 'main:' || n, {id}, CASE WHEN n %% 30 = 1 THEN 'credit_note' ELSE 'order' END, '',
        {now} - n * 30000000::bigint, {now} - n * 30000000::bigint, 1, {now} - n * 30000000::bigint,
        '{{"total": "12.50"}}', 'answered' FROM generate_series(1, {transfers}) n""",
    """INSERT INTO api_address (id, connection, platform, base)
        VALUES (1, 'main', 'cin7', 'https://example.com/'), (2, 'main', 'bigcommerce', 'https://example.com/')""",
    """INSERT INTO http_exchange (id, transfer_id, attempt_id, address_id, method, path, request, status,
        response, started_at, duration_ms, outcome)
        SELECT {id}, {id}, {id}, 1 + n %% 2, 'GET', 'sale', {empty}, 200, {empty},
        {now} - n * 30000000::bigint, 100, 'answered'
        FROM generate_series(1, {transfers}) n""",
    """INSERT INTO exception (id, connection, kind, cause, title, field, value, expected, owner, rank, state,
        objects_open, objects_ever, money, times_opened, opened_at, last_seen_at, deadline_at)
        SELECT n, 'main', ({kinds})[1 + n %% 5], 'cause ' || n, 'SKU S-' || n || ' is not in Cin7',
        'f', 'v', 'e', (ARRAY['finance','operations','ecommerce'])[1 + n %% 3], n %% 4,
        CASE WHEN n <= {open} THEN 'open' ELSE 'closed' END, {each}, {each}, '{{"USD": "37.50"}}', 1, {now}, {now},
        {now} + (n %% 100 - 50) * {hour}::bigint FROM generate_series(1, {open} + {closed}) n""",
    """INSERT INTO exception_object (exception_id, cause_id, transfer_id, flow, key, field, value, expected, severity,
        amount, currency, opened_at, closed_at, times_opened, accepted)
        SELECT 1 + n %% ({open} + {closed}), 1 + n %% ({open} + {closed}), {other_id}, 'orders',
        (1 + n %% {transfers})::text, 'f', 'v', 'e', 'hold', '12.50', 'USD', {now},
        CASE WHEN n %% ({open} + {closed}) < {open} THEN NULL ELSE {now} END, 1, false
        FROM generate_series(0, {objects} - 1) n ON CONFLICT DO NOTHING""",
    """INSERT INTO search_index (digest, transfer_id)
        SELECT md5(n::text), {id} FROM generate_series(1, {transfers}) n""",
    """INSERT INTO stock_level (connection, sku, store_location, available, in_flight, buffer, ats, terms,
        current_level, published_level, scanned_at, read_at, pushed_at)
        SELECT 'main', 'S-' || n, 1, '9', '0', '0', 9, '{terms}', 9, 9, {now}, {now}, {now}
        FROM generate_series(1, 24000) n""",
    """INSERT INTO store_item (connection, sku, product_id, variant_id, tracking, on_sale, price, seen_at)
        SELECT 'main', 'S-' || n, n, NULL, 'product', true, '12.50', {now} FROM generate_series(1, 24000) n""",
    """INSERT INTO job (connection, flow, key, priority, due_at, reason)
        SELECT 'main', 'orders', n::text, 1, {now} + {hour}::bigint, 'retry' FROM generate_series(1, 5000) n""",
    "ANALYZE",
)
PAGES = {
    "Today": "/",
    "Exceptions": "/exceptions",
    "Exceptions, second page": "/exceptions?page=2",
    "Exceptions, page 50": "/exceptions?page=50",
    "Exceptions of finance": "/exceptions?owner=finance",
    "Exceptions by amount": "/exceptions?sort=money",
    "Exceptions by deadline": "/exceptions?sort=deadline",
    "Exceptions past their deadline": "/exceptions?late=true",
    "Exceptions by text": "/exceptions?q=S-47",
    "Closed exceptions": "/exceptions?state=closed",
    "An exception": "/exceptions/47",
    "Orders": "/orders",
    "Held orders": "/orders?state=held",
    "An order": "/orders/main/50000",
    "A refund": "/refunds/main/50010/1",
    "Stock": "/stock",
    "A SKU": "/stock/main/S-47",
    "Flows": "/flows",
    "Design": "/design",
    "Design, preview of a change": "/design?setting=skus&key=S-47&value=S-48",
    "Reconciliation": "/reconciliation",
    "Settings": "/settings",
    "Audit": "/audit",
    "Search for an order": "/search?q=50000",
    "Search for a sale": "/search?q=SO-50000",
    "Search for an address": "/search?q=nobody@example.com",
    "Search for a SKU": "/search?q=S-47",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The responses of a page; times in milliseconds."""

    page: str
    address: str
    status: int
    p50: float
    p95: float
    statements: int
    full_scans: tuple[str, ...]
    """Large tables that a statement of the page scans in full."""


def measure(url: str, transfers: int) -> tuple[list[Answered], list[Plan]]:
    """Fills the empty database at `url`, requests every page and explains all SELECTs."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder:
        return _measure(url, transfers, Path(folder))


def _measure(url: str, transfers: int, folder: Path) -> tuple[list[Answered], list[Plan]]:
    statements_seen: list[tuple[str, Any]] = []
    with _served(url, transfers, folder, statements_seen) as (address, loop, database):
        client = httpx2.Client(base_url=address, timeout=60.0)
        csrf = CSRF.search(client.get("/sign-in").text)
        assert csrf is not None
        signed = client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "csrf": csrf[1]})
        assert signed.status_code == 303, signed.text
        answers, plans = [], []
        for page, path in PAGES.items():
            statements_seen.clear()
            status = client.get(path).status_code
            statements = list(statements_seen)
            times = [_milliseconds(client, path) for _ in range(REQUESTS_PER_PAGE)]
            explained = [
                asyncio.run_coroutine_threadsafe(_explain(database, statement, parameters), loop).result(120)
                for statement, parameters in statements
            ]
            scans = sorted({table for _, tables in explained for table in tables})
            plans += [
                Plan(page, statement, tuple(lines))
                for (statement, _), (lines, _) in zip(statements, explained, strict=True)
            ]
            cuts = statistics.quantiles(times, n=20)
            answers.append(
                Answered(page, path, status, round(cuts[9], 1), round(cuts[18], 1), len(statements), tuple(scans))
            )
        client.close()
        return answers, plans


def _milliseconds(client: httpx2.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _served(
    url: str, transfers: int, folder: Path, recorded_statements: list[tuple[str, Any]]
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
        app = AppContext.of(installation, folder, dict.fromkeys(SECRETS.values(), "none"), database)
        await app.access.users.add(NAME, Role.ADMIN, PASSWORD, "benchmark")

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                recorded_statements.append((statement, parameters))

        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", listen)
        config = uvicorn.Config(console_app(app), port=0, log_level="warning", access_log=False, timeout_keep_alive=600)
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
            raise RuntimeError("the console did not start; its error is printed above")
    try:
        yield f"http://127.0.0.1:{made['port']}", made["loop"], made["database"]
    finally:
        made["loop"].call_soon_threadsafe(stop.set)
        thread.join(30)


async def _fill(database: Database, transfers: int) -> None:
    now = int(REAL_CLOCK.now().timestamp() * 1_000_000)
    levels = {
        "now": f"{now}::bigint",
        "transfers": transfers,
        "held": min(10_000, transfers // 10),
        "kinds": KINDS,
        "id": "lpad(n::text, 32, '0')::uuid",
        "other_id": f"lpad((1 + n %% {transfers})::text, 32, '0')::uuid",
        "empty": "''",
        "open": OPEN,
        "closed": CLOSED,
        "each": OBJECTS_OF_ONE,
        "objects": min(transfers, OBJECTS_OF_ONE * (OPEN + CLOSED)),
        "hour": HOUR,
        "terms": TERMS,
    }
    async with database.transaction() as transaction:
        for statement in FILL:
            await transaction.exec_driver_sql(statement.format(**levels))


async def _explain(database: Database, statement: str, parameters: Any) -> tuple[list[str], set[str]]:
    """The plan without times, which differ from run to run, and the large tables that it scans in full."""
    async with database.reading() as reading:
        rows = await reading.exec_driver_sql(
            f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF) {statement}", parameters
        )
        lines = [row[0] for row in rows.all()]
    scans = {match[1] for line in lines if (match := re.search(r"Seq Scan on (\w+)", line))}
    return lines, scans & LARGE


def as_json(answers: list[Answered]) -> list[dict[str, Any]]:
    """The results for programs."""
    return [asdict(answer) for answer in answers]


def table(answers: list[Answered]) -> str:
    """The results as lines of text."""
    rows = [f"{'Page':34}{'status':>7}{'p50 ms':>9}{'p95 ms':>9}{'SELECTs':>9}  full scans"]
    rows += [
        f"{answer.page:34}{answer.status:>7}{answer.p50:>9.1f}{answer.p95:>9.1f}{answer.statements:>9}"
        f"  {', '.join(answer.full_scans)}"
        for answer in answers
    ]
    return "\n".join(rows)
