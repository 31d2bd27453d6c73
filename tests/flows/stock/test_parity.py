"""Every level at the shop is held against what it was told: what others changed there is told again and named."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import Rig, rig
from weighbridge.flows.stock import parity as stock_parity
from weighbridge.persistence.repositories.transfers import State

TRIES = 5
"""A look that finds orders still being read comes again: on a busy machine minutes of the twins' time pass."""


def compare(trial: Rig) -> dict[str, str]:
    """The levels that differ, minutes after the shop was told last: who acts, by SKU."""
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + 2 * stock_parity.SETTLED_AFTER))
    for _ in range(TRIES):
        trial.run(stock_parity.FLOW, until=lambda rows: True)
        if all(row.state is not State.WAITING for row in trial.transfers(stock_parity.FLOW)):
            break
    return {row.key: row.owner for row in trial.transfers(stock_parity.DRIFT) if row.state is State.HELD}


def test_a_level_that_staff_changed_is_told_again_and_closes_once_it_was_seen(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        trial.push_stock()
        assert compare(trial) == {}
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 250})
        assert compare(trial) == {"MUG": "ecommerce"}
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        held = [row for row in trial.transfers(stock_parity.DRIFT) if row.state is State.HELD]
        assert [row.key for row in held] == ["MUG"], "nobody has looked yet"
        assert compare(trial) == {}


def test_what_the_shop_took_off_for_orders_nobody_heard_of_is_no_difference(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        trial.push_stock()
        order_id = trial.place()
        assert compare(trial) == {}
        trial.assert_one_sale(order_id)
        [look] = trial.transfers(stock_parity.FLOW)
        assert look.state is State.POSTED
