"""How long stock takes to reach the shop, as measured: rounds that were cut short told nobody anything."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.journal.conftest import Desk, Desks
from weighbridge.domain.buffer import Buffer, BufferKind
from weighbridge.domain.stock import Figure
from weighbridge.journal.attempts import STOPPED
from weighbridge.journal.exposures import APPLIED_WITHIN, FAST_ROUND, STOCK_ROUND


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


def _mugs(level: int) -> Figure:
    return Figure("MUG", Decimal(level), Decimal(0), Buffer(0, BufferKind.UNITS), True, level)


def test_a_level_was_on_its_way_from_asking_the_shop_until_it_showed_it(at_desk: Desks[None]) -> None:
    """What the shop sold meanwhile is offered a second time; once every such order is known, nothing is left of it."""

    async def work(desk: Desk) -> None:
        levels, exposures = desk.journal.stock_levels, desk.journal.exposures
        await levels.scanned("main", [_mugs(9)], desk.now, {})
        assert await exposures.of("main", (), 24) == {}, "no shop was told of it"
        asked_at = desk.now
        desk.wait(seconds=40)
        await levels.told("main", [_mugs(9)], asked_at)
        desk.wait(seconds=2)
        assert (await exposures.of("main", (), 24))["MUG"].push_window == timedelta(seconds=40) + APPLIED_WITHIN
        await levels.told("main", [_mugs(9)], desk.now)
        assert (await exposures.of("main", (), 24))["MUG"].push_window == APPLIED_WITHIN, "the last one alone counts"
        desk.wait(hours=1)
        assert (await exposures.of("main", (), 24))["MUG"].push_window is None

    at_desk(work)
