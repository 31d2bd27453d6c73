"""Metrics: the numbers of an installation for a monitoring system, from a few queries on connections of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge import __version__
from weighbridge.common.cache import Cache
from weighbridge.common.clock import seconds_between
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.readiness import ReadinessProblem
from weighbridge.domain.stock.oversell import bound, total
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_reasons import reason_of
from weighbridge.persistence.repositories import job_facts, metric_facts
from weighbridge.persistence.repositories.api_budget import BudgetState
from weighbridge.persistence.repositories.oversell_risk import OversellRisk
from weighbridge.platforms.api_credentials import BIGCOMMERCE_QUOTA, company_key
from weighbridge.queries import metric_list as names
from weighbridge.queries.health import ALIVE_WITHIN, Watched, clock_offsets_of, recurring_jobs_of
from weighbridge.queries.metric_list import Metric

log = structlog.get_logger()

CACHE_WALL_SECONDS = 10.0
EXPENSIVE_CACHE_WALL_SECONDS = 60.0
"""For the oversell bound, which needs the whole stock, and the lags, which need all reservations."""
LONGEST_WALL_SECONDS = 8.0
HTTP_CALLS_WITHIN = timedelta(minutes=5)
LAG_WITHIN = timedelta(hours=1)
POSTED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric, with its labels in the order of the metric's list."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


class Metrics:
    """The metrics as one process sees them; ten seconds old at most; oversell bound and reservation lag a minute."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._cache = Cache()
        self._reading: asyncio.Task[tuple[Sample, ...]] | None = None

    async def samples(self, problems: Iterable[ReadinessProblem]) -> list[Sample]:
        """Every sample; only those of the process when the database cannot be read in time."""
        of_database = await self._cache.get_or_compute("database", CACHE_WALL_SECONDS, self._of_database_in_time)
        ids = sorted({problem.id for problem in problems})
        return [
            Sample(names.BUILD, (__version__,), 1),
            Sample(names.READY, (), int(not ids)),
            *(Sample(names.PROBLEM, (problem_id,), 1) for problem_id in ids),
            Sample(names.COMPLETE, (), int(bool(of_database))),
            *of_database,
        ]

    async def _of_database_in_time(self) -> tuple[Sample, ...]:
        """The samples that come from the database; none when it takes too long, and then that reading goes on."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._of_database())
        done, _ = await asyncio.wait({self._reading}, timeout=LONGEST_WALL_SECONDS)
        if not done:
            return ()
        reading, self._reading = self._reading, None
        return reading.result()

    async def _of_database(self) -> tuple[Sample, ...]:
        try:
            expensive = await self._cache.get_or_compute("expensive", EXPENSIVE_CACHE_WALL_SECONDS, self._expensive)
            async with self._watched.monitoring_database.reading() as reading:
                now = self._watched.clock.now()
                groups = [await collect(reading, now) for collect in (self._work, self._goods, self._platforms)]
            return (*expensive, *(sample for group in groups for sample in group))
        except (DatabaseError, OSError) as error:
            log.warning("metrics_incomplete", reason=reason_of(error))
            return ()

    async def _work(self, reading: AsyncConnection, now: datetime) -> list[Sample]:
        watched = self._watched
        heartbeats = await job_facts.heartbeats(reading)
        server_time = await watched.database.server_time(reading)
        alive = sum(server_time - worker.heartbeat_at <= ALIVE_WITHIN for worker in heartbeats)
        samples = [Sample(names.WORKERS, (), alive)]
        for counts in await job_facts.job_counts(reading, now, watched.settings.late_after):
            labels = (counts.connection, counts.flow)
            wait = seconds_between(counts.oldest_due_at, now) if counts.oldest_due_at else 0.0
            samples += [
                Sample(names.JOBS_DUE, labels, counts.due),
                Sample(names.JOBS_RUNNING, labels, counts.running),
                Sample(names.JOBS_LATE, labels, counts.late),
                Sample(names.JOB_WAIT, labels, wait),
            ]
        for job in await recurring_jobs_of(watched, reading):
            if job.last_started_at is not None:
                age = seconds_between(job.last_started_at, now)
                samples.append(Sample(names.RECURRING_AGE, (job.connection, job.flow), age))
        for reference, offset in (await clock_offsets_of(watched, reading)).items():
            samples.append(Sample(names.CLOCK, (reference,), offset.total_seconds()))
        size = await metric_facts.database_size(reading, is_sqlite=watched.database.is_sqlite)
        return [*samples, Sample(names.DATABASE_SIZE, (), size)]

    async def _goods(self, reading: AsyncConnection, now: datetime) -> list[Sample]:
        orders = await metric_facts.unfinished_orders(reading, now)
        posted = await metric_facts.posted_orders(reading, now - POSTED_WITHIN)
        read_at = await metric_facts.stock_read_at(reading)
        opened = await metric_facts.open_exceptions(reading)
        return [
            *(Sample(names.ORDERS, labels, count) for labels, count in orders.items()),
            *(Sample(names.POSTED, (name,), posted.get(name, 0)) for name in self._watched.connections),
            *(Sample(names.STOCK_AGE, (name,), seconds_between(at, now)) for name, at in read_at.items()),
            *(
                Sample(names.EXCEPTIONS, (row.connection, row.kind, row.owner, _urgency(row.rank)), row.count)
                for row in opened
            ),
        ]

    async def _platforms(self, reading: AsyncConnection, now: datetime) -> list[Sample]:
        used = await metric_facts.calls_in_window(reading, now)
        states = await metric_facts.budget_states(reading)
        calls = await metric_facts.http_calls(reading, self._watched.connections, now - HTTP_CALLS_WITHIN)
        return [*self._quotas(used, states, now), *(Sample(names.HTTP_CALLS, key, n) for key, n in calls.items())]

    def _quotas(self, used: Mapping[str, int], states: Mapping[str, BudgetState], now: datetime) -> Iterator[Sample]:
        """The use of each platform's quota. Connections to one company share theirs, so both show the same."""
        for name, connection in self._watched.connections.items():
            quota, account_id = connection.design.quota, self._watched.account_ids.get(name, "")
            store = f"bigcommerce:{connection.bigcommerce.store_hash}"
            applications = [("bigcommerce", store, BIGCOMMERCE_QUOTA, quota.bigcommerce_reserve)]
            if account_id:
                applications.append(("cin7", f"cin7:{company_key(account_id)}", quota.cin7_calls_per_minute, 0.0))
            for platform, application, calls, reserve in applications:
                state = states.get(application)
                yield Sample(names.QUOTA_USED, (name, platform), used.get(application, 0))
                yield Sample(names.QUOTA, (name, platform), _capacity(state, calls, reserve, now))
                yield Sample(names.THROTTLES, (name, platform), state.throttles if state else 0)

    async def _expensive(self) -> tuple[Sample, ...]:
        since = self._watched.clock.now() - LAG_WITHIN
        async with self._watched.monitoring_database.reading() as reading:
            lags = await metric_facts.reservation_lags(reading, since)
        return (
            *(Sample(names.LAG_MEAN, (name,), lag.mean.total_seconds()) for name, lag in lags.items()),
            *(Sample(names.LAG_MAX, (name,), lag.longest.total_seconds()) for name, lag in lags.items()),
            *await self._oversell(),
        )

    async def _oversell(self) -> list[Sample]:
        watched, accounts = self._watched, self._watched.account_ids
        oversell_risk = OversellRisk(watched.monitoring_database, watched.clock)
        samples = []
        for name, connection in watched.connections.items():
            sharing = [other for other in accounts if accounts[other] and accounts[other] == accounts.get(name)]
            factors = await oversell_risk.by_sku(name, sharing, connection.design.stock.sales_hours)
            units = total({sku: bound(of_sku) for sku, of_sku in factors.items()}).units
            samples.append(Sample(names.OVERSELL, (name,), units))
        return samples


def _capacity(state: BudgetState | None, calls: int, reserve: float, now: datetime) -> int:
    """The calls that the budget grants in a window, as `platforms/budget.py` counts them."""
    capacity = max(1, int((state.quota if state and state.quota else calls) * (1 - reserve)))
    return capacity if state is None else state.capacity(capacity, now)


def _urgency(rank: int) -> str:
    return Urgency(Urgency.CRITICAL - rank).name.lower()
