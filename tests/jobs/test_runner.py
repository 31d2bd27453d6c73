"""The job runner: what happens to a job that succeeds, fails, crashes its worker or is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.persistence.conftest import MAIN, Harness, OnBothDatabases
from weighbridge.domain.job_types import Flow
from weighbridge.jobs import runner as runner_module
from weighbridge.jobs.runner import (
    FAIR_CLAIM,
    FIRST_DELAY,
    LONGEST_DELAY,
    MAX_FAILURES,
    JobRunner,
    JobTypes,
    current_run,
)
from weighbridge.persistence.locks import DatabaseLocked
from weighbridge.persistence.repositories.job_queue import Job
from weighbridge.persistence.repositories.workers import Session
from weighbridge.persistence.tables.work import jobs

CADENCE = timedelta(minutes=5)
Work = Callable[[str], Awaitable[None]]


async def _succeed(key: str) -> None:
    pass


async def _fail(key: str) -> None:
    raise ZeroDivisionError(key)


@dataclass
class Handlers:
    """Handlers of orders, parcels and the stock job, which recurs; what they did, in order."""

    work: Work = _succeed
    started: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    most: int = 0
    """The most that ran at the same time."""

    async def handle(self, context: str, key: str) -> str:
        self.started.append(key)
        self.runs.append(current_run())
        self.most = max(self.most, len(self.started) - len(self.ended))
        try:
            await self.work(key)
        finally:
            self.ended.append(key)
        return "done"

    async def give_up(self, context: str, job: Job) -> None:
        self.given_up.append(job.key)

    def types(self) -> JobTypes[str]:
        flows = (Flow.ORDERS, Flow.FULFILMENT, Flow.STOCK)
        return JobTypes(
            dict.fromkeys(flows, self.handle),
            lambda context, job: CADENCE if job.flow == Flow.STOCK else None,
            self.give_up,
        )


def _runner(harness: Harness, handlers: Handlers, session: str = "worker-1-a", concurrency: int = 1) -> JobRunner[str]:
    queue = harness.repositories.job_queue
    runner = JobRunner(queue, harness.clock, session, handlers.types(), concurrency=concurrency)
    runner.contexts, runner.scope = {"main": "context"}, MAIN
    return runner


async def _register(harness: Harness, session: str) -> None:
    await harness.repositories.workers.heartbeat(Session(session, session, "host", 1, "", "1.0.0"))


async def _enqueue(harness: Harness, key: str, flow: Flow = Flow.ORDERS) -> None:
    await harness.repositories.job_queue.enqueue("main", flow, key, "webhook")


async def _run_due(harness: Harness, runner: JobRunner[str]) -> None:
    """Runs what is due now, one job after the other, until nothing is."""
    await runner.start_due()
    while await runner.is_busy(()):
        await asyncio.wait_for(runner.slot_freed.wait(), 20)
        runner.slot_freed.clear()
        await runner.start_due()


async def _rows(harness: Harness) -> list[Any]:
    async with harness.database.reading() as reading:
        return list((await reading.execute(sa.select(jobs))).all())


def test_jobs_run_by_urgency_and_each_knows_its_run(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        handlers = Handlers()
        await _enqueue(harness, "parcel", Flow.FULFILMENT)
        await _enqueue(harness, "order")
        await _run_due(harness, _runner(harness, handlers))
        assert handlers.started == ["order", "parcel"]
        assert [run.rpartition(":")[2] for run in handlers.runs] == ["order", "parcel"]
        assert current_run() == ""
        assert await _rows(harness) == []

    on_both_databases(work)


def test_parcel_is_reported_although_an_order_is_due_at_every_claim(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        handlers = Handlers()

        async def order_follows_order(key: str) -> None:
            if key.isdecimal() and int(key) < 3 * FAIR_CLAIM:
                await _enqueue(harness, str(int(key) + 1))

        handlers.work = order_follows_order
        await _enqueue(harness, "parcel", Flow.FULFILMENT)
        harness.wait(seconds=1)
        await _enqueue(harness, "1")
        await _run_due(harness, _runner(harness, handlers))
        assert handlers.started.index("parcel") == FAIR_CLAIM - 1

    on_both_databases(work)


def test_no_more_jobs_run_at_a_time_than_configured(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        async def take_a_while(key: str) -> None:
            await asyncio.sleep(0.01)

        handlers = Handlers(take_a_while)
        for number in range(9):
            await _enqueue(harness, str(number))
        await _run_due(harness, _runner(harness, handlers, concurrency=3))
        assert (len(handlers.ended), handlers.most) == (9, 3)

    on_both_databases(work)


@pytest.mark.parametrize(("flow", "longest"), [(Flow.ORDERS, LONGEST_DELAY), (Flow.STOCK, CADENCE)])
def test_failed_job_is_due_again_later_each_time_and_given_up_in_the_end(
    on_both_databases: OnBothDatabases[None], flow: Flow, longest: timedelta
) -> None:
    async def work(harness: Harness) -> None:
        handlers = Handlers(_fail)
        await _enqueue(harness, "*", flow)
        runner, delays = _runner(harness, handlers), list[timedelta]()
        for _ in range(MAX_FAILURES):
            await _run_due(harness, runner)
            [row] = await _rows(harness)
            delays.append(row.due_at - harness.now)
            harness.wait(seconds=delays[-1].total_seconds())
        assert delays[:3] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
        assert max(delays) == delays[-1] == longest
        assert handlers.given_up == []
        await _run_due(harness, runner)
        assert (handlers.given_up, len(handlers.started)) == (["*"], MAX_FAILURES)
        left = [(row.due_at - harness.now, row.failures) for row in await _rows(harness)]
        assert left == ([] if flow is Flow.ORDERS else [(CADENCE, 0)]), "a recurring job goes on"

    on_both_databases(work)


def test_success_ends_the_count_of_failures(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        handlers = Handlers(_fail)
        await _enqueue(harness, "*", Flow.STOCK)
        await _run_due(harness, _runner(harness, handlers))
        handlers.work = _succeed
        harness.wait(minutes=1)
        await _run_due(harness, _runner(harness, handlers))
        assert [(row.failures, row.due_at - harness.now) for row in await _rows(harness)] == [(0, CADENCE)]

    on_both_databases(work)


def test_job_that_crashes_every_worker_is_given_up(on_both_databases: OnBothDatabases[None]) -> None:
    """Each worker dies with the job in its hands; its session is removed, and the next worker takes the job."""

    async def work(harness: Harness) -> None:
        await _enqueue(harness, "1042")
        queue = harness.repositories.job_queue
        for number in range(MAX_FAILURES):
            await queue.claim(f"dead-{number}", f"dead-{number}.1", 1, MAIN)
            assert await queue.release_lost("worker-1-a", ()) == 1
        handlers = Handlers()
        await _run_due(harness, _runner(harness, handlers))
        assert (handlers.started, handlers.given_up) == ([], ["1042"])

    on_both_databases(work)


def test_job_of_a_flow_that_this_version_does_not_know_waits(on_both_databases: OnBothDatabases[None]) -> None:
    """A newer release shares the database during an upgrade."""

    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "of the next release", "1", "webhook")
        await _enqueue(harness, "1042")
        handlers = Handlers()
        await _run_due(harness, _runner(harness, handlers))
        assert handlers.started == ["1042"]
        assert [(row.worker, row.due_at - harness.now) for row in await _rows(harness)] == [("", FIRST_DELAY)]

    on_both_databases(work)


def test_run_that_a_stop_cut_off_is_done_again(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        is_running = asyncio.Event()

        async def take_for_ever(key: str) -> None:
            is_running.set()
            await asyncio.Event().wait()

        await _register(harness, "worker-1-a")
        await _register(harness, "worker-2-a")
        await _enqueue(harness, "1042")
        cut_off = Handlers(take_for_ever)
        stopped = _runner(harness, cut_off)
        await stopped.start_due()
        await is_running.wait()
        following = Handlers()
        runner = _runner(harness, following, "worker-2-a")
        await runner.release_lost()
        await runner.start_due()
        assert following.started == [], "its worker is alive"
        await stopped.stop(0.01)
        assert cut_off.ended == ["1042"], "nothing of this worker goes on after its stop"
        await harness.repositories.workers.remove("worker-1-a")
        await runner.release_lost()
        await _run_due(harness, runner)
        assert following.started == ["1042"]

    on_both_databases(work)


def test_stop_waits_for_runs_that_end_soon(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        async def take_a_while(key: str) -> None:
            await asyncio.sleep(0.05)

        await _enqueue(harness, "1042")
        runner = _runner(harness, Handlers(take_a_while))
        await runner.start_due()
        await runner.stop(20)
        assert await _rows(harness) == []

    on_both_databases(work)


def test_end_of_a_run_is_recorded_although_the_database_was_away(
    on_both_databases: OnBothDatabases[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose end was not recorded would look as if it ran for ever."""
    monkeypatch.setattr(runner_module, "RETRY_WALL_SECONDS", 0.01)

    async def work(harness: Harness) -> None:
        async def lose_the_table(key: str) -> None:
            await harness.database.execute(sa.text("ALTER TABLE job RENAME TO job_away"))

        await _enqueue(harness, "1042")
        handlers = Handlers(lose_the_table)
        runner = _runner(harness, handlers)
        await runner.start_due()
        while not handlers.ended:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await harness.database.execute(sa.text("ALTER TABLE job_away RENAME TO job"))
        await asyncio.wait_for(runner.slot_freed.wait(), 20)
        assert await _rows(harness) == []

    on_both_databases(work)


def test_running_job_is_never_released_by_its_own_worker(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        release = asyncio.Event()

        async def wait(key: str) -> None:
            await release.wait()

        await _register(harness, "worker-1-a")
        await _enqueue(harness, "1042")
        handlers = Handlers(wait)
        runner = _runner(harness, handlers, concurrency=2)
        await asyncio.gather(runner.start_due(), runner.release_lost())
        await runner.release_lost()
        await runner.start_due()
        release.set()
        await _run_due(harness, runner)
        assert handlers.started == ["1042"]

    on_both_databases(work)


def test_run_that_met_a_failing_database_counts_no_failure(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        async def meet_a_lock(key: str) -> None:
            raise DatabaseLocked(2.0)

        handlers = Handlers(meet_a_lock)
        runner = _runner(harness, handlers)
        await _enqueue(harness, "1")
        with capture_logs() as events:
            for _ in range(MAX_FAILURES + 1):
                await _run_due(harness, runner)
                harness.wait(seconds=FIRST_DELAY.total_seconds())
        assert len(handlers.started) == MAX_FAILURES + 1
        assert handlers.given_up == []
        assert {event["event"] for event in events} == {"job_interrupted"}
        handlers.work = _succeed
        await _run_due(harness, runner)
        assert await _rows(harness) == []

    on_both_databases(work)
