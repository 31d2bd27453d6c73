"""How long stock takes to reach the shop, as measured: rounds that were cut short told nobody anything."""

from __future__ import annotations

from datetime import timedelta

from tests.persistence.conftest import Desk, Desks
from weighbridge.persistence.repositories.attempts import STOPPED
from weighbridge.persistence.repositories.oversell_risk import APPLIED_WITHIN, FAST_ROUND, PUSHES_MEASURED, STOCK_ROUND


async def _round(desk: Desk, flow_and_key: tuple[str, str], outcome: str, **took: float) -> None:
    flow, key = flow_and_key
    transfer = await desk.journal.transfers.open("main", flow, key)
    async with desk.journal.attempts.attempt(transfer.id, flow, "worker-1/1", 300) as ending:
        desk.wait(**took)
        ending.outcome = outcome


def test_a_round_that_was_cut_short_counts_as_time_without_news(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await _round(desk, STOCK_ROUND, "2 of 9 figures pushed", minutes=1)
        desk.wait(minutes=4)
        await _round(desk, STOCK_ROUND, STOPPED, minutes=1)
        desk.wait(minutes=4)
        await _round(desk, STOCK_ROUND, "0 of 9 figures pushed", minutes=1)
        assert await desk.journal.exposures.stock_latency("main") == timedelta(minutes=11)

    at_desk(work)


def test_each_lane_is_as_late_as_its_own_rounds(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await _round(desk, STOCK_ROUND, "9 of 9 figures pushed", minutes=3)
        for _ in range(3):
            await _round(desk, FAST_ROUND, "1 of 2 figures pushed", seconds=5)
            desk.wait(seconds=25)
        exposures = desk.journal.exposures
        assert await exposures.stock_latency("main", FAST_ROUND) == timedelta(seconds=35)
        assert await exposures.stock_latency("main") == timedelta(minutes=4, seconds=30)

    at_desk(work)


def test_levels_are_on_their_way_as_long_as_the_slowest_push_before_which_orders_may_be_unheard(
    at_desk: Desks[None],
) -> None:
    async def work(desk: Desk) -> None:
        exposures, beginning = desk.journal.exposures, desk.now
        assert await exposures.push_window("main", beginning) == APPLIED_WITHIN
        desk.wait(seconds=40)
        await exposures.pushed("main", timedelta(seconds=40))
        slow_ended = desk.now
        for _ in range(3):
            desk.wait(seconds=30)
            await exposures.pushed("main", timedelta(seconds=2))
        assert await exposures.push_window("main", beginning) == timedelta(seconds=40) + APPLIED_WITHIN
        assert await exposures.push_window("main", slow_ended) == timedelta(seconds=2) + APPLIED_WITHIN
        died_since = desk.now
        assert await exposures.push_window("main", died_since) == timedelta(seconds=40) + APPLIED_WITHIN

    at_desk(work)


def test_as_many_pushes_are_kept_as_are_measured(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        exposures, beginning = desk.journal.exposures, desk.now
        for seconds in (40, *[1] * PUSHES_MEASURED):
            desk.wait(seconds=seconds)
            await exposures.pushed("main", timedelta(seconds=seconds))
        assert await exposures.push_window("main", beginning) == timedelta(seconds=1) + APPLIED_WITHIN

    at_desk(work)
