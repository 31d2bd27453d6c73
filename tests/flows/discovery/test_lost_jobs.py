"""Whatever loses the look at an object, the sweeps find it: everything ends posted, held or rejected."""

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

from tests.flows.harness import ORDERS, Rig, by_key, rig
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.work import agenda
from weighbridge.worker.worker import Service

PATIENT = """
[connections.main.design.retry]
settle_seconds = 36000
"""


def _pass(trial: Rig, time_passed: timedelta) -> None:
    """Lets the twins' time jump while no worker runs."""
    clock = trial.twins.running.clock
    clock.set(now=clock.now() + time_passed)


def _with_service(trial: Rig, work: Callable[[Service], Awaitable[None]]) -> None:
    async def running() -> None:
        service = trial.service()
        await service.database.create_tables()
        await work(service)
        await service.database.close()

    asyncio.run(running())


def _stop_halfway(trial: Rig, order_id: int, **of_its_look: object) -> None:
    """The order's transfer as it stands before anything was weighed, with `of_its_look` on its row of the agenda."""

    async def stop(service: Service) -> None:
        found = await service.journal.transfers.find("main", orders.FLOW, str(order_id))
        assert found is not None
        await service.journal.transfers.change(found.id, state=State.NEW)
        if of_its_look:
            look = sa.update(agenda).where(agenda.c.flow == orders.FLOW).values(of_its_look)
            await service.database.execute(look)

    _with_service(trial, stop)


def _cut_off(folder: Path, worker: str) -> None:
    """The engine's book says that `worker` is in the order's run and has ended no step."""
    with sqlite3.connect(folder / "weighbridge-engine.db") as engine:
        engine.execute("DELETE FROM operation_outputs WHERE workflow_uuid LIKE 'orders:%'")
        cut_off = "UPDATE workflow_status SET status = 'PENDING', executor_id = ? WHERE name = 'orders'"
        assert engine.execute(cut_off, (worker,)).rowcount == 1


def _sync_orders(trial: Rig, folder: Path) -> subprocess.Popen[bytes]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    words = [sys.executable, "-m", "weighbridge", "sync", "orders", "--config", str(config)]
    return subprocess.Popen(words, env={**os.environ, **trial.environment()}, stdout=subprocess.DEVNULL)


async def _forget_looks_at_orders(service: Service) -> None:
    async with service.database.transaction() as transaction:
        await transaction.execute(sa.delete(agenda).where(agenda.c.flow == orders.FLOW))


def _waiting(rows: list[Transfer]) -> bool:
    return bool(rows) and all(row.state is State.WAITING for row in rows)


def test_waiting_order_whose_look_was_lost_is_posted_by_the_next_sweep(tmp_path: Path) -> None:
    """The header's answer was lost, and then the agenda's entry too; the sale it made is found, not made again."""
    with rig(tmp_path, design=PATIENT) as trial:
        match = {"method": "POST", "path": "(?i)/v2/sale$"}
        trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        order_id = trial.place()
        rows = trial.run(until=_waiting)
        assert by_key(rows)[str(order_id)].reason_kind == "answer_lost"
        _with_service(trial, _forget_looks_at_orders)
        trial.run(sweeps.ORDER_SWEEP, until=_waiting)
        _pass(trial, timedelta(hours=11))
        rows = trial.run(sweeps.ORDER_SWEEP)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)
        assert trial.writes().count("POST /sale") == 1


def test_new_order_whose_run_the_engine_lost_is_posted_by_the_next_sweep(tmp_path: Path) -> None:
    """The engine took the look and its tables were lost before the order was posted."""
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()

        _stop_halfway(trial, order_id)
        for file in tmp_path.glob("weighbridge-engine.db*"):
            file.unlink()
        _pass(trial, timedelta(minutes=10))
        rows = trial.run(sweeps.ORDER_SWEEP)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


def test_order_only_heard_of_by_a_hook_whose_run_was_lost_is_posted(tmp_path: Path) -> None:
    """No sweep reads back far enough any more, and nothing of the order was stored but the hook."""
    with rig(tmp_path) as trial:
        order_id = trial.place()

        async def hear_and_lose(service: Service) -> None:
            await service.journal.agenda.look_again("main", orders.FLOW, str(order_id), "hook")
            for item in await service.journal.agenda.take(await service.journal.agenda.due(10), "worker-9"):
                await service.journal.agenda.ended(item)

        _with_service(trial, hear_and_lose)
        _pass(trial, timedelta(days=3))
        rows = trial.run(*ORDERS)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


@pytest.mark.parametrize("worker", ["worker-1", "buried-meanwhile"])
def test_order_whose_worker_died_before_it_began_is_posted_by_who_works_next(tmp_path: Path, worker: str) -> None:
    """The look was taken, and the engine never heard of it."""
    with rig(tmp_path) as trial:
        order_id = trial.place()

        async def take_and_die(service: Service) -> None:
            await service.journal.agenda.look_again("main", orders.FLOW, str(order_id), "hook")
            assert await service.journal.agenda.take(await service.journal.agenda.due(10), worker)

        _with_service(trial, take_and_die)
        rows = trial.run(bookkeeping.FLOW)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


def test_order_is_looked_at_again_although_the_end_of_its_last_look_was_not_noted(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))

        async def forget_the_end(service: Service) -> None:
            async with service.database.transaction() as transaction:
                of_orders = agenda.c.flow == orders.FLOW
                await transaction.execute(sa.update(agenda).where(of_orders).values(under_way=agenda.c.taken))
            await service.journal.agenda.look_again("main", orders.FLOW, str(order_id), "hook")

        _with_service(trial, forget_the_end)
        trial.run(sweeps.FULFILMENT_SWEEP)
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) > reads
        trial.assert_one_sale(order_id)


def test_run_that_nobody_is_in_any_more_is_resumed(tmp_path: Path) -> None:
    """Its worker was taken for dead and buried, went on, and died: the engine waits for its return."""
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        _stop_halfway(trial, order_id, under_way=agenda.c.taken, worker="worker-1")
        _cut_off(tmp_path, worker="buried")
        rows = trial.run(bookkeeping.FLOW)
        assert by_key(rows)[str(order_id)].state is State.POSTED
        trial.assert_one_sale(order_id)


def test_run_that_is_resumed_out_of_turn_looks_at_nothing(tmp_path: Path) -> None:
    """After a power cut the engine's file is older than ours: it has forgotten that the look ended."""
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        _stop_halfway(trial, order_id)
        _cut_off(tmp_path, worker="worker-1")
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))
        row = by_key(trial.run(bookkeeping.FLOW, until=lambda _: True))[str(order_id)]
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) == reads
        assert row.state is State.NEW, "the sweep finds it; nobody looks beside whoever has its turn"
        with sqlite3.connect(tmp_path / "weighbridge-engine.db") as engine:
            [ended] = engine.execute("SELECT status FROM workflow_status WHERE name = 'orders'").fetchone()
        assert ended == "SUCCESS"


def test_run_that_is_resumed_while_this_process_is_in_it_waits_for_its_first_self(tmp_path: Path) -> None:
    """Taken for dead by mistake, a worker is handed its own run."""
    with rig(tmp_path, speed=60.0) as trial:
        trial.run(bookkeeping.FLOW)
        order_id = trial.place()
        read = {"method": "GET", "path": rf"/orders/{order_id}$"}
        trial.twins.fault("bigcommerce", {"fault": "slow_before", "seconds": 4, "match": read, "times": 1})

        async def resume_in_the_midst() -> float:
            service = trial.service()
            async with service.working():
                await service.journal.agenda.look_again("main", orders.FLOW, str(order_id), "hook")
                while not service.engine.here():
                    await asyncio.sleep(0.02)
                [run_id], resumed = service.engine.here(), time.monotonic()
                await service.engine.resume(run_id)
                while not trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"):
                    await asyncio.sleep(0.02)
                answered = time.monotonic()
                await service.settle()
            return answered - resumed

        assert asyncio.run(resume_in_the_midst()) > 3, "the first answer is the one that took four seconds"
        trial.assert_one_sale(order_id)
        assert trial.writes().count("POST /sale") == 1


def test_order_of_a_command_that_was_killed_is_posted_once_by_the_next(tmp_path: Path) -> None:
    """Each command is a worker of its own name; the sale was made, and whoever asked for it died before its answer."""
    with rig(tmp_path, speed=60.0) as trial:
        match = {"method": "POST", "path": "(?i)/v2/sale$"}
        trial.twins.fault("cin7", {"fault": "slow", "seconds": 10, "match": match, "times": 1})
        order_id = trial.place()
        with _sync_orders(trial, tmp_path) as killed:
            deadline = time.monotonic() + 60
            while not trial.sales(order_id):
                assert time.monotonic() < deadline
                assert killed.poll() is None, "it has to be in the midst of the order"
                time.sleep(0.05)
            killed.kill()
        _pass(trial, timedelta(hours=1))
        with _sync_orders(trial, tmp_path) as following:
            assert following.wait(timeout=90) == 0
        [row] = trial.transfers(orders.FLOW)
        assert row.state is State.POSTED
        trial.assert_one_sale(order_id)
        assert len(trial.sales()) == 1


def test_held_order_is_left_to_its_owner(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        order_id = trial.place(lines=[{"sku": "NOPE", "quantity": 1, "price": "5.00"}])
        trial.run()
        reads = len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}"))
        _pass(trial, timedelta(hours=11))
        rows = trial.run(sweeps.ORDER_SWEEP)
        assert by_key(rows)[str(order_id)].state is State.HELD
        assert len(trial.twins.calls("bigcommerce", path=f"/orders/{order_id}")) == reads


def test_refused_sweep_is_held_and_comes_round_again(tmp_path: Path) -> None:
    """One answer of 400 must not end the sweeping: the next round mends it and clears the hold."""
    with rig(tmp_path) as trial:
        match = {"method": "GET", "path": "/v2/orders$"}
        trial.twins.fault("bigcommerce", {"fault": "error_before", "status": 400, "match": match, "times": 1})

        async def work() -> list[tuple[State, str]]:
            service, seen = trial.service(), list[tuple[State, str]]()
            deadline = time.monotonic() + 20
            async with service.working(recurring=True):
                await service.journal.agenda.look_again("main", sweeps.ORDER_SWEEP, "*", "first look")
                while not seen or seen[-1][0] is not State.POSTED:
                    found = await service.journal.transfers.find("main", sweeps.ORDER_SWEEP, "*")
                    if found is not None and (not seen or seen[-1] != (found.state, found.owner)):
                        seen.append((found.state, found.owner))
                    assert time.monotonic() < deadline, seen
                    await asyncio.sleep(0.005)
            return seen

        seen = asyncio.run(work())
        assert seen[-2:] == [(State.HELD, "ecommerce"), (State.POSTED, "")]


def test_order_that_ended_its_worker_too_often_waits_for_operations(tmp_path: Path) -> None:
    """The engine gave its run up; reviving it would only end the next worker."""
    with rig(tmp_path) as trial:
        order_id = trial.place()
        trial.run()

        _stop_halfway(trial, order_id)
        with sqlite3.connect(tmp_path / "weighbridge-engine.db") as engine:
            given_up = "UPDATE workflow_status SET status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' WHERE name = 'orders'"
            assert engine.execute(given_up).rowcount == 1
        _pass(trial, timedelta(minutes=10))
        row = by_key(trial.run(sweeps.ORDER_SWEEP))[str(order_id)]
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "unexpected_error", "operations")
