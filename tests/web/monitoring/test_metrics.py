"""Metrics show an installation to a monitoring system, for a few queries, and only to who has the token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from tests.design.examples import SMALL
from tests.web.installation import RunningInstallation, running_installation
from tests.web.monitoring.served import MONITORING, TOKEN, row_of, worker_row
from weighbridge.app.context import AppContext
from weighbridge.design.loading import parse_installation
from weighbridge.domain.stock.available import LevelTerms
from weighbridge.domain.stock.buffers import BufferKind
from weighbridge.persistence.documents import LEVEL_TERMS
from weighbridge.persistence.tables.budget import budget_calls, budget_state
from weighbridge.persistence.tables.exceptions import exceptions
from weighbridge.persistence.tables.http_log import api_addresses, http_exchanges
from weighbridge.persistence.tables.stock import reservations, stock_levels
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import jobs
from weighbridge.queries import metrics
from weighbridge.queries.metric_list import METRICS, Metric, MetricType

RESERVED_ENDINGS = ("_count", "_sum", "_bucket", "_info_total")
OTHER_THAN_BASE_UNITS = ("_ms", "_milliseconds", "_hours", "_kb", "_mb", "_percent")
Samples = dict[str, dict[tuple[str, ...], float]]
HOUR = timedelta(hours=1)
LABELS = {metric.name: metric.labels for metric in METRICS}
STORE = "bigcommerce:abc123"


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningInstallation]:
    """A served console with a token for scrapes."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/weighbridge.db"
    else:
        url = request.getfixturevalue("fresh_database")("metrics")
    with _served(tmp_path, url) as running:
        yield running


def _served(folder: Path, url: str, monitoring: str = MONITORING) -> AbstractContextManager[RunningInstallation]:
    parsed = parse_installation(f'[installation]\ndatabase = "{url}"\n{SMALL}{monitoring}')
    return running_installation(folder, parsed, {"METRICS_TOKEN": TOKEN, "CIN7_ACCOUNT": "account"})


def _scrape(installation: RunningInstallation, token: str = TOKEN) -> httpx2.Response:
    with installation.anonymous_client() as client:
        return client.get("/metrics", headers={"authorization": f"Bearer {token}"})


def _samples(installation: RunningInstallation) -> Samples:
    answer = _scrape(installation)
    assert answer.status_code == 200, answer.text
    samples: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = tuple(sample.labels[label] for label in LABELS.get(sample.name, ()))
            samples.setdefault(sample.name, {})[labels] = sample.value
    return samples


def _fill(installation: RunningInstallation, orders: int = 1) -> None:
    """A busy afternoon: orders that wait and are posted, stock, calls, jobs and an exception."""

    async def write(app: AppContext) -> None:
        now = app.clock.now()
        rows = [worker_row()]
        for number in range(orders):
            order = {"connection": "main", "flow": "orders", "findings": [], "content": {}}
            rows += [
                row_of(transfers, **order, key=f"h{number}", state="held", created_at=now - 2 * HOUR),
                row_of(transfers, **order, key=f"p{number}", state="posted", posted_at=now - HOUR),
            ]
        for order_id, lag in (("100", 10), ("101", 30)):
            placed_at = now - timedelta(minutes=5)
            reserved = {"reserved_at": placed_at + timedelta(seconds=lag), "placed_at": placed_at}
            rows.append(row_of(reservations, connection="main", order_id=order_id, sku="MUG", **reserved))
        rows += [
            row_of(
                stock_levels, connection="main", sku="MUG", store_location=1, available=Decimal(5), ats=9,
                current_level=9, published_level=9, scanned_at=now - timedelta(minutes=4), read_at=now,
                pushed_at=now - timedelta(minutes=3),
                terms=LEVEL_TERMS.write(LevelTerms({}, Decimal(0), BufferKind.NONE, True, None)),
            ),
            *(row_of(budget_calls, application=STORE, frees_at=now + HOUR) for _ in range(3)),
            row_of(budget_state, application=STORE, quota=100, throttles=2),
            row_of(api_addresses, id=1, connection="main", platform="bigcommerce"),
            *(_exchange(outcome, now) for outcome in ("answered", "answered", "throttled")),
            row_of(jobs, connection="main", flow="orders", key="1", due_at=now - HOUR),
            row_of(jobs, connection="main", flow="orders", key="2", due_at=now),
            row_of(jobs, connection="main", flow="orders", key="3", worker="worker-1-a", run="r"),
            row_of(jobs, connection="main", flow="stock", key="*", started_at=now - timedelta(minutes=3)),
            row_of(exceptions, connection="main", kind="jobs_late", owner="operations", state="open", rank=0, money={}),
        ]  # fmt: skip
        async with app.database.transaction() as transaction:
            for row in rows:
                await transaction.execute(row)

    installation.do(write)


def _exchange(outcome: str, started_at: object) -> sa.Executable:
    return row_of(http_exchanges, address_id=1, outcome=outcome, started_at=started_at)


def test_a_scrape_shows_the_numbers_of_the_installation(installation: RunningInstallation) -> None:
    _fill(installation)
    samples = _samples(installation)
    assert samples["weighbridge_orders_unfinished"]["main", "held", "under_1_day"] == 1
    assert samples["weighbridge_orders_unfinished"]["main", "held", "under_1_hour"] == 0
    assert samples["weighbridge_orders_posted_last_day"]["main",] == 1
    assert samples["weighbridge_order_reservation_lag_mean_seconds"]["main",] == pytest.approx(20)
    assert samples["weighbridge_order_reservation_lag_max_seconds"]["main",] == pytest.approx(30)
    assert 240 <= samples["weighbridge_stock_reading_age_seconds"]["main",] < 300
    assert samples["weighbridge_oversell_bound_units"]["main",] >= 4, "nine are shown, five are there"
    assert samples["weighbridge_api_quota_used_calls"]["main", "bigcommerce"] == 3
    assert samples["weighbridge_api_quota_capacity_calls"]["main", "bigcommerce"] == 80, "a fifth is reserved"
    assert samples["weighbridge_api_throttles_total"]["main", "bigcommerce"] == 2
    assert samples["weighbridge_api_quota_capacity_calls"]["main", "cin7"] > 0
    assert samples["weighbridge_http_calls_last_5_minutes"] == {
        ("main", "bigcommerce", "answered"): 2, ("main", "bigcommerce", "throttled"): 1,
    }  # fmt: skip
    assert samples["weighbridge_jobs_due"]["main", "orders"] == 2
    assert samples["weighbridge_jobs_running"]["main", "orders"] == 1
    assert samples["weighbridge_jobs_late"]["main", "orders"] == 1
    assert samples["weighbridge_job_wait_max_seconds"]["main", "orders"] >= 3600
    assert 180 <= samples["weighbridge_recurring_job_age_seconds"]["main", "stock"] < 240
    assert samples["weighbridge_exceptions_open"]["main", "jobs_late", "operations", "critical"] == 1
    assert samples["weighbridge_database_size_bytes"][()] > 100_000
    assert samples["weighbridge_workers_alive"][()] == 1
    assert samples["weighbridge_metrics_complete"][()] == 1
    assert (samples["weighbridge_ready"][()], samples["weighbridge_readiness_problem"]) == (0, {("jobs_late",): 1})
    assert samples["process_open_fds"][()] > 0


def test_a_scrape_needs_as_many_statements_for_many_orders_as_for_one(
    installation: RunningInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in ("CACHE_WALL_SECONDS", "EXPENSIVE_CACHE_WALL_SECONDS"):
        monkeypatch.setattr(metrics, seconds, -1.0)
    statements = _counted_statements(lambda: _samples(installation))
    _fill(installation, orders=60)
    assert _counted_statements(lambda: _samples(installation)) <= statements + 1
    assert statements < 60


def test_the_token_is_needed(installation: RunningInstallation) -> None:
    assert _scrape(installation, "guessed").status_code == 401
    with installation.anonymous_client() as client:
        assert client.get("/metrics").status_code == 401


def test_without_a_token_in_the_configuration_there_are_no_metrics(tmp_path: Path) -> None:
    with _served(tmp_path, f"sqlite:///{tmp_path}/weighbridge.db", "") as installation:
        assert _scrape(installation).status_code == 404


def test_a_database_that_cannot_be_read_leaves_the_metrics_of_the_process(tmp_path: Path) -> None:
    with _served(tmp_path, f"sqlite:///{tmp_path}/weighbridge.db") as installation:
        (tmp_path / "weighbridge.db").rename(tmp_path / "away")
        samples = _samples(installation)
        assert not (tmp_path / "weighbridge.db").exists(), "a scrape created an empty database"
        (tmp_path / "away").rename(tmp_path / "weighbridge.db")
    assert (samples["weighbridge_metrics_complete"][()], samples["weighbridge_ready"][()]) == (0, 0)
    assert samples["weighbridge_readiness_problem"] == {("database_unreachable",): 1}
    assert "weighbridge_orders_unfinished" not in samples


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_rules_of_prometheus(metric: Metric) -> None:
    assert re.fullmatch(r"weighbridge(_[a-z0-9]+)+", metric.name)
    assert all(re.fullmatch(r"[a-z]+", label) for label in metric.labels)
    assert metric.name.endswith("_total") is (metric.type is MetricType.COUNTER)
    assert not metric.name.endswith(RESERVED_ENDINGS + OTHER_THAN_BASE_UNITS)


def _counted_statements(work: Callable[[], object]) -> int:
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counted.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        work()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    return len(counted)
