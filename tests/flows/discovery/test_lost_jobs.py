"""Lost jobs are requeued by the sweeps, so that every object ends posted, held or rejected."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.flows.harness import ORDERS, Harness, by_key, harness
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.work import jobs
from weighbridge.worker.worker import Worker

PATIENT = """
[connections.main.design.retry]
settle_seconds = 36000
"""


def _let_pass(trial: Harness, time_passed: timedelta) -> None:
    """Lets the twins' time jump while no worker runs."""
    clock = trial.twins.running.clock
    clock.set(now=clock.now() + time_passed)


def _with_worker(trial: Harness, work: Callable[[Worker], Awaitable[None]]) -> None:
    async def running() -> None:
        worker = trial.worker()
        await worker.database.create_tables()
        await work(worker)
        await worker.database.close()

    asyncio.run(running())


def _stop_halfway(trial: Harness, order_id: int, **job_values: object) -> None:
    """Resets the order's transfer to the state before its evaluation, and sets `job_values` on its job."""

    async def stop(worker: Worker) -> None:
        transfer = await worker.repositories.transfers.find("main", orders.FLOW, str(order_id))
        assert transfer is not None
        await worker.repositories.transfers.change(transfer.id, state=State.NEW)
        if job_values:
            job = sa.update(jobs).where(jobs.c.flow == orders.FLOW).values(job_values)
            await worker.database.execute(job)

    _with_worker(trial, stop)


def _interrupt_run(folder: Path, worker: str) -> None:
    """Makes the engine's tables say that `worker` executes the order's run and has finished no step."""
    with sqlite3.connect(folder / "weighbridge-engine.db") as engine:
        engine.execute("DELETE FROM operation_outputs WHERE workflow_uuid LIKE 'orders:%'")
        interrupt = "UPDATE workflow_status SET status = 'PENDING', executor_id = ? WHERE name = 'orders'"
        assert engine.execute(interrupt, (worker,)).rowcount == 1


def _sync_orders(trial: Harness, folder: Path) -> subprocess.Popen[bytes]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    command = [sys.executable, "-m", "weighbridge", "sync", "orders", "--config", str(config)]
    return subprocess.Popen(command, env={**os.environ, **trial.environment()}, stdout=subprocess.DEVNULL)


async def _delete_order_jobs(worker: Worker) -> None:
    async with worker.database.transaction() as transaction:
        await transaction.execute(sa.delete(jobs).where(jobs.c.flow == orders.FLOW))


def _waiting(rows: list[Transfer]) -> bool:
    return bool(rows) and all(row.state is State.WAITING for row in rows)


def test_waiting_order_whose_job_was_lost_is_posted_by_the_next_sweep(tmp_path: Path) -> None:
    """The header's answer was lost, and then the job too; the sale is found and not created again."""
    with harness(tmp_path, design=PATIENT) as trial:
        match = {"method": "POST", "path": "(?i)/v2/sale$"}
        trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        order_id = trial.place()
        rows = trial.run(until=_waiting)
        assert by_key(rows)[str(order_id)].reason_kind == "answer_lost"
        _with_worker(trial, _delete_order_jobs)
        trial.run(sweeps.ORDER_SWEEP, until=_waiting)
        _let_pass(trial, timedelta(hours=11))
        rows = trial.run(sweeps.ORDER_SWEEP)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)
        assert trial.writes().count("POST /sale") == 1


def test_new_order_whose_run_the_engine_lost_is_posted_by_the_next_sweep(tmp_path: Path) -> None:
    """The engine started the job, and its tables were lost before the order was posted."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()

        _stop_halfway(trial, order_id)
        for file in tmp_path.glob("weighbridge-engine.db*"):
            file.unlink()
        _let_pass(trial, timedelta(minutes=10))
        rows = trial.run(sweeps.ORDER_SWEEP)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


def test_order_known_only_from_a_webhook_is_posted_after_its_run_was_lost(tmp_path: Path) -> None:
    """No sweep reads back that far, and only the webhook of the order was stored."""
    with harness(tmp_path) as trial:
        order_id = trial.place()

        async def enqueue_and_lose(worker: Worker) -> None:
            await worker.repositories.job_queue.enqueue("main", orders.FLOW, str(order_id), "webhook")
            due = await worker.repositories.job_queue.due(10)
            for job in await worker.repositories.job_queue.claim(due, "worker-9"):
                await worker.repositories.job_queue.finished(job)

        _with_worker(trial, enqueue_and_lose)
        _let_pass(trial, timedelta(days=3))
        rows = trial.run(*ORDERS)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


@pytest.mark.parametrize("name", ["worker-1", "removed-meanwhile"])
def test_order_whose_worker_died_before_the_start_is_posted_by_the_next_worker(tmp_path: Path, name: str) -> None:
    """The job was claimed, and never reached the engine."""
    with harness(tmp_path) as trial:
        order_id = trial.place()

        async def claim_and_die(worker: Worker) -> None:
            await worker.repositories.job_queue.enqueue("main", orders.FLOW, str(order_id), "webhook")
            assert await worker.repositories.job_queue.claim(await worker.repositories.job_queue.due(10), name)

        _with_worker(trial, claim_and_die)
        rows = trial.run(reference_data.FLOW)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


def test_order_is_requeued_although_the_finish_of_its_last_job_was_not_recorded(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))

        async def forget_the_end(worker: Worker) -> None:
            async with worker.database.transaction() as transaction:
                of_orders = jobs.c.flow == orders.FLOW
                await transaction.execute(sa.update(jobs).where(of_orders).values(running_seq=jobs.c.claimed_seq))
            await worker.repositories.job_queue.enqueue("main", orders.FLOW, str(order_id), "webhook")

        _with_worker(trial, forget_the_end)
        trial.run(sweeps.FULFILMENT_SWEEP)
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) > reads
        trial.assert_one_sale(order_id)


def test_orphaned_run_is_resumed(tmp_path: Path) -> None:
    """Its worker was removed as dead by mistake, continued, and died: the engine waits for its return."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        _stop_halfway(trial, order_id, running_seq=jobs.c.claimed_seq, worker="worker-1")
        _interrupt_run(tmp_path, worker="removed")
        rows = trial.run(reference_data.FLOW)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


def test_run_resumed_after_its_job_finished_reads_nothing(tmp_path: Path) -> None:
    """After a power cut the engine's file is older than our database: it does not know that the job finished."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        _stop_halfway(trial, order_id)
        _interrupt_run(tmp_path, worker="worker-1")
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))
        row = by_key(trial.run(reference_data.FLOW, until=lambda _: True))[str(order_id)]
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) == reads
        assert row.state is State.NEW, "the sweep requeues it; a finished job does nothing when it is resumed"
        with sqlite3.connect(tmp_path / "weighbridge-engine.db") as engine:
            [status] = engine.execute("SELECT status FROM workflow_status WHERE name = 'orders'").fetchone()
        assert status == "SUCCESS"


def test_run_resumed_in_the_process_that_still_executes_it_waits_for_the_first(tmp_path: Path) -> None:
    """A worker that was taken for dead by mistake is asked to resume its own run."""
    with harness(tmp_path, speed=60.0) as trial:
        trial.run(reference_data.FLOW)
        order_id = trial.place()
        read = {"method": "GET", "path": rf"/orders/{order_id}$"}
        trial.twins.fault("bigcommerce", {"fault": "slow_before", "seconds": 4, "match": read, "times": 1})

        async def resume_while_running() -> float:
            worker = trial.worker()
            async with worker.working():
                await worker.repositories.job_queue.enqueue("main", orders.FLOW, str(order_id), "webhook")
                while not worker.engine.running_here():
                    await asyncio.sleep(0.02)
                [run_id], resumed = worker.engine.running_here(), time.monotonic()
                await worker.engine.resume(run_id)
                while not trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"):
                    await asyncio.sleep(0.02)
                answered = time.monotonic()
                await worker.settle()
            return answered - resumed

        assert asyncio.run(resume_while_running()) > 3, "the first answer is the one that took four seconds"
        trial.assert_one_sale(order_id)
        assert trial.writes().count("POST /sale") == 1


def test_order_of_a_command_that_was_killed_is_posted_once_by_the_next(tmp_path: Path) -> None:
    """Each command is a worker with its own name; the sale was created, and the command died before the answer."""
    with harness(tmp_path, speed=60.0) as trial:
        match = {"method": "POST", "path": "(?i)/v2/sale$"}
        trial.twins.fault("cin7", {"fault": "slow", "seconds": 10, "match": match, "times": 1})
        order_id = trial.place()
        with _sync_orders(trial, tmp_path) as killed:
            deadline = time.monotonic() + 60
            while not trial.sales(order_id):
                assert time.monotonic() < deadline
                assert killed.poll() is None, "the command must still be posting the order"
                time.sleep(0.05)
            killed.kill()
        _let_pass(trial, timedelta(hours=1))
        with _sync_orders(trial, tmp_path) as following:
            assert following.wait(timeout=90) == 0
        [row] = trial.transfers(orders.FLOW)
        assert row.state is State.POSTED
        trial.assert_one_sale(order_id)
        assert len(trial.sales()) == 1


def test_held_order_is_left_to_its_owner(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place(lines=[{"sku": "NOPE", "quantity": 1, "price": "5.00"}])
        trial.run()
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))
        _let_pass(trial, timedelta(hours=11))
        rows = trial.run(sweeps.ORDER_SWEEP)
        assert by_key(rows)[str(order_id)].state is State.HELD
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) == reads


def test_refused_sweep_is_held_and_runs_again(tmp_path: Path) -> None:
    """One answer of 400 must not end the sweeps: the next run succeeds and clears the hold."""
    with harness(tmp_path) as trial:
        match = {"method": "GET", "path": "/v2/orders$"}
        trial.twins.fault("bigcommerce", {"fault": "error_before", "status": 400, "match": match, "times": 1})

        async def work() -> list[tuple[State, str]]:
            worker, seen = trial.worker(), list[tuple[State, str]]()
            deadline = time.monotonic() + 20
            async with worker.working(recurring=True):
                await worker.repositories.job_queue.enqueue("main", sweeps.ORDER_SWEEP, "*", "first run")
                while not seen or seen[-1][0] is not State.POSTED:
                    sweep = await worker.repositories.transfers.find("main", sweeps.ORDER_SWEEP, "*")
                    if sweep is not None and (not seen or seen[-1] != (sweep.state, sweep.owner)):
                        seen.append((sweep.state, sweep.owner))
                    assert time.monotonic() < deadline, seen
                    await asyncio.sleep(0.005)
            return seen

        seen = asyncio.run(work())
        assert seen[-2:] == [(State.HELD, "ecommerce"), (State.POSTED, "")]


def test_order_that_crashed_its_worker_too_often_is_held_for_operations(tmp_path: Path) -> None:
    """The engine gave up its run; requeueing it would only crash the next worker."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()

        _stop_halfway(trial, order_id)
        with sqlite3.connect(tmp_path / "weighbridge-engine.db") as engine:
            given_up = "UPDATE workflow_status SET status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' WHERE name = 'orders'"
            assert engine.execute(given_up).rowcount == 1
        _let_pass(trial, timedelta(minutes=10))
        row = by_key(trial.run(sweeps.ORDER_SWEEP))[str(order_id)]
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "unexpected_error", "operations")
