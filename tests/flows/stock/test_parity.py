"""Every level of the store is compared with the published level: changes by others are corrected and reported."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import Harness, harness
from weighbridge.flows.stock import parity as stock_parity
from weighbridge.persistence.repositories.transfers import State

TRIES = 5
"""A run that finds orders still being evaluated is retried: on a busy machine minutes of the twins' time pass."""


def compare(trial: Harness) -> dict[str, str]:
    """Compares the levels minutes after the last push; returns the owner of each difference, by SKU."""
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + 2 * stock_parity.SETTLED_AFTER))
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
