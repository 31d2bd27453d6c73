"""Reservations: sold units are subtracted at once, until Cin7's own availability shows them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

from tests.persistence.conftest import Harness, OnBothDatabases

TWO, THREE, FIVE = Decimal(2), Decimal(3), Decimal(5)


async def _in_flight(harness: Harness) -> dict[str, Decimal]:
    """The units that a scan started now would subtract."""
    return await harness.repositories.reservations.in_flight(["main"], harness.now)


def test_orders_of_one_sku_add_up(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.reservations.reserve("main", "1", {"MUG": TWO, "TEA": FIVE})
        await harness.repositories.reservations.reserve("main", "2", {"MUG": THREE})
        await harness.repositories.reservations.reserve("east", "1", {"MUG": Decimal(100)})
        assert await _in_flight(harness) == {"MUG": FIVE, "TEA": FIVE}

    on_both_databases(work)


def test_changed_order_replaces_its_reservation(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.reservations.reserve("main", "1", {"MUG": FIVE, "TEA": TWO})
        await harness.repositories.reservations.reserve("main", "1", {"MUG": TWO, "CUP": THREE})
        assert await _in_flight(harness) == {"MUG": TWO, "CUP": THREE}

    on_both_databases(work)


def test_reserved_units_count_until_a_scan_starts_after_their_allocation(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """A scan in progress may have read the row before; counting the units twice oversells nothing."""

    async def work(harness: Harness) -> None:
        await harness.repositories.reservations.reserve("main", "1", {"MUG": TWO})
        scan_started_at = harness.now
        harness.wait(seconds=30)
        await harness.repositories.reservations.mark_allocated("main", "1")
        assert await harness.repositories.reservations.in_flight(["main"], scan_started_at) == {"MUG": TWO}
        harness.wait(seconds=1)
        assert await _in_flight(harness) == {}

    on_both_databases(work)


def test_cancelled_order_releases_its_reservation(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await harness.repositories.reservations.reserve("main", "1", {"MUG": TWO})
        await harness.repositories.reservations.release("main", "1")
        assert await _in_flight(harness) == {}
        await harness.repositories.reservations.reserve("main", "1", {"MUG": TWO})
        assert await _in_flight(harness) == {"MUG": TWO}, "a reopened order reserves its units again"

    on_both_databases(work)


def test_rechecked_posted_order_reserves_nothing_new_unless_it_grew(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        reservations = harness.repositories.reservations
        await reservations.reserve("main", "1", {"MUG": THREE, "TEA": TWO})
        await reservations.mark_allocated("main", "1")
        harness.wait(seconds=1)
        await reservations.reserve("main", "1", {"MUG": THREE, "TEA": TWO})
        assert await _in_flight(harness) == {}
        await reservations.reserve("main", "1", {"MUG": FIVE, "TEA": TWO})
        assert await _in_flight(harness) == {"MUG": FIVE}, "all units again: the level is too low, never too high"

    on_both_databases(work)


def test_many_orders_at_once_lose_no_unit(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        reserving = (
            harness.repositories.reservations.reserve("main", str(number), {"MUG": TWO}) for number in range(40)
        )
        await asyncio.gather(*reserving)
        assert await _in_flight(harness) == {"MUG": Decimal(80)}

    on_both_databases(work)


def test_watermark_only_moves_forward_under_concurrent_updates(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        watermarks = harness.repositories.watermarks
        assert await watermarks.read("main", "order_sweep") is None
        timestamps = [harness.now + timedelta(minutes=minutes) for minutes in (3, 9, 1, 7, 5)]
        await asyncio.gather(*(watermarks.advance("main", "order_sweep", timestamp) for timestamp in timestamps))
        assert await watermarks.read("main", "order_sweep") == max(timestamps)
        await watermarks.advance("main", "order_sweep", harness.now)
        assert await watermarks.read("main", "order_sweep") == max(timestamps)
        assert await watermarks.read("east", "order_sweep") is None

    on_both_databases(work)


def test_longest_order_delay_ignores_edited_orders(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        reservations, began = harness.repositories.reservations, harness.now
        assert await reservations.longest_order_delay(["main"], began) == timedelta(0)
        for order_id, seconds in (("1", 40), ("2", 75), ("3", 3600)):
            await reservations.reserve("main", order_id, {"MUG": TWO}, harness.now - timedelta(seconds=seconds))
        await reservations.reserve("main", "4", {"MUG": TWO}, harness.now + timedelta(seconds=3))
        await reservations.reserve("main", "5", {"MUG": TWO})
        await reservations.reserve("east", "1", {"MUG": TWO}, harness.now - timedelta(seconds=90))
        assert await reservations.longest_order_delay(["main"], began) == timedelta(seconds=75)
        harness.wait(seconds=1)
        assert await reservations.longest_order_delay(["main"], harness.now) == timedelta(0)

    on_both_databases(work)


def test_reserved_units_stop_counting_where_the_row_was_read_after_their_allocation(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """A list of many pages is read for minutes while calls wait for slots: the last page is more recent."""

    async def work(harness: Harness) -> None:
        await harness.repositories.reservations.reserve("main", "1", {"MUG": TWO, "TEA": FIVE})
        scan_started_at = harness.now
        harness.wait(seconds=30)
        await harness.repositories.reservations.mark_allocated("main", "1")
        harness.wait(seconds=30)
        read = {"MUG": harness.now}
        assert await harness.repositories.reservations.in_flight(["main"], scan_started_at, read) == {"TEA": FIVE}

    on_both_databases(work)
