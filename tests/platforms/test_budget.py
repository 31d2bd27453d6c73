"""The API budget never lets a window at the vendor overflow, and serves orders first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.common.clock import ScaledClock
from weighbridge.domain.lanes import Lane, Slot, Waiter, claim_order, first_served
from weighbridge.persistence.database import Database
from weighbridge.platforms.budget import Budget

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(seconds=60)


@settings(max_examples=60)
@given(
    capacity=st.integers(min_value=1, max_value=8),
    calls=st.lists(st.tuples(st.floats(0, 20), st.floats(0, 30), st.floats(0, 1)), min_size=1, max_size=60),
)
def test_no_window_at_the_vendor_overflows(capacity: int, calls: list[tuple[float, float, float]]) -> None:
    """Calls ask after a pause, take a while, and reach the vendor anywhere between grant and answer."""
    now = START
    slots: list[Slot] = []
    arrivals: list[datetime] = []
    for pause, latency, where in calls:
        now += timedelta(seconds=pause)
        while not first_served((Waiter("me", Lane.ORDERS, now),), _counting(slots, now), capacity, {}):
            now = min(slot.frees_at for slot in _counting(slots, now))
        arrivals.append(now + timedelta(seconds=latency * where))
        slots.append(Slot(Lane.ORDERS, now + timedelta(seconds=latency) + WINDOW))
    for last in arrivals:
        assert sum(last - WINDOW < arrival <= last for arrival in arrivals) <= capacity


def _counting(slots: list[Slot], now: datetime) -> tuple[Slot, ...]:
    return tuple(slot for slot in slots if slot.frees_at > now)


def test_orders_go_first_but_every_lane_keeps_its_floor() -> None:
    waiters = tuple(Waiter(f"order-{n}", Lane.ORDERS, START) for n in range(3))
    waiters += (Waiter("stock", Lane.STOCK, START),)
    floors = {Lane.STOCK: 1}
    assert claim_order(waiters, {}, floors)[0].id == "stock"
    assert claim_order(waiters, {Lane.STOCK: 1}, floors)[-1].id == "stock"


def test_two_workers_share_one_budget(tmp_path: Path) -> None:
    async def work() -> tuple[int, int]:
        clock = ScaledClock.starting_now(60.0)
        databases = [Database(f"sqlite:///{tmp_path}/budget.db") for _ in range(2)]
        await databases[0].create_tables()
        budgets = [Budget(one, clock, "cin7:x", capacity=10, window_seconds=60) for one in databases]
        granted = 0

        async def call(budget: Budget) -> None:
            nonlocal granted
            async with budget.slot(Lane.ORDERS):
                granted += 1

        tasks = [asyncio.create_task(call(budgets[number % 2])) for number in range(25)]
        await asyncio.sleep(0.5)
        at_once = granted
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        for one in databases:
            await one.close()
        return at_once, granted

    at_once, granted = asyncio.run(work())
    assert at_once == 10
    assert granted == 25
