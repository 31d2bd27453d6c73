"""Every level of the store is compared with the published level: changes by others are corrected and reported."""

from __future__ import annotations

import time
from pathlib import Path

from tests.flows.harness import Harness, harness
from weighbridge.flows.stock import parity as stock_parity
from weighbridge.flows.stock.unevaluated_orders import AFTER_ORDERS, COME_BACK_AFTER
from weighbridge.persistence.repositories.transfers import State

TRIES = 5
"""A run that finds orders still being evaluated is retried: on a busy machine minutes of the twins' time pass."""

ALMOST_LIVE = 4.0
"""So slow that a run which waits inside its job for an order would be noticed."""


def compare(trial: Harness) -> dict[str, str]:
    """Compares the levels minutes after the last push; returns the owner of each difference, by SKU."""
    _let_levels_settle(trial)
    for _ in range(TRIES):
        trial.run(stock_parity.FLOW, until=lambda rows: True)
        if all(row.state is not State.WAITING for row in trial.transfers(stock_parity.FLOW)):
            break
    return {row.key: row.owner for row in trial.transfers(stock_parity.DRIFT) if row.state is State.HELD}


def test_level_changed_by_staff_is_republished_and_closes_once_it_is_confirmed(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        assert compare(trial) == {}
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 250})
        assert compare(trial) == {"MUG": "ecommerce"}
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        held = [row for row in trial.transfers(stock_parity.DRIFT) if row.state is State.HELD]
        assert [row.key for row in held] == ["MUG"], "the levels were not compared again yet"
        assert compare(trial) == {}


def test_units_that_the_store_deducted_for_unprocessed_orders_are_no_drift(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        order_id = trial.place()
        assert compare(trial) == {}
        trial.assert_one_sale(order_id)
        [job] = trial.transfers(stock_parity.FLOW)
        assert job.state is State.POSTED


def test_differences_wait_for_orders_that_are_being_evaluated(tmp_path: Path) -> None:
    with harness(tmp_path, speed=ALMOST_LIVE) as trial:
        trial.push_stock()
        _let_levels_settle(trial)
        order_id = trial.place(lines=[{"sku": "MUG", "quantity": 2}])
        trial.twins.act("bigcommerce", "set_stock", {"sku": "TEA", "quantity": 250})
        _wait_for_store_levels(trial, {"MUG": 98, "TEA": 250})
        assert AFTER_ORDERS in trial.run_alone(stock_parity.FLOW)
        assert trial.transfers(stock_parity.DRIFT) == [], "the order may explain the differences"
        trial.run()
        trial.assert_one_sale(order_id)
        time.sleep(trial.twins.clock.wall_seconds(COME_BACK_AFTER.total_seconds()))
        trial.run()
        assert [row.key for row in trial.transfers(stock_parity.DRIFT)] == ["TEA"]


def _let_levels_settle(trial: Harness) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + 2 * stock_parity.SETTLED_AFTER))


def _wait_for_store_levels(trial: Harness, expected: dict[str, int]) -> None:
    """The store shows a change only after a few seconds of its time."""
    deadline = time.monotonic() + 20
    while (levels := trial.twins.act("bigcommerce", "stock_levels")) != expected:
        assert time.monotonic() < deadline, levels
        time.sleep(0.1)
