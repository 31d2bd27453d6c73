"""The job queue: many reasons make one job, no reason is lost, and lost jobs are found."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.persistence.conftest import NOON, Harness, OnBothDatabases
from weighbridge.common.clock import ScaledClock
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import CADENCE, RECURRING_REASONS, Job, JobQueue
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.work import jobs

PATIENCE = timedelta(minutes=5)


async def _due(harness: Harness) -> list[str]:
    return [job.key for job in await harness.repositories.job_queue.due(50)]


async def _claim(harness: Harness, worker: str = "worker-1") -> list[Job]:
    return await harness.repositories.job_queue.claim(await harness.repositories.job_queue.due(50), worker)


async def _run_due_jobs(harness: Harness) -> list[Job]:
    """Claims and finishes the due jobs."""
    claimed = await _claim(harness)
    for job in claimed:
        await harness.repositories.job_queue.finished(job)
    return claimed


def test_many_reasons_for_one_order_are_one_job(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for reason in ("webhook", "webhook", "sweep"):
            await harness.repositories.job_queue.enqueue("main", "orders", "1042", reason)
        assert await _due(harness) == ["1042"]
        assert await harness.repositories.job_queue.pending_count("main", "orders") == 1
        assert [job.key for job in await _claim(harness)] == ["1042"]
        assert await _due(harness) == []

    on_both_databases(work)


def test_reason_that_comes_while_a_job_is_running_enqueues_another(on_both_databases: OnBothDatabases[None]) -> None:
    """The run may have read the order before the change that the second webhook reports."""

    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        first = await _claim(harness)
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        assert await _due(harness) == [], "jobs of one key never overlap"
        await harness.repositories.job_queue.finished(first[0])
        second = await _claim(harness)
        assert [job.key for job in second] == ["1042"]
        assert second[0].run_id != first[0].run_id

    on_both_databases(work)


def test_reason_that_comes_while_a_job_is_being_claimed_enqueues_another(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        due = await harness.repositories.job_queue.due(50)
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        assert await harness.repositories.job_queue.claim(due, "worker-1") == due
        await harness.repositories.job_queue.finished(due[0])
        assert await _due(harness) == ["1042"]

    on_both_databases(work)


def test_job_is_claimed_by_exactly_one_worker(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for number in range(20):
            await harness.repositories.job_queue.enqueue("main", "orders", str(number), "webhook")
        due = await harness.repositories.job_queue.due(50)
        workers = [f"worker-{number}" for number in range(4)]
        claimed = await asyncio.gather(*(harness.repositories.job_queue.claim(due, worker) for worker in workers))
        assert sorted(job.run_id for jobs_of_worker in claimed for job in jobs_of_worker) == sorted(
            job.run_id for job in due
        )
        for worker, jobs_of_worker in zip(workers, claimed, strict=True):
            assert sorted(job.key for job in await harness.repositories.job_queue.running(worker)) == sorted(
                job.key for job in jobs_of_worker
            )

    on_both_databases(work)


def test_finishing_a_job_twice_does_not_finish_a_later_one(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        [first] = await _run_due_jobs(harness)
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        [second] = await _claim(harness)
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        await harness.repositories.job_queue.finished(first)
        await harness.repositories.job_queue.return_to_queue(first, "worker-1")
        assert not await harness.repositories.job_queue.started(first, "worker-1")
        assert await harness.repositories.job_queue.any_running()
        assert await _due(harness) == []
        await harness.repositories.job_queue.finished(second)
        assert await _due(harness) == ["1042"]
        assert not await harness.repositories.job_queue.any_running()

    on_both_databases(work)


def test_claimed_job_that_never_started_is_returned_to_the_queue_and_cannot_start_late(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """A worker that was only slow finds that its job is superseded: the two runs never overlap."""

    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        [claimed] = await _claim(harness, "worker-1")
        await harness.repositories.job_queue.reclaim(["worker-1"], "worker-2")
        assert await harness.repositories.job_queue.running("worker-1") == []
        [reclaimed] = await harness.repositories.job_queue.running("worker-2")
        await harness.repositories.job_queue.return_to_queue(reclaimed, "worker-2")
        assert not await harness.repositories.job_queue.started(claimed, "worker-1")
        [again] = await _claim(harness, "worker-2")
        assert again.run_id != claimed.run_id
        assert not await harness.repositories.job_queue.started(claimed, "worker-1")
        assert await harness.repositories.job_queue.started(again, "worker-2")

    on_both_databases(work)


def test_job_that_a_slow_worker_started_after_all_is_not_returned_by_the_reclaiming_worker(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        [claimed] = await _claim(harness, "worker-1")
        await harness.repositories.job_queue.reclaim(["worker-1"], "worker-2")
        [reclaimed] = await harness.repositories.job_queue.running("worker-2")
        assert await harness.repositories.job_queue.started(claimed, "worker-1")
        await harness.repositories.job_queue.return_to_queue(reclaimed, "worker-2")
        assert await _due(harness) == []
        assert await harness.repositories.job_queue.workers_with_running_jobs() == {"worker-1"}

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
        assert await _due(harness) == ["hasty", "patient"], "the longest due comes first"

    on_both_databases(work)


def test_claimed_job_leaves_no_old_due_time_behind(on_both_databases: OnBothDatabases[None]) -> None:
    """A job that is requested after the claim waits for its own due time."""

    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "stock", "*", "first")
        await _run_due_jobs(harness)
        await harness.repositories.job_queue.enqueue("main", "stock", "*", "cadence", delay=timedelta(minutes=5))
        assert await _due(harness) == []
        harness.wait(minutes=5)
        assert await _due(harness) == ["*"]

    on_both_databases(work)


def test_jobs_of_connections_and_flows_are_separate(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for connection in ("east", "west"):
            for flow in ("orders", "fulfilment"):
                await harness.repositories.job_queue.enqueue(connection, flow, "1", "webhook")
        claimed = await _claim(harness)
        assert len({job.run_id for job in claimed}) == 4
        assert await harness.repositories.job_queue.pending_count("east", "orders") == 0

    on_both_databases(work)


def test_hundred_simultaneous_webhooks_lose_no_job(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        keys = [str(number % 20) for number in range(100)]
        await asyncio.gather(
            *(harness.repositories.job_queue.enqueue("main", "orders", key, "webhook") for key in keys)
        )
        assert sorted(await _due(harness), key=int) == [str(number) for number in range(20)]

    on_both_databases(work)


def test_limit_leaves_the_rest_for_the_next_dispatch(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        for number in range(7):
            await harness.repositories.job_queue.enqueue("main", "orders", str(number), "sweep")
            harness.wait(seconds=1)
        first = await harness.repositories.job_queue.due(4)
        assert [job.key for job in first] == ["0", "1", "2", "3"]
        await harness.repositories.job_queue.claim(first, "worker-1")
        assert await _due(harness) == ["4", "5", "6"]

    on_both_databases(work)


def test_recurring_job_is_enqueued_once_and_again_only_when_overdue(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        async def ensure() -> None:
            await harness.repositories.job_queue.ensure_recurring("main", "order_sweep", "*", timedelta(hours=26))

        await ensure()
        await ensure()
        assert await _due(harness) == ["*"]
        await _run_due_jobs(harness)
        harness.wait(hours=25)
        await ensure()
        assert await _due(harness) == [], "its own next run is not overdue yet"
        harness.wait(hours=2)
        await ensure()
        assert await _due(harness) == ["*"]

    on_both_databases(work)


def test_recurring_jobs_are_left_to_workers_and_never_hide_another_reason(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        async def due_flows() -> list[str]:
            return [
                job.flow for job in await harness.repositories.job_queue.due(50, excluded_reasons=RECURRING_REASONS)
            ]

        await harness.repositories.job_queue.enqueue("main", "stock", "*", CADENCE)
        await harness.repositories.job_queue.enqueue("main", "order_sweep", "*", "requested")
        assert await due_flows() == ["order_sweep"]
        await harness.repositories.job_queue.enqueue("main", "order_sweep", "*", CADENCE, delay=timedelta(minutes=1))
        assert await due_flows() == ["order_sweep"], "the run before it ended meanwhile"
        await harness.repositories.job_queue.enqueue("main", "stock", "*", "requested")
        assert sorted(await due_flows()) == ["order_sweep", "stock"]

    on_both_databases(work)


def test_recreated_job_never_repeats_a_run_id(on_both_databases: OnBothDatabases[None]) -> None:
    """The engine runs an id once: a second row that counted from 1 again would never run."""

    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        before = {job.run_id for job in await _claim(harness)}
        async with harness.database.transaction() as transaction:
            await transaction.execute(sa.delete(jobs))
        harness.wait(minutes=5)
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "job lost")
        after = {job.run_id for job in await _claim(harness)}
        assert len(after) == 1
        assert not before & after

    on_both_databases(work)


async def _stalled(harness: Harness) -> list[str]:
    return [
        job.key
        for job in await harness.repositories.lost_jobs.stalled_transfers("main", "orders", harness.now - PATIENCE)
    ]


def test_transfer_without_a_job_is_found_after_a_while(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfers = harness.repositories.transfers
        await transfers.open("main", "orders", "new")
        waiting = await transfers.open("main", "orders", "waiting")
        await transfers.schedule_retry(waiting.id, "answer_lost", "no answer", harness.now + timedelta(hours=1), 1)
        assert await _stalled(harness) == []
        harness.wait(minutes=6)
        assert await _stalled(harness) == ["new"]
        harness.wait(minutes=60)
        assert await _stalled(harness) == ["new", "waiting"]

    on_both_databases(work)


def test_transfer_with_a_pending_job_or_an_owner_is_not_stalled(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfers = harness.repositories.transfers
        await transfers.open("main", "orders", "pending")
        await harness.repositories.job_queue.enqueue("main", "orders", "pending", "retry", delay=timedelta(hours=2))
        held = await transfers.open("main", "orders", "held")
        await transfers.record_evaluation(held.id, (hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "X", "a SKU"),))
        posted = await transfers.open("main", "orders", "posted")
        await transfers.change(posted.id, state=State.POSTED)
        await transfers.open("main", "fulfilment", "another flow")
        await transfers.open("east", "orders", "another connection")
        harness.wait(hours=1)
        assert await _stalled(harness) == []

    on_both_databases(work)


def test_posted_transfer_whose_retry_never_ran_is_found(on_both_databases: OnBothDatabases[None]) -> None:
    """A change at the store was known, the store could not be read, and then the job was lost."""

    async def work(harness: Harness) -> None:
        posted = await harness.repositories.transfers.open("main", "orders", "posted")
        await harness.repositories.transfers.change(posted.id, state=State.POSTED, tries=1, next_try_at=harness.now)
        harness.wait(minutes=6)
        assert await _stalled(harness) == ["posted"]

    on_both_databases(work)


def test_stalled_transfer_names_its_last_claimed_job(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.transfers.open("main", "orders", "1042")
        await harness.repositories.job_queue.enqueue("main", "orders", "1042", "webhook")
        claimed = await _claim(harness)
        harness.wait(minutes=6)
        stalled = await harness.repositories.lost_jobs.stalled_transfers("main", "orders", harness.now - PATIENCE)
        assert [job.run_id for job in stalled] == [job.run_id for job in claimed]

    on_both_databases(work)


def test_claimed_job_without_a_transfer_is_found(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.job_queue.enqueue("main", "orders", "lost", "webhook")
        await _claim(harness)
        await harness.repositories.job_queue.enqueue("main", "orders", "pending", "webhook", delay=timedelta(hours=1))
        harness.wait(minutes=6)
        lost = await harness.repositories.lost_jobs.without_transfer("main", "orders", harness.now - PATIENCE)
        assert [job.key for job in lost] == ["lost"]
        await harness.repositories.transfers.open("main", "orders", "lost")
        assert await harness.repositories.lost_jobs.without_transfer("main", "orders", harness.now - PATIENCE) == []

    on_both_databases(work)


def test_due_jobs_are_found_by_index_without_a_full_scan(tmp_path: Path) -> None:
    """The table keeps a row for each object, and each worker polls many times a second."""

    async def plan() -> list[str]:
        database = Database(f"sqlite:///{tmp_path}/weighbridge.db")
        await database.create_tables()
        statements: list[tuple[str, Any]] = []

        def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            statements.append((statement, parameters))

        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", record)
        await JobQueue(database, ScaledClock.starting_now(1.0, NOON)).due(200)
        [(statement, parameters)] = statements
        async with database.reading() as reading:
            rows = (await reading.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
        await database.close()
        return [row[-1] for row in rows]

    assert asyncio.run(plan())[0] == "SEARCH job USING INDEX job_pending (due_at<?)"
