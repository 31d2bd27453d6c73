"""The job queue: many reasons make one job, no reason is lost, and a job runs in one worker at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.persistence.conftest import MAIN, NOON, Harness, OnBothDatabases
from weighbridge.common.clock import ScaledClock
from weighbridge.domain.job_types import JOB_TYPES, Flow
from weighbridge.jobs.runner import FAIR_CLAIM
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import (
    CADENCE,
    RECURRING_REASONS,
    RUN_FAILED,
    Job,
    JobQueue,
    Scope,
)
from weighbridge.persistence.repositories.workers import Session
from weighbridge.persistence.tables.work import jobs

SESSION = "worker-1-a"


class Claims:
    """Claims of one session, each with a name of its own, as the runner makes them."""

    def __init__(self, harness: Harness, session: str = SESSION) -> None:
        self._queue = harness.repositories.job_queue
        self._session = session
        self._number = 0

    async def claim(self, limit: int = 50, scope: Scope = MAIN, *, longest_due_first: bool = False) -> list[Job]:
        self._number += 1
        name = f"{self._session}.{self._number}"
        return await self._queue.claim(self._session, name, limit, scope, longest_due_first=longest_due_first)

    async def run_due_jobs(self) -> list[Job]:
        """Claims and finishes the due jobs."""
        claimed = await self.claim()
        for job in claimed:
            await self._queue.finished(job)
        return claimed


async def _rows(harness: Harness) -> Sequence[Any]:
    async with harness.database.reading() as reading:
        return (await reading.execute(sa.select(jobs).order_by(jobs.c.due_at))).all()


async def _due(harness: Harness, excluded_reasons: Sequence[str] = ()) -> list[str]:
    return [key for _, key in await harness.due_jobs(replace(MAIN, excluded_reasons=excluded_reasons))]


async def _register(harness: Harness, session: str = SESSION) -> None:
    await harness.repositories.workers.heartbeat(Session(session, "worker-1", "host", 1, "", "1.0.0"))


async def _release_lost(harness: Harness, running: Collection[str] = (), session: str = SESSION) -> int:
    return await harness.repositories.job_queue.release_lost(session, running)


def test_many_reasons_for_one_order_are_one_job(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for reason in ("webhook", "webhook", "sweep"):
            await harness.repositories.job_queue.enqueue("main", "orders", "1042", reason)
        assert await _due(harness) == ["1042"]
        assert [job.key for job in await Claims(harness).claim()] == ["1042"]
        assert await _due(harness) == []

    on_both_databases(work)


def test_finished_job_leaves_no_row(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        await Claims(harness).run_due_jobs()
        assert await _rows(harness) == []

    on_both_databases(work)


def test_reason_that_comes_while_a_job_is_running_causes_one_more_run(on_both_databases: OnBothDatabases[None]) -> None:
    """The run may have read the order before the change that the second webhook reports."""

    async def work(harness: Harness) -> None:
        queue, claims = harness.repositories.job_queue, Claims(harness)
        await queue.enqueue("main", "orders", "1042", "webhook")
        [first] = await claims.claim()
        await queue.enqueue("main", "orders", "1042", "webhook")
        assert await _due(harness) == [], "jobs of one key never overlap"
        assert await claims.claim() == []
        await queue.finished(first)
        [second] = await claims.claim()
        assert (second.key, second.run != first.run) == ("1042", True)

    on_both_databases(work)


def test_job_is_claimed_by_exactly_one_worker(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for number in range(20):
            await harness.repositories.job_queue.enqueue("main", "orders", str(number), "webhook")
        workers = [f"worker-{number}" for number in range(4)]
        claimed = await asyncio.gather(*(Claims(harness, worker).claim(8) for worker in workers))
        while more := await Claims(harness, "worker-5").claim(8):
            claimed.append(more)
        runs = [job.run for jobs_of_worker in claimed for job in jobs_of_worker]
        assert len(runs) == len(set(runs)) == 20
        assert max(len(jobs_of_worker) for jobs_of_worker in claimed) <= 8
        rows = await _rows(harness)
        assert {row.run for row in rows} == set(runs)
        assert all(row.run.startswith(row.worker) for row in rows)

    on_both_databases(work)


def test_order_precedes_hundreds_of_parcels_that_were_due_before_it(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        for number in range(300):
            await queue.enqueue("main", "fulfilment", str(number), "sweep")
        harness.wait(minutes=5)
        await queue.enqueue("main", "orders", "1042", "webhook")
        assert [job.key for job in await Claims(harness).claim(1)] == ["1042"]

    on_both_databases(work)


def test_no_job_waits_for_ever_behind_more_urgent_ones(on_both_databases: OnBothDatabases[None]) -> None:
    """A new order is due before each claim; the claim that takes the longest due job reaches the others."""

    async def work(harness: Harness) -> None:
        queue, claims, claimed = harness.repositories.job_queue, Claims(harness), list[str]()
        for flow in ("monitors", "stock", "fulfilment"):
            await queue.enqueue("main", flow, "*", "sweep")
            harness.wait(seconds=1)
        for number in range(3 * FAIR_CLAIM):
            await queue.enqueue("main", "orders", str(number), "webhook")
            await queue.enqueue("main", "orders", f"{number} too", "webhook")
            harness.wait(seconds=1)
            is_fair = number % FAIR_CLAIM == FAIR_CLAIM - 1
            claimed += [job.flow for job in await claims.claim(1, longest_due_first=is_fair)]
        assert [flow for flow in claimed if flow != "orders"] == ["monitors", "stock", "fulfilment"]

    on_both_databases(work)


def test_finish_of_an_earlier_run_does_not_finish_a_later_one(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        queue, claims = harness.repositories.job_queue, Claims(harness)
        await queue.enqueue("main", "orders", "1042", "webhook")
        [first] = await claims.run_due_jobs()
        await queue.enqueue("main", "orders", "1042", "webhook")
        [second] = await claims.claim()
        await queue.finished(first)
        await queue.finished(first, harness.now)
        assert await queue.is_any_running()
        assert await _due(harness) == []
        await queue.finished(second)
        await queue.finished(second)
        assert await _rows(harness) == []
        assert not await queue.is_any_running()

    on_both_databases(work)


def test_job_of_a_dead_worker_is_due_again_and_its_old_run_cannot_finish_the_new_one(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """The session of the first worker was removed, although the worker was only slow."""

    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        await _register(harness, "slow")
        await _register(harness)
        await queue.enqueue("main", "orders", "1042", "webhook")
        [slow] = await Claims(harness, "slow").claim()
        assert await _release_lost(harness) == 0, "its worker is alive"
        await harness.repositories.workers.remove("slow")
        assert await _release_lost(harness) == 1
        [again] = await Claims(harness).claim()
        assert (again.key, again.failures) == ("1042", 1)
        await queue.finished(slow)
        assert [row.run for row in await _rows(harness)] == [again.run]

    on_both_databases(work)


def test_claim_whose_answer_was_lost_is_released(on_both_databases: OnBothDatabases[None]) -> None:
    """The claim was committed, and the connection broke before the worker knew. What it does run is left alone."""

    async def work(harness: Harness) -> None:
        queue, claims = harness.repositories.job_queue, Claims(harness)
        await _register(harness)
        await queue.enqueue("main", "orders", "runs", "webhook")
        [runs] = await claims.claim()
        await queue.enqueue("main", "orders", "lost", "webhook")
        await claims.claim()
        assert await _release_lost(harness, [runs.run]) == 1
        assert await _due(harness) == ["lost"]

    on_both_databases(work)


def test_release_keeps_a_request_that_came_during_the_lost_run(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        await queue.enqueue("main", "orders", "1042", "webhook")
        await Claims(harness).claim()
        await queue.enqueue("main", "orders", "1042", "retry", delay=timedelta(minutes=5))
        await _release_lost(harness)
        assert [(row.reason, row.due_at) for row in await _rows(harness)] == [
            ("retry", harness.now + timedelta(minutes=5))
        ]

    on_both_databases(work)


def test_later_reason_never_delays_an_earlier_job_and_an_earlier_one_brings_it_forward(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        enqueue = harness.repositories.job_queue.enqueue
        await enqueue("main", "orders", "patient", "retry", delay=timedelta(minutes=10))
        await enqueue("main", "orders", "patient", "sweep", delay=timedelta(hours=1))
        await enqueue("main", "orders", "hasty", "retry", delay=timedelta(hours=1))
        await enqueue("main", "orders", "hasty", "webhook", delay=timedelta(seconds=3))
        assert await _due(harness) == []
        harness.wait(seconds=3)
        assert await _due(harness) == ["hasty"]
        harness.wait(minutes=10)
        assert await _due(harness) == ["hasty", "patient"]

    on_both_databases(work)


def test_jobs_that_wait_for_one_reason_are_brought_forward_one_after_the_other(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        for connection, key, reason, hours in [
            ("main", "second", "unreachable", 2),
            ("main", "first", "unreachable", 1),
            ("main", "throttled", "throttled", 1),
            ("other", "elsewhere", "unreachable", 1),
        ]:
            await queue.enqueue(connection, "orders", key, reason, delay=timedelta(hours=hours))
        assert await queue.bring_forward("main", "unreachable", timedelta(seconds=5)) == 2
        assert await _due(harness) == ["first"]
        harness.wait(seconds=5)
        assert await _due(harness) == ["first", "second"]
        assert await queue.bring_forward("main", "unreachable", timedelta(seconds=5)) == 0

    on_both_databases(work)


def test_claimed_job_leaves_no_old_due_time_behind(on_both_databases: OnBothDatabases[None]) -> None:
    """A job that is requested after the claim waits for its own due time."""

    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        await queue.enqueue("main", "stock", "*", "first")
        [run] = await Claims(harness).claim()
        await queue.enqueue("main", "stock", "*", "retry", delay=timedelta(minutes=5))
        await queue.finished(run, harness.now + timedelta(hours=4))
        assert await _due(harness) == []
        harness.wait(minutes=5)
        assert await _due(harness) == ["*"]

    on_both_databases(work)


def test_runs_of_connections_and_flows_have_different_ids(on_both_databases: OnBothDatabases[None]) -> None:
    """All are claimed in one statement; a lease is held by a run, so two runs must never share an id."""

    async def work(harness: Harness) -> None:
        for connection in ("east", "west"):
            for flow in ("orders", "fulfilment"):
                await harness.repositories.job_queue.enqueue(connection, flow, "1", "webhook")
        claimed = await Claims(harness).claim(scope=Scope(("east", "west")))
        assert len({job.run for job in claimed}) == 4
        assert [job.flow for job in claimed] == ["orders", "orders", "fulfilment", "fulfilment"]

    on_both_databases(work)


def test_longest_names_fit_into_the_columns(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        connection, key, session = "c" * 64, "k" * 128, "w" * 96
        longest_flow = max((job_type.flow for job_type in JOB_TYPES), key=len)
        await harness.repositories.job_queue.enqueue(connection, longest_flow, key, "webhook")
        transfer = await harness.repositories.transfers.open(connection, longest_flow, key)
        [job] = await Claims(harness, session).claim(scope=Scope((connection,)))
        async with harness.repositories.attempts.attempt(transfer.id, "post", job.run, 60.0):
            pass
        [attempt] = await harness.repositories.attempts.of_transfer(transfer.id)
        assert attempt.run == job.run

    on_both_databases(work)


def test_job_of_another_share_is_taken_only_after_it_waited(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("west", "orders", "1", "webhook")
        claims = Claims(harness)

        def scope() -> Scope:
            return Scope(("east",), others=("west",), others_since=harness.now - timedelta(seconds=30))

        harness.wait(seconds=29)
        assert await claims.claim(scope=scope()) == []
        harness.wait(seconds=1)
        assert [job.connection for job in await claims.claim(scope=scope())] == ["west"]

    on_both_databases(work)


def test_hundred_simultaneous_webhooks_lose_no_job(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        keys = [str(number % 20) for number in range(100)]
        await asyncio.gather(
            *(harness.repositories.job_queue.enqueue("main", "orders", key, "webhook") for key in keys)
        )
        assert sorted(await _due(harness), key=int) == [str(number) for number in range(20)]

    on_both_databases(work)


def test_limit_leaves_the_rest_for_the_next_claim(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for number in range(7):
            await harness.repositories.job_queue.enqueue("main", "orders", str(number), "sweep")
            harness.wait(seconds=1)
        assert sorted(job.key for job in await Claims(harness).claim(4)) == ["0", "1", "2", "3"]
        assert await _due(harness) == ["4", "5", "6"]

    on_both_databases(work)


SWEEP = ("main", Flow.ORDER_SWEEP)


def test_recurring_job_is_requested_once_and_never_while_it_runs(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        queue, claims = harness.repositories.job_queue, Claims(harness)
        for _ in range(2):
            await queue.ensure_recurring({SWEEP: timedelta(hours=26)})
        assert await _due(harness) == ["*"]
        [run] = await claims.claim()
        harness.wait(days=3)
        await queue.ensure_recurring({SWEEP: timedelta(hours=26)})
        await queue.finished(run, harness.now + timedelta(hours=26))
        assert await _due(harness) == [], "a run that takes long is not followed by another at once"
        await queue.ensure_recurring({SWEEP: timedelta(hours=26)})
        assert [row.due_at for row in await _rows(harness)] == [harness.now + timedelta(hours=26)]

    on_both_databases(work)


@pytest.mark.parametrize(("before", "after"), [(240, 5), (5, 240)], ids=["shorter", "longer"])
def test_recurring_job_whose_cadence_changed_runs_at_the_earlier_of_both(
    on_both_databases: OnBothDatabases[None], before: float, after: float
) -> None:
    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        await queue.ensure_recurring({SWEEP: timedelta(minutes=before)})
        [run] = await Claims(harness).claim()
        await queue.finished(run, harness.now + timedelta(minutes=before))
        for _ in range(2):
            await queue.ensure_recurring({SWEEP: timedelta(minutes=after)})
            assert [row.due_at - NOON for row in await _rows(harness)] == [timedelta(minutes=5)]
        harness.wait(minutes=3)
        await queue.ensure_recurring({SWEEP: timedelta(minutes=after)})
        assert [row.due_at - NOON for row in await _rows(harness)] == [timedelta(minutes=5)]

    on_both_databases(work)


def test_clock_that_jumped_an_hour_ahead_and_back_stops_no_recurrence(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        await queue.ensure_recurring({SWEEP: timedelta(minutes=1)})
        harness.wait(hours=1)
        [run] = await Claims(harness).claim()
        await queue.finished(run, harness.now + timedelta(minutes=1))
        harness.wait(hours=-1)
        await queue.ensure_recurring({SWEEP: timedelta(minutes=1)})
        harness.wait(minutes=1)
        assert await _due(harness) == ["*"]

    on_both_databases(work)


def test_recurring_job_that_waits_for_a_platform_runs_at_its_cadence_all_the_same(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """The run asked for a retry in an hour: sweeps must not be an hour late when the platform is back sooner."""

    async def work(harness: Harness) -> None:
        queue, claims = harness.repositories.job_queue, Claims(harness)
        await queue.ensure_recurring({SWEEP: timedelta(minutes=1)})
        [run] = await claims.claim()
        await queue.enqueue("main", Flow.ORDER_SWEEP, "*", "unreachable", delay=timedelta(hours=1))
        await queue.finished(run, harness.now + timedelta(minutes=1))
        assert [row.due_at - harness.now for row in await _rows(harness)] == [timedelta(minutes=1)]
        assert await claims.claim() == []
        harness.wait(minutes=1)
        assert len(await claims.claim()) == 1

    on_both_databases(work)


def test_recurring_jobs_are_left_to_workers_and_never_hide_another_reason(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        enqueue = harness.repositories.job_queue.enqueue
        await enqueue("main", "stock", "recurring", CADENCE)
        await enqueue("main", "order_sweep", "requested", "requested")
        assert await _due(harness, RECURRING_REASONS) == ["requested"]
        await enqueue("main", "order_sweep", "requested", CADENCE, delay=timedelta(minutes=1))
        assert await _due(harness, RECURRING_REASONS) == ["requested"], "the run before it ended meanwhile"
        await enqueue("main", "stock", "recurring", "requested")
        assert sorted(await _due(harness, RECURRING_REASONS)) == ["recurring", "requested"]

    on_both_databases(work)


def test_failed_job_of_an_order_is_not_left_to_workers(on_both_databases: OnBothDatabases[None]) -> None:
    """It does not recur by itself, so the next command runs it when it is due again."""

    async def work(harness: Harness) -> None:
        queue = harness.repositories.job_queue
        await queue.enqueue("main", "orders", "1042", "webhook")
        [run] = await Claims(harness).claim()
        await queue.finished(run, harness.now + timedelta(minutes=1), RUN_FAILED, 1)
        assert await _due(harness, RECURRING_REASONS) == []
        harness.wait(minutes=1)
        assert await _due(harness, RECURRING_REASONS) == ["1042"]
        assert [job.failures for job in await Claims(harness).claim()] == [1]

    on_both_databases(work)


@pytest.mark.parametrize("longest_due_first", [False, True])
def test_claim_reads_due_jobs_only(tmp_path: Path, longest_due_first: bool) -> None:
    """The table may hold a hundred thousand jobs that are due later, and each worker polls many times a second."""

    async def plan() -> list[str]:
        database = Database(f"sqlite:///{tmp_path}/weighbridge.db")
        await database.create_tables()
        statements: list[tuple[str, Any]] = []

        def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            statements.append((statement, parameters))

        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", record)
        queue = JobQueue(database, ScaledClock.starting_now(1.0, NOON))
        await queue.is_any_due(MAIN)
        await queue.claim("worker", "claim", 20, MAIN, longest_due_first=longest_due_first)
        steps = list[str]()
        async with database.reading() as reading:
            for statement, parameters in [sent for sent in statements if "job" in sent[0]]:
                explained = await reading.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps += [row[-1] for row in explained.all() if " job " in row[-1]]
        await database.close()
        return steps

    by_due_time = "USING INDEX job_due (connection=? AND due_at<?)"
    by_key = "SEARCH job USING COVERING INDEX sqlite_autoindex_job_1 (connection=? AND flow=? AND key=?)"
    steps = asyncio.run(plan())
    assert [step for step in steps if step != by_key] == [f"SEARCH job {by_due_time}"] * 2
