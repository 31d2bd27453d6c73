"""A row of the stock list that cannot be read is held on its own and stops no other SKU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, harness
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State


def _held(trial: Harness) -> dict[str, str]:
    return {row.key: row.owner for row in trial.transfers(stock.ROW) if row.state is State.HELD}


def _break_the_first_row(trial: Harness, **options: Any) -> None:
    """Makes the first row, that of the mugs, unreadable in the next reading."""
    rule = {"fault": "mutate", "match": {"method": "GET", "path": "productavailability$"}, "times": 1, **options}
    trial.twins.fault("cin7", rule)


@pytest.mark.parametrize("value", ["much", None], ids=["words", "nothing"])
def test_row_without_a_quantity_keeps_its_level_and_others_are_published(tmp_path: Path, value: str | None) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 60}, {"sku": "TEA", "on_hand": 400}]})
        _break_the_first_row(trial, path="ProductAvailabilityList.0.Available", set=value)
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 400}
        assert _held(trial) == {"MUG": "ecommerce"}
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 60, "TEA": 400}
        assert _held(trial) == {}


def test_row_without_a_sku_keeps_the_levels_of_skus_without_a_row(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "TEA", "on_hand": 400}]})
        _break_the_first_row(trial, path="ProductAvailabilityList.0.SKU", drop=True)
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 400}
        assert list(_held(trial)) == [stock.NO_SKU]


def test_kit_with_an_unreadable_component_keeps_its_level(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
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
