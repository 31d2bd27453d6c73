"""The measured stock latency and push window; runs that were cut short published nothing."""

from __future__ import annotations

from datetime import timedelta

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.attempts import STOPPED
from weighbridge.persistence.repositories.oversell_risk import APPLIED_WITHIN, FAST_LANE_RUN, PUSHES_MEASURED, STOCK_RUN


async def _record_run(harness: Harness, flow_and_key: tuple[str, str], outcome: str, **duration: float) -> None:
    flow, key = flow_and_key
    transfer = await harness.repositories.transfers.open("main", flow, key)
    async with harness.repositories.attempts.attempt(transfer.id, flow, "worker-1/1", 300) as result:
        harness.wait(**duration)
        result.outcome = outcome


def test_run_that_was_cut_short_counts_toward_the_stock_latency(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await _record_run(harness, STOCK_RUN, "2 of 9 levels published", minutes=1)
        harness.wait(minutes=4)
        await _record_run(harness, STOCK_RUN, STOPPED, minutes=1)
        harness.wait(minutes=4)
        await _record_run(harness, STOCK_RUN, "0 of 9 levels published", minutes=1)
        assert await harness.repositories.oversell_risk.stock_latency("main") == timedelta(minutes=11)

    on_both_databases(work)


def test_latency_of_each_flow_comes_from_its_own_runs(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await _record_run(harness, STOCK_RUN, "9 of 9 levels published", minutes=3)
        for _ in range(3):
            await _record_run(harness, FAST_LANE_RUN, "1 of 2 levels published", seconds=5)
            harness.wait(seconds=25)
        oversell_risk = harness.repositories.oversell_risk
        assert await oversell_risk.stock_latency("main", FAST_LANE_RUN) == timedelta(seconds=35)
        assert await oversell_risk.stock_latency("main") == timedelta(minutes=4, seconds=30)

    on_both_databases(work)


def test_push_window_is_the_slowest_push_since_orders_may_be_unprocessed(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        oversell_risk, beginning = harness.repositories.oversell_risk, harness.now
        assert await oversell_risk.push_window("main", beginning) == APPLIED_WITHIN
        harness.wait(seconds=40)
        await oversell_risk.record_push("main", timedelta(seconds=40))
        slow_ended = harness.now
        for _ in range(3):
            harness.wait(seconds=30)
            await oversell_risk.record_push("main", timedelta(seconds=2))
        assert await oversell_risk.push_window("main", beginning) == timedelta(seconds=40) + APPLIED_WITHIN
        assert await oversell_risk.push_window("main", slow_ended) == timedelta(seconds=2) + APPLIED_WITHIN
        died_since = harness.now
        assert await oversell_risk.push_window("main", died_since) == timedelta(seconds=40) + APPLIED_WITHIN

    on_both_databases(work)


def test_only_the_measured_pushes_are_stored(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        oversell_risk, beginning = harness.repositories.oversell_risk, harness.now
        for seconds in (40, *[1] * PUSHES_MEASURED):
            harness.wait(seconds=seconds)
            await oversell_risk.record_push("main", timedelta(seconds=seconds))
        assert await oversell_risk.push_window("main", beginning) == timedelta(seconds=1) + APPLIED_WITHIN

    on_both_databases(work)
