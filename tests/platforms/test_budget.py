"""The API budget never exceeds a window of the platform, and serves orders first."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.common.clock import ScaledClock
from weighbridge.domain.lanes import GrantedCall, Lane, Waiter, claim_order, first_served
from weighbridge.persistence.database import Database
from weighbridge.persistence.locks import DatabaseLocked
from weighbridge.platforms.budget import Budget

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(seconds=60)


@settings(max_examples=60)
@given(
    capacity=st.integers(min_value=1, max_value=8),
    calls=st.lists(st.tuples(st.floats(0, 20), st.floats(0, 30), st.floats(0, 1)), min_size=1, max_size=60),
)
def test_no_window_of_the_platform_overflows(capacity: int, calls: list[tuple[float, float, float]]) -> None:
    """Calls start after a pause, take a while, and reach the platform at any time between grant and answer."""
    now = START
    granted_calls: list[GrantedCall] = []
    arrivals: list[datetime] = []
    for pause, latency, where in calls:
        now += timedelta(seconds=pause)
        while not first_served((Waiter("me", Lane.ORDERS, now),), _counting(granted_calls, now), capacity, {}):
            now = min(call.frees_at for call in _counting(granted_calls, now))
        arrivals.append(now + timedelta(seconds=latency * where))
        granted_calls.append(GrantedCall(Lane.ORDERS, now + timedelta(seconds=latency) + WINDOW))
    for last in arrivals:
        assert sum(last - WINDOW < arrival <= last for arrival in arrivals) <= capacity


def _counting(granted_calls: list[GrantedCall], now: datetime) -> tuple[GrantedCall, ...]:
    return tuple(call for call in granted_calls if call.frees_at > now)


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
        budgets = [Budget(database, clock, "cin7:x", capacity=10, window_seconds=60) for database in databases]
        granted = 0

        async def call(budget: Budget) -> None:
            nonlocal granted
            async with budget.call_slot(Lane.ORDERS):
                granted += 1

        tasks = [asyncio.create_task(call(budgets[number % 2])) for number in range(25)]
        await asyncio.sleep(0.5)
        at_once = granted
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        for database in databases:
            await database.close()
        return at_once, granted

    at_once, granted = asyncio.run(work())
    assert at_once == 10
    assert granted == 25


def test_end_of_a_call_that_could_not_be_stored_is_stored_later(tmp_path: Path) -> None:
    """Otherwise the only slot would count as in flight until the call must have ended."""

    async def work() -> None:
        clock = ScaledClock.starting_now(60.0)
        databases = [Database(f"sqlite:///{tmp_path}/budget.db", lock_wait_seconds=0.05) for _ in range(2)]
        await databases[0].create_tables()
        first, second = (Budget(database, clock, "bigcommerce:x", in_flight=1) for database in databases)
        with closing(sqlite3.connect(tmp_path / "budget.db", isolation_level=None)) as other:
            async with first.call_slot(Lane.ORDERS):
                other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseLocked):
                await first.close()
        await first.close()
        async with asyncio.timeout(10), second.call_slot(Lane.ORDERS):
            pass
        for database in databases:
            await database.close()

    asyncio.run(work())
