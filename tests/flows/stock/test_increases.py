"""Decreases are published at once, increases only when two readings agree."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.flows.harness import Harness, harness
from weighbridge.flows.stock import flow as stock
from weighbridge.flows.stock.unevaluated_orders import AFTER_ORDERS, COME_BACK_AFTER

SLOWER = 60.0
"""A slower clock: the sales-based buffer depends on how long a stock run takes, also on a busy machine."""
ALMOST_LIVE = 4.0
"""So slow that a run which waits inside its job for an order would be noticed: it would wait for 15 seconds."""
LIST = {"method": "GET", "path": "productavailability$"}


def _store_levels(trial: Harness) -> dict[str, int]:
    return dict(trial.twins.act("bigcommerce", "stock_levels"))


def _misread(trial: Harness, value: int) -> None:
    """The next reading of the list returns `value` in every row; the one after it returns the real quantities."""
    rule = {"fault": "mutate", "path": "ProductAvailabilityList.*.Available", "set": value, "match": LIST, "times": 1}
    trial.twins.fault("cin7", rule)


def test_increase_seen_by_only_one_reading_is_not_published(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        _misread(trial, 900)
        trial.push_stock()
        assert _store_levels(trial) == {"MUG": 100, "TEA": 500}


def test_decrease_is_published_at_once_and_reverted_when_the_next_reading_shows_more(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        _misread(trial, 3)
        trial.push_stock()
        assert _store_levels(trial) == {"MUG": 3, "TEA": 3}
        trial.push_stock()
        assert _store_levels(trial) == {"MUG": 100, "TEA": 500}


def test_received_goods_are_published_in_the_run_that_sees_them(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        calls = len(trial.twins.calls("cin7", path="productavailability"))
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 140}]})
        trial.push_stock()
        assert _store_levels(trial) == {"MUG": 140, "TEA": 500}
        assert len(trial.twins.calls("cin7", path="productavailability")) == calls + 2


@pytest.mark.parametrize(
    ("settings", "level"),
    [("buffer = 7", 93), ('buffer_percent = "2.5"', 97), ('buffer = 1\nbuffer_percent = "10"', 90)],
    ids=["units", "percent", "the larger"],
)
def test_a_buffer_is_held_back(tmp_path: Path, settings: str, level: int) -> None:
    with harness(tmp_path, stock=settings) as trial:
        trial.push_stock()
        assert _store_levels(trial)["MUG"] == level


def test_a_buffer_by_sales_grows_with_what_is_sold_while_stock_travels(tmp_path: Path) -> None:
    with harness(tmp_path, stock='buffer_sales_factor = "1"\nsales_hours = 1', speed=SLOWER) as trial:
        trial.push_stock()
        assert _store_levels(trial)["MUG"] == 100
        for _ in range(5):
            trial.place(lines=[{"sku": "MUG", "quantity": 4}])
        trial.run()
        trial.push_stock()
        assert 60 <= _store_levels(trial)["MUG"] < 80, "20 are sold, and some more are held back"


def test_run_that_meets_an_unevaluated_order_ends_and_comes_back_for_its_increases(tmp_path: Path) -> None:
    with harness(tmp_path, speed=ALMOST_LIVE) as trial:
        trial.push_stock()
        _wait_for_store_levels(trial, {"MUG": 100, "TEA": 500})
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 140}, {"sku": "TEA", "on_hand": 400}]})
        order_id = trial.place()
        _wait_for_store_levels(trial, {"MUG": 98, "TEA": 497})
        assert AFTER_ORDERS in trial.run_alone(stock.FLOW)
        # The decrease is published, the increase waits.
        _wait_for_store_levels(trial, {"MUG": 98, "TEA": 397})
        readings = len(trial.twins.calls("cin7", path="productavailability"))
        trial.run()
        trial.assert_one_sale(order_id)
        time.sleep(trial.twins.clock.wall_seconds(COME_BACK_AFTER.total_seconds()))
        trial.run()
        _wait_for_store_levels(trial, {"MUG": 138, "TEA": 397})
        assert len(trial.twins.calls("cin7", path="productavailability")) == readings, "Cin7 is not read again"


def _wait_for_store_levels(trial: Harness, expected: dict[str, int]) -> None:
    """The store shows a change only after a few seconds of its time."""
    deadline = time.monotonic() + 20
    while _store_levels(trial) != expected:
        assert time.monotonic() < deadline, _store_levels(trial)
        time.sleep(0.1)
