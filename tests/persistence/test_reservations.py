"""Promises: what the shop has sold is off its shelf at once, until the warehouse's own figures show it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

from tests.persistence.conftest import Desk, Desks

TWO, THREE, FIVE = Decimal(2), Decimal(3), Decimal(5)


async def _in_flight(desk: Desk) -> dict[str, Decimal]:
    """As a scan that begins now would subtract."""
    return await desk.journal.promises.in_flight(["main"], desk.now)


def test_orders_of_one_sku_add_up(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.promises.make("main", "1", {"MUG": TWO, "TEA": FIVE})
        await desk.journal.promises.make("main", "2", {"MUG": THREE})
        await desk.journal.promises.make("east", "1", {"MUG": Decimal(100)})
        assert await _in_flight(desk) == {"MUG": FIVE, "TEA": FIVE}

    at_desk(work)


def test_order_that_changes_replaces_what_it_promised(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.promises.make("main", "1", {"MUG": FIVE, "TEA": TWO})
        await desk.journal.promises.make("main", "1", {"MUG": TWO, "CUP": THREE})
        assert await _in_flight(desk) == {"MUG": TWO, "CUP": THREE}

    at_desk(work)


def test_units_count_until_a_scan_began_after_cin7_took_them_over(at_desk: Desks[None]) -> None:
    """A scan that was under way may have read the row before: counting the units twice oversells nothing."""

    async def work(desk: Desk) -> None:
        await desk.journal.promises.make("main", "1", {"MUG": TWO})
        scan_began = desk.now
        desk.wait(seconds=30)
        await desk.journal.promises.allocated("main", "1")
        assert await desk.journal.promises.in_flight(["main"], scan_began) == {"MUG": TWO}
        desk.wait(seconds=1)
        assert await _in_flight(desk) == {}

    at_desk(work)


def test_cancelled_order_gives_its_units_back(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await desk.journal.promises.make("main", "1", {"MUG": TWO})
        await desk.journal.promises.released("main", "1")
        assert await _in_flight(desk) == {}
        await desk.journal.promises.make("main", "1", {"MUG": TWO})
        assert await _in_flight(desk) == {"MUG": TWO}, "an order that comes back promises again"

    at_desk(work)


def test_posted_order_that_is_looked_at_again_promises_nothing_new_unless_it_grew(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        promises = desk.journal.promises
        await promises.make("main", "1", {"MUG": THREE, "TEA": TWO})
        await promises.allocated("main", "1")
        desk.wait(seconds=1)
        await promises.make("main", "1", {"MUG": THREE, "TEA": TWO})
        assert await _in_flight(desk) == {}
        await promises.make("main", "1", {"MUG": FIVE, "TEA": TWO})
        assert await _in_flight(desk) == {"MUG": FIVE}, "all units again: too few on the shelf, never too many"

    at_desk(work)


def test_many_orders_at_once_lose_no_unit(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        makes = (desk.journal.promises.make("main", str(number), {"MUG": TWO}) for number in range(40))
        await asyncio.gather(*makes)
        assert await _in_flight(desk) == {"MUG": Decimal(80)}

    at_desk(work)


def test_watermark_moves_forward_only_whoever_moves_it(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        marks = desk.journal.watermarks
        assert await marks.read("main", "order_sweep") is None
        moments = [desk.now + timedelta(minutes=minutes) for minutes in (3, 9, 1, 7, 5)]
        await asyncio.gather(*(marks.advance("main", "order_sweep", moment) for moment in moments))
        assert await marks.read("main", "order_sweep") == max(moments)
        await marks.advance("main", "order_sweep", desk.now)
        assert await marks.read("main", "order_sweep") == max(moments)
        assert await marks.read("east", "order_sweep") is None

    at_desk(work)


def test_how_late_orders_are_heard_of_is_the_longest_that_is_no_edit(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        promises, began = desk.journal.promises, desk.now
        assert await promises.heard_within(["main"], began) == timedelta(0)
        for order_id, seconds in (("1", 40), ("2", 75), ("3", 3600)):
            await promises.make("main", order_id, {"MUG": TWO}, desk.now - timedelta(seconds=seconds))
        await promises.make("main", "4", {"MUG": TWO}, desk.now + timedelta(seconds=3))
        await promises.make("main", "5", {"MUG": TWO})
        await promises.make("east", "1", {"MUG": TWO}, desk.now - timedelta(seconds=90))
        assert await promises.heard_within(["main"], began) == timedelta(seconds=75)
        desk.wait(seconds=1)
        assert await promises.heard_within(["main"], desk.now) == timedelta(0)

    at_desk(work)


def test_units_stop_counting_where_the_row_was_asked_for_after_cin7_took_them_over(at_desk: Desks[None]) -> None:
    """A list of many pages is read for minutes while calls wait for their turn: the last page knows more."""

    async def work(desk: Desk) -> None:
        await desk.journal.promises.make("main", "1", {"MUG": TWO, "TEA": FIVE})
        scan_began = desk.now
        desk.wait(seconds=30)
        await desk.journal.promises.allocated("main", "1")
        desk.wait(seconds=30)
        read = {"MUG": desk.now}
        assert await desk.journal.promises.in_flight(["main"], scan_began, read) == {"TEA": FIVE}

    at_desk(work)
