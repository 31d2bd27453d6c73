"""Kits: the store shows what the warehouse can build, and no component is offered twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, harness

SETS = {"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}
GIFT = {"sku": "GIFTBOX", "name": "Gift box", "price": "45.00", "tax_class_id": 0}


def _kits(trial: Harness) -> None:
    """A set of two mugs and four packets of tea; a gift box of one set and one mug more."""
    trial.twins.act("bigcommerce", "seed_products", [SETS, GIFT])
    products: list[dict[str, Any]] = [
        {"sku": "SET", "name": "Set", "bom": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]},
        {"sku": "GIFTBOX", "name": "Gift box", "bom": [{"sku": "SET", "quantity": 1}, {"sku": "MUG", "quantity": 1}]},
    ]
    trial.twins.act("cin7", "seed", {"products": products})


def _levels(trial: Harness) -> dict[str, int]:
    return dict(trial.twins.act("bigcommerce", "stock_levels"))


@pytest.mark.parametrize("rows", ["computed", "row", "none"])
def test_levels_of_kits_and_components_can_all_be_shipped(tmp_path: Path, rows: str) -> None:
    """100 mugs and 500 packets. However Cin7 lists kits, a set takes 2 mugs, a gift box 3, a mug 1."""
    with harness(tmp_path, cin7_switches={"kit_availability": rows}) as trial:
        _kits(trial)
        trial.push_stock()
        levels = _levels(trial)
        assert 2 * levels["SET"] + 3 * levels["GIFTBOX"] + levels["MUG"] <= 100
        assert 4 * levels["SET"] + 4 * levels["GIFTBOX"] + levels["TEA"] <= 500
        assert (levels["SET"], levels["GIFTBOX"], levels["MUG"]) == (16, 17, 17)
        puts = len([call for call in trial.twins.calls("bigcommerce") if call["method"] == "PUT"])
        trial.push_stock()
        assert len([call for call in trial.twins.calls("bigcommerce") if call["method"] == "PUT"]) == puts


def test_sold_kit_reserves_its_components_before_and_after_cin7_has_the_sale(tmp_path: Path) -> None:
    """The levels are the same while the order is held and after it is posted: its components are deducted once."""
    with harness(tmp_path) as trial:
        _kits(trial)
        trial.push_stock()
        held = trial.place(lines=[{"sku": "GIFTBOX", "quantity": 10}], billing_address={"first_name": "Ada"})
        trial.run()
        assert trial.sales(held) == []
        trial.push_stock()
        before = _levels(trial)
        assert 2 * before["SET"] + 3 * before["GIFTBOX"] + before["MUG"] == 70
        address = trial.order(trial.place())["billing_address"]
        trial.twins.act("bigcommerce", "edit_order", {"order_id": held, "billing_address": address})
        trial.run()
        trial.assert_one_sale(held)
        trial.push_stock()
        after = _levels(trial)
        assert 2 * after["SET"] + 3 * after["GIFTBOX"] + after["MUG"] == 70 - 2, "and two mugs of the other order"


def test_sold_kit_decreases_skus_that_share_its_components_before_the_next_run(tmp_path: Path) -> None:
    """Cin7 is not read again: the next run is hours away."""
    with harness(tmp_path) as trial:
        _kits(trial)
        trial.push_stock()
        calls = len(trial.twins.calls("cin7", path="productavailability"))
        before = _levels(trial)
        trial.place(lines=[{"sku": "GIFTBOX", "quantity": 10}])
        trial.run(until=lambda rows: _levels(trial)["MUG"] < before["MUG"])
        after = _levels(trial)
        assert 2 * after["SET"] + 3 * after["GIFTBOX"] + after["MUG"] <= 70
        assert 4 * after["SET"] + 4 * after["GIFTBOX"] + after["TEA"] <= 460
        assert len(trial.twins.calls("cin7", path="productavailability")) == calls


def test_order_of_a_component_alone_decreases_the_kits(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        _kits(trial)
        trial.push_stock()
        trial.place(lines=[{"sku": "MUG", "quantity": 17}])
        trial.run(until=lambda rows: _levels(trial)["SET"] < 16)
        after = _levels(trial)
        assert 2 * after["SET"] + 3 * after["GIFTBOX"] + after["MUG"] <= 83
