"""The agenda: many reasons are one look, no reason is lost, and what is lost all the same is found."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.persistence.conftest import NOON, Desk, Desks
from weighbridge.common.clock import ScaledClock
from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.job_queue import CADENCE, LEFT_TO_WORKERS, Agenda, AgendaItem
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.work import agenda

PATIENCE = timedelta(minutes=5)


async def _due(desk: Desk) -> list[str]:
    return [item.key for item in await desk.journal.agenda.due(50)]


async def _take(desk: Desk, worker: str = "worker-1") -> list[AgendaItem]:
    return await desk.journal.agenda.take(await desk.journal.agenda.due(50), worker)


async def _look(desk: Desk) -> list[AgendaItem]:
    """Takes what is due and brings it to its end."""
    items = await _take(desk)
    for item in items:
        await desk.journal.agenda.ended(item)
    return items


def test_many_reasons_to_look_at_one_order_are_one_look(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        for reason in ("hook", "hook", "sweep"):
            await desk.journal.agenda.look_again("main", "orders", "1042", reason)
        assert await _due(desk) == ["1042"]
        assert await desk.journal.agenda.open_count("main", "orders") == 1
        assert [item.key for item in await _take(desk)] == ["1042"]
        assert await _due(desk) == []

    at_desk(work)


def test_reason_that_comes_while_a_look_is_under_way_asks_for_another_one(at_desk: Desks[None]) -> None:
    """The run may have read the order before the change that the second hook tells of."""

    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        first = await _take(desk)
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        assert await _due(desk) == [], "looks at one key never overlap"
        await desk.journal.agenda.ended(first[0])
        second = await _take(desk)
        assert [item.key for item in second] == ["1042"]
        assert second[0].run_id != first[0].run_id

    at_desk(work)


def test_reason_that_comes_while_a_look_is_being_taken_asks_for_another_one(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        found = await desk.journal.agenda.due(50)
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        assert await desk.journal.agenda.take(found, "worker-1") == found
        await desk.journal.agenda.ended(found[0])
        assert await _due(desk) == ["1042"]

    at_desk(work)


def test_look_is_taken_by_one_worker_of_many(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        for number in range(20):
            await desk.journal.agenda.look_again("main", "orders", str(number), "hook")
        found = await desk.journal.agenda.due(50)
        workers = [f"worker-{number}" for number in range(4)]
        taken = await asyncio.gather(*(desk.journal.agenda.take(found, worker) for worker in workers))
        assert sorted(item.run_id for some in taken for item in some) == sorted(item.run_id for item in found)
        for worker, some in zip(workers, taken, strict=True):
            assert sorted(item.key for item in await desk.journal.agenda.under_way(worker)) == sorted(
                item.key for item in some
            )

    at_desk(work)


def test_end_of_a_look_that_is_told_twice_ends_no_later_one(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        [first] = await _look(desk)
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        [second] = await _take(desk)
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        await desk.journal.agenda.ended(first)
        await desk.journal.agenda.give_back(first, "worker-1")
        assert not await desk.journal.agenda.begun(first, "worker-1")
        assert await desk.journal.agenda.any_under_way()
        assert await _due(desk) == []
        await desk.journal.agenda.ended(second)
        assert await _due(desk) == ["1042"]
        assert not await desk.journal.agenda.any_under_way()

    at_desk(work)


def test_look_that_was_taken_and_never_begun_is_given_back_and_cannot_be_begun_late(at_desk: Desks[None]) -> None:
    """A worker that was only slow finds that it is not its turn any more: the two runs never overlap."""

    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        [taken] = await _take(desk, "worker-1")
        await desk.journal.agenda.take_over(["worker-1"], "worker-2")
        assert await desk.journal.agenda.under_way("worker-1") == []
        [found] = await desk.journal.agenda.under_way("worker-2")
        await desk.journal.agenda.give_back(found, "worker-2")
        assert not await desk.journal.agenda.begun(taken, "worker-1")
        [again] = await _take(desk, "worker-2")
        assert again.run_id != taken.run_id
        assert not await desk.journal.agenda.begun(taken, "worker-1")
        assert await desk.journal.agenda.begun(again, "worker-2")

    at_desk(work)


def test_look_that_a_slow_worker_began_after_all_is_not_given_back_by_who_took_it_over(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        [taken] = await _take(desk, "worker-1")
        await desk.journal.agenda.take_over(["worker-1"], "worker-2")
        [found] = await desk.journal.agenda.under_way("worker-2")
        assert await desk.journal.agenda.begun(taken, "worker-1")
        await desk.journal.agenda.give_back(found, "worker-2")
        assert await _due(desk) == []
        assert await desk.journal.agenda.holders() == {"worker-1"}

    at_desk(work)


def test_later_reason_never_delays_an_earlier_look_and_an_earlier_one_hastens_it(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        look = desk.journal.agenda.look_again
        await look("main", "orders", "patient", "retry", after=timedelta(minutes=10))
        await look("main", "orders", "patient", "sweep", after=timedelta(hours=1))
        await look("main", "orders", "hasty", "retry", after=timedelta(hours=1))
        await look("main", "orders", "hasty", "hook", after=timedelta(seconds=3))
        assert await _due(desk) == []
        desk.wait(seconds=3)
        assert await _due(desk) == ["hasty"]
        desk.wait(minutes=10)
        assert await _due(desk) == ["hasty", "patient"], "the longest due comes first"

    at_desk(work)


def test_taken_look_leaves_no_old_time_behind(at_desk: Desks[None]) -> None:
    """A look that is asked for later than the one just taken waits for its own time."""

    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "stock", "*", "first")
        await _look(desk)
        await desk.journal.agenda.look_again("main", "stock", "*", "cadence", after=timedelta(minutes=5))
        assert await _due(desk) == []
        desk.wait(minutes=5)
        assert await _due(desk) == ["*"]

    at_desk(work)


def test_looks_of_connections_and_flows_are_their_own(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        for connection in ("east", "west"):
            for flow in ("orders", "fulfilment"):
                await desk.journal.agenda.look_again(connection, flow, "1", "hook")
        items = await _take(desk)
        assert len({item.run_id for item in items}) == 4
        assert await desk.journal.agenda.open_count("east", "orders") == 0

    at_desk(work)


def test_hundred_hooks_at_the_same_moment_lose_none(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        keys = [str(number % 20) for number in range(100)]
        await asyncio.gather(*(desk.journal.agenda.look_again("main", "orders", key, "hook") for key in keys))
        assert sorted(await _due(desk), key=int) == [str(number) for number in range(20)]

    at_desk(work)


def test_limit_leaves_the_rest_for_the_next_round(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        for number in range(7):
            await desk.journal.agenda.look_again("main", "orders", str(number), "sweep")
            desk.wait(seconds=1)
        first = await desk.journal.agenda.due(4)
        assert [item.key for item in first] == ["0", "1", "2", "3"]
        await desk.journal.agenda.take(first, "worker-1")
        assert await _due(desk) == ["4", "5", "6"]

    at_desk(work)


def test_recurring_look_is_asked_for_once_and_again_only_when_it_fell_silent(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        async def keep() -> None:
            await desk.journal.agenda.keep_recurring("main", "order_sweep", "*", timedelta(hours=26))

        await keep()
        await keep()
        assert await _due(desk) == ["*"]
        await _look(desk)
        desk.wait(hours=25)
        await keep()
        assert await _due(desk) == [], "its own next round is awaited"
        desk.wait(hours=2)
        await keep()
        assert await _due(desk) == ["*"]

    at_desk(work)


def test_what_comes_round_by_itself_is_left_to_workers_and_never_hides_another_reason(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        async def asked_for() -> list[str]:
            return [item.flow for item in await desk.journal.agenda.due(50, besides=LEFT_TO_WORKERS)]

        await desk.journal.agenda.look_again("main", "stock", "*", CADENCE)
        await desk.journal.agenda.look_again("main", "order_sweep", "*", "asked for")
        assert await asked_for() == ["order_sweep"]
        await desk.journal.agenda.look_again("main", "order_sweep", "*", CADENCE, after=timedelta(minutes=1))
        assert await asked_for() == ["order_sweep"], "the round before it ended meanwhile"
        await desk.journal.agenda.look_again("main", "stock", "*", "asked for")
        assert sorted(await asked_for()) == ["order_sweep", "stock"]

    at_desk(work)


def test_entry_that_was_lost_and_made_again_never_repeats_a_run(at_desk: Desks[None]) -> None:
    """The engine runs an id once: a second entry that counted from 1 again would never be looked at."""

    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        before = {item.run_id for item in await _take(desk)}
        async with desk.database.transaction() as transaction:
            await transaction.execute(sa.delete(agenda))
        desk.wait(minutes=5)
        await desk.journal.agenda.look_again("main", "orders", "1042", "its look was lost")
        after = {item.run_id for item in await _take(desk)}
        assert len(after) == 1
        assert not before & after

    at_desk(work)


async def _stalled(desk: Desk) -> list[str]:
    return [item.key for item in await desk.journal.stalls.of("main", "orders", desk.now - PATIENCE)]


def test_transfer_that_nobody_will_look_at_is_found_after_a_while(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfers = desk.journal.transfers
        await transfers.open("main", "orders", "new")
        waiting = await transfers.open("main", "orders", "waiting")
        await transfers.waits(waiting.id, "answer_lost", "no answer", desk.now + timedelta(hours=1), 1)
        assert await _stalled(desk) == []
        desk.wait(minutes=6)
        assert await _stalled(desk) == ["new"]
        desk.wait(minutes=60)
        assert await _stalled(desk) == ["new", "waiting"]

    at_desk(work)


def test_transfer_with_a_look_ahead_or_a_person_in_charge_is_not_stalled(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfers = desk.journal.transfers
        await transfers.open("main", "orders", "asked for")
        await desk.journal.agenda.look_again("main", "orders", "asked for", "retry", after=timedelta(hours=2))
        held = await transfers.open("main", "orders", "held")
        await transfers.weighed(held.id, (hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "X", "a SKU"),))
        posted = await transfers.open("main", "orders", "posted")
        await transfers.change(posted.id, state=State.POSTED)
        await transfers.open("main", "fulfilment", "another flow")
        await transfers.open("east", "orders", "another connection")
        desk.wait(hours=1)
        assert await _stalled(desk) == []

    at_desk(work)


def test_posted_transfer_whose_next_try_never_came_is_found(at_desk: Desks[None]) -> None:
    """A change at the shop was heard of, the shop could not be read, and then the look was lost."""

    async def work(desk: Desk) -> None:
        posted = await desk.journal.transfers.open("main", "orders", "posted")
        await desk.journal.transfers.change(posted.id, state=State.POSTED, tries=1, next_try_at=desk.now)
        desk.wait(minutes=6)
        assert await _stalled(desk) == ["posted"]

    at_desk(work)


def test_stalled_transfer_names_the_last_run_that_the_engine_took(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.transfers.open("main", "orders", "1042")
        await desk.journal.agenda.look_again("main", "orders", "1042", "hook")
        taken = await _take(desk)
        desk.wait(minutes=6)
        found = await desk.journal.stalls.of("main", "orders", desk.now - PATIENCE)
        assert [item.run_id for item in found] == [item.run_id for item in taken]

    at_desk(work)


def test_order_that_left_no_trace_but_its_taken_look_is_found(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.agenda.look_again("main", "orders", "lost", "hook")
        await _take(desk)
        await desk.journal.agenda.look_again("main", "orders", "pending", "hook", after=timedelta(hours=1))
        desk.wait(minutes=6)
        found = await desk.journal.stalls.without_trace("main", "orders", desk.now - PATIENCE)
        assert [item.key for item in found] == ["lost"]
        await desk.journal.transfers.open("main", "orders", "lost")
        assert await desk.journal.stalls.without_trace("main", "orders", desk.now - PATIENCE) == []

    at_desk(work)


def test_what_is_due_is_found_without_reading_every_object_there_ever_was(tmp_path: Path) -> None:
    """A row stays for each object; each worker asks many times a second."""

    async def plan() -> list[str]:
        database = Database(f"sqlite:///{tmp_path}/journal.db")
        await database.create_tables()
        asked: list[tuple[str, Any]] = []

        def heard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", heard)
        await Agenda(database, ScaledClock.starting_now(1.0, NOON)).due(200)
        [(statement, parameters)] = asked
        async with database.reading() as reading:
            rows = (await reading.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
        await database.close()
        return [row[-1] for row in rows]

    assert asyncio.run(plan())[0] == "SEARCH agenda USING INDEX agenda_waiting (due_at<?)"
