"""A row of the stock list that cannot be read waits under its own name and stops no other SKU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Rig, rig
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State


def _held(trial: Rig) -> dict[str, str]:
    return {row.key: row.owner for row in trial.transfers(stock.ROW) if row.state is State.HELD}


def _break_the_first_row(trial: Rig, **how: Any) -> None:
    """The next reading cannot make anything of the first row, which is the mugs'."""
    rule = {"fault": "mutate", "match": {"method": "GET", "path": "productavailability$"}, "times": 1, **how}
    trial.twins.fault("cin7", rule)


@pytest.mark.parametrize("value", ["much", None], ids=["words", "nothing"])
def test_a_row_without_a_figure_keeps_its_level_and_others_are_told(tmp_path: Path, value: str | None) -> None:
    with rig(tmp_path) as trial:
        trial.push_stock()
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 60}, {"sku": "TEA", "on_hand": 400}]})
        _break_the_first_row(trial, path="ProductAvailabilityList.0.Available", set=value)
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 400}
        assert _held(trial) == {"MUG": "ecommerce"}
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 60, "TEA": 400}
        assert _held(trial) == {}


def test_a_row_that_does_not_say_whose_it_is_keeps_what_has_no_row(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        trial.push_stock()
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "TEA", "on_hand": 400}]})
        _break_the_first_row(trial, path="ProductAvailabilityList.0.SKU", drop=True)
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 400}
        assert list(_held(trial)) == [stock.NO_SKU]


def test_a_kit_with_an_unreadable_part_keeps_its_level(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        trial.twins.act("bigcommerce", "seed_products", [{"sku": "PAIR", "name": "Pair of mugs", "price": "20.00"}])
        bill = [{"sku": "MUG", "quantity": 2}]
        trial.twins.act("cin7", "seed", {"products": [{"sku": "PAIR", "name": "Pair", "bom": bill}]})
        trial.push_stock()
        before = dict(trial.twins.act("bigcommerce", "stock_levels"))
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 10}]})
        _break_the_first_row(trial, path="ProductAvailabilityList.0.Available", set="much")
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == before
        trial.push_stock()
        after = dict(trial.twins.act("bigcommerce", "stock_levels"))
        assert 2 * after["PAIR"] + after["MUG"] == 10
