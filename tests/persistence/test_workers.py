"""Workers that fall silent are found until somebody has taken their work over, however they ended."""

from __future__ import annotations

from datetime import timedelta

from tests.persistence.conftest import Desk, Desks

PATIENCE = timedelta(seconds=20)
VERSION = "flows-1"


async def _silent(desk: Desk) -> list[tuple[str, bool]]:
    return [(one.id, one.left) for one in await desk.journal.workers.silent(PATIENCE)]


def test_worker_that_beats_is_alive_and_one_that_does_not_is_found(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        workers = desk.journal.workers
        for name in ("worker-1", "worker-2"):
            await workers.arrive(name, VERSION)
        desk.wait(seconds=15)
        await workers.beat("worker-1", VERSION)
        assert await _silent(desk) == []
        desk.wait(seconds=15)
        assert await _silent(desk) == [("worker-2", False)]

    at_desk(work)


def test_dead_worker_is_found_again_until_its_work_was_taken_over(at_desk: Desks[None]) -> None:
    """Who finds it may die before taking over; then the next one finds it still."""

    async def work(desk: Desk) -> None:
        await desk.journal.workers.arrive("worker-2", VERSION)
        desk.wait(minutes=1)
        assert await _silent(desk) == await _silent(desk) == [("worker-2", False)]
        await desk.journal.workers.bury(["worker-2"], PATIENCE)
        assert await _silent(desk) == []

    at_desk(work)


def test_worker_that_left_in_good_order_is_looked_after_too(at_desk: Desks[None]) -> None:
    """A long call may outlast the stopping; its run must not wait for a worker of that name to come back."""

    async def work(desk: Desk) -> None:
        await desk.journal.workers.arrive("worker-2", VERSION)
        await desk.journal.workers.leave("worker-2")
        assert await _silent(desk) == [], "it may be back at once"
        desk.wait(minutes=1)
        assert await _silent(desk) == [("worker-2", True)]

    at_desk(work)


def test_worker_that_was_only_frozen_is_not_forgotten(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        workers = desk.journal.workers
        await workers.arrive("worker-2", VERSION)
        desk.wait(minutes=1)
        found = [one.id for one in await workers.silent(PATIENCE)]
        await workers.beat("worker-2", VERSION)
        await workers.bury(found, PATIENCE)
        desk.wait(minutes=1)
        assert await _silent(desk) == [("worker-2", False)], "still known, and found when it falls silent again"
        await workers.bury(["worker-2"], PATIENCE)
        await workers.beat("worker-2", VERSION)
        desk.wait(minutes=1)
        assert await _silent(desk) == [("worker-2", False)], "a beat after its burial makes it known again"

    at_desk(work)
