"""Unresponsive workers are found until their jobs are reclaimed, however they ended."""

from __future__ import annotations

from datetime import timedelta

from tests.persistence.conftest import Harness, OnBothDatabases

PATIENCE = timedelta(seconds=20)
VERSION = "flows-1"


async def _unresponsive(harness: Harness) -> list[tuple[str, bool]]:
    return [(worker.id, worker.is_deregistered) for worker in await harness.repositories.workers.unresponsive(PATIENCE)]


def test_worker_without_a_heartbeat_is_unresponsive(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        workers = harness.repositories.workers
        for name in ("worker-1", "worker-2"):
            await workers.register(name, VERSION)
        harness.wait(seconds=15)
        await workers.heartbeat("worker-1", VERSION)
        assert await _unresponsive(harness) == []
        harness.wait(seconds=15)
        assert await _unresponsive(harness) == [("worker-2", False)]

    on_both_databases(work)


def test_dead_worker_is_found_until_its_jobs_are_reclaimed(on_both_databases: OnBothDatabases[None]) -> None:
    """The worker that finds it may die before reclaiming; the next worker must still find it."""

    async def work(harness: Harness) -> None:
        await harness.repositories.workers.register("worker-2", VERSION)
        harness.wait(minutes=1)
        assert await _unresponsive(harness) == await _unresponsive(harness) == [("worker-2", False)]
        await harness.repositories.workers.remove(["worker-2"], PATIENCE)
        assert await _unresponsive(harness) == []

    on_both_databases(work)


def test_deregistered_worker_becomes_unresponsive_too(on_both_databases: OnBothDatabases[None]) -> None:
    """A long call may outlast the shutdown; its run must not wait for a worker of that name to come back."""

    async def work(harness: Harness) -> None:
        await harness.repositories.workers.register("worker-2", VERSION)
        await harness.repositories.workers.deregister("worker-2")
        assert await _unresponsive(harness) == [], "it may be back at once"
        harness.wait(minutes=1)
        assert await _unresponsive(harness) == [("worker-2", True)]

    on_both_databases(work)


def test_worker_that_was_only_frozen_is_not_removed(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        workers = harness.repositories.workers
        await workers.register("worker-2", VERSION)
        harness.wait(minutes=1)
        unresponsive = [worker.id for worker in await workers.unresponsive(PATIENCE)]
        await workers.heartbeat("worker-2", VERSION)
        await workers.remove(unresponsive, PATIENCE)
        harness.wait(minutes=1)
        assert await _unresponsive(harness) == [("worker-2", False)], (
            "it is still registered, and found when it becomes unresponsive again"
        )
        await workers.remove(["worker-2"], PATIENCE)
        await workers.heartbeat("worker-2", VERSION)
        harness.wait(minutes=1)
        assert await _unresponsive(harness) == [("worker-2", False)], "a heartbeat after its removal registers it again"

    on_both_databases(work)
