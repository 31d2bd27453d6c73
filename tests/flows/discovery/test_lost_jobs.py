"""No job is lost, whatever happens to the worker that runs it: every object ends posted, held or rejected."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.flows.harness import Harness, by_key, harness
from weighbridge.domain.job_types import Flow
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.jobs.runner import MAX_FAILURES
from weighbridge.persistence.repositories.job_queue import Scope
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.work import jobs
from weighbridge.worker import worker as worker_module
from weighbridge.worker.worker import Worker

MAIN = Scope(("main",))
CREATES_SALE = {"method": "POST", "path": "(?i)/v2/sale$"}


def _with_worker(trial: Harness, work: Callable[[Worker], Awaitable[None]]) -> None:
    """Lets a process that does no jobs act on the database."""

    async def running() -> None:
        worker = trial.worker()
        await worker.database.create_tables()
        await work(worker)
        await worker.database.close()

    asyncio.run(running())


def _sync_orders(trial: Harness, folder: Path) -> subprocess.Popen[bytes]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    command = [sys.executable, "-m", "weighbridge", "sync", "orders", "--config", str(config)]
    return subprocess.Popen(command, env={**os.environ, **trial.environment()}, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("session", ["worker-1-dead", ""], ids=["worker died", "answer lost"])
def test_order_that_was_claimed_and_never_started_is_posted(tmp_path: Path, session: str) -> None:
    """Its worker died right after the claim; or the worker lives, and never learned that its claim was committed."""
    with harness(tmp_path) as trial:
        trial.run(reference_data.FLOW)
        order_id = trial.place()

        async def work() -> State:
            worker = trial.worker()
            queue = worker.repositories.job_queue
            async with worker.working():
                [own] = [known.session.id for known in await worker.repositories.workers.known()]
                async with worker.database.transaction() as transaction:
                    key, now = str(order_id), worker.clock.now()
                    await queue.add(transaction, "main", orders.FLOW, key, "webhook", now)
                    claim = {"worker": session or own, "run": "of nobody", "due_at": None}
                    await transaction.execute(sa.update(jobs).where(jobs.c.key == key).values(claim))
                await worker.settle()
                return (await worker.repositories.transfers.open("main", orders.FLOW, str(order_id))).state

        assert asyncio.run(work()) is State.POSTED
        trial.assert_one_sale(order_id)


def test_order_of_a_command_that_was_killed_is_posted_once_by_the_next(tmp_path: Path) -> None:
    """Each command is a worker with its own name; the sale was created, and the command died before the answer."""
    with harness(tmp_path, speed=60.0) as trial:
        trial.twins.fault("cin7", {"fault": "slow", "seconds": 10, "match": CREATES_SALE, "times": 1})
        order_id = trial.place()
        with _sync_orders(trial, tmp_path) as killed:
            deadline = time.monotonic() + 60
            while not trial.sales(order_id):
                assert time.monotonic() < deadline
                assert killed.poll() is None, "the command must still be posting the order"
                time.sleep(0.05)
            killed.kill()
        clock = trial.twins.running.clock
        clock.set(now=clock.now() + timedelta(hours=1))
        with _sync_orders(trial, tmp_path) as following:
            assert following.wait(timeout=90) == 0
        [row] = trial.transfers(orders.FLOW)
        assert row.state is State.POSTED
        trial.assert_one_sale(order_id)
        assert len(trial.sales()) == 1


def test_order_whose_run_a_stop_cut_off_is_posted_once_by_the_next_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cin7 created the sale and answers only after the worker's patience at its stop."""
    monkeypatch.setattr(worker_module, "STOP_WALL_SECONDS", 0.2)
    with harness(tmp_path, speed=60.0) as trial:
        trial.run(reference_data.FLOW)
        trial.twins.fault("cin7", {"fault": "slow", "seconds": 5, "match": CREATES_SALE, "times": 1})
        order_id = trial.place()

        async def work() -> None:
            worker = trial.worker()
            async with worker.working():
                await worker.repositories.job_queue.enqueue("main", orders.FLOW, str(order_id), "webhook")
                while not await asyncio.to_thread(trial.sales, order_id):
                    await asyncio.sleep(0.02)

        asyncio.run(work())
        rows = trial.run(reference_data.FLOW)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)
        assert len(trial.sales()) == 1


def test_webhook_during_a_run_causes_one_more_run(tmp_path: Path) -> None:
    """The store changed the order after the run had read it; the second run reads the change."""
    with harness(tmp_path, speed=60.0) as trial:
        trial.run(reference_data.FLOW)
        order_id = trial.place()
        read = {"method": "GET", "path": rf"/orders/{order_id}$"}
        trial.twins.fault("bigcommerce", {"fault": "slow_before", "seconds": 1, "match": read, "times": 1})

        async def work() -> None:
            worker = trial.worker()
            queue = worker.repositories.job_queue
            async with worker.working():
                await queue.enqueue("main", orders.FLOW, str(order_id), "webhook")
                while not await queue.is_any_running():
                    await asyncio.sleep(0.02)
                await queue.enqueue("main", orders.FLOW, str(order_id), "webhook")
                await worker.settle()

        asyncio.run(work())
        trial.assert_one_sale(order_id)
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) >= 2
        assert trial.writes().count("POST /sale") == 1


def test_held_order_is_left_to_its_owner(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place(lines=[{"sku": "NOPE", "quantity": 1, "price": "5.00"}])
        trial.run()
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))
        clock = trial.twins.running.clock
        clock.set(now=clock.now() + timedelta(hours=11))
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
            deadline = time.monotonic() + 60
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
    """Another run would only crash the next worker."""
    with harness(tmp_path) as trial:
        order_id = trial.place()

        async def crash(worker: Worker) -> None:
            queue = worker.repositories.job_queue
            await queue.enqueue("main", Flow.ORDERS, str(order_id), "webhook")
            for number in range(MAX_FAILURES):
                assert await queue.claim(f"dead-{number}", f"dead-{number}.1", 1, MAIN)
                assert await queue.release_lost("another", ()) == 1

        _with_worker(trial, crash)
        row = by_key(trial.run(reference_data.FLOW))[str(order_id)]
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "unexpected_error", "operations")
        assert str(MAX_FAILURES) in row.reason
        assert trial.sales(order_id) == []
