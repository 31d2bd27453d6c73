"""Stories of stock in which an open question decides what the store may sell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.harness import Harness, by_key
from tests.flows.switch_coverage import Readings
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State

RUNS = 4


def levels(trial: Harness) -> dict[str, int]:
    return dict(trial.twins.act("bigcommerce", "stock_levels"))


def push_without_reference_data(trial: Harness) -> None:
    """Runs stock without reading the store's catalogue again."""
    trial.run(stock.FLOW, until=lambda rows: True)


def publish_call_count(trial: Harness) -> int:
    calls = trial.twins.calls("bigcommerce")
    return len([call for call in calls if call["path"].endswith("/inventory/adjustments/absolute")])


def stock_with_bins(trial: Harness, readings: Readings) -> None:
    """Mugs in two bins and without a bin, on order and on the shop floor; a deprecated product; a service.

    The published level is what the chosen locations can ship, before and after some are sold.
    """
    names = ("OLD", "ENGRAVING")
    goods = [{"sku": sku, "name": sku, "price": "5.00", "tax_class_id": 0, "inventory_level": 4} for sku in names]
    trial.twins.act("bigcommerce", "seed_products", goods)
    seed = {
        "locations": ["Shop floor"],
        "products": [{"sku": "OLD", "name": "Old"}, {"sku": "ENGRAVING", "name": "Engraving", "type": "Service"}],
        "stock": [
            {"sku": "MUG", "on_hand": 40, "bin": "A1"},
            {"sku": "MUG", "on_hand": 20, "bin": "A2"},
            {"sku": "MUG", "on_hand": 30, "location": "Shop floor"},
            {"sku": "OLD", "on_hand": 9},
        ],
    }
    trial.twins.act("cin7", "seed", seed)
    trial.twins.run(lambda: trial.twins.cin7.company.locations[-1].update(IsShopfloor=True))
    trial.twins.act("cin7", "order_stock", {"sku": "MUG", "quantity": 500, "location": "Main Warehouse"})
    trial.twins.act("cin7", "deprecate_product", {"sku": "OLD"})
    trial.push_stock()
    assert levels(trial) == {"MUG": 160, "TEA": 500, "OLD": 0, "ENGRAVING": 4}
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 130}])
    trial.run()
    trial.assert_one_sale(order_id)
    trial.push_stock()
    assert levels(trial) == {"MUG": 30, "TEA": 500, "OLD": 0, "ENGRAVING": 4}


def kits_in_every_form(trial: Harness, readings: Readings) -> None:
    """However Cin7 lists a kit, all published units can be shipped, also after a component is received or sold."""
    seed_set(trial)
    trial.push_stock()
    order_id = trial.place(lines=[{"sku": "SET", "quantity": 10}, {"sku": "MUG", "quantity": 5}])
    trial.run()
    trial.assert_one_sale(order_id)
    trial.twins.act("cin7", "receive_stock", {"sku": "MUG", "quantity": 50})
    trial.push_stock()
    published = levels(trial)
    assert 2 * published["SET"] + published["MUG"] == 100 - 25 + 50
    assert 4 * published["SET"] + published["TEA"] == 500 - 40
    assert published["SET"] > 0


def seed_set(trial: Harness) -> None:
    """A set of two mugs and four packets of tea, assembled when it is sold."""
    goods = [{"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}]
    trial.twins.act("bigcommerce", "seed_products", goods)
    bill = [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": "SET", "name": "Set", "bom": bill}]})


def batch_with_items_that_the_store_refuses(trial: Harness, readings: Readings) -> None:
    """A product was deleted and another is no longer tracked since the store was read: the others get their level."""
    skus = ("GONE", "LOOSE")
    goods = [{"sku": sku, "name": sku, "price": "5.00", "tax_class_id": 0} for sku in skus]
    ids = trial.twins.act("bigcommerce", "seed_products", goods)["ids"]
    seed: dict[str, Any] = {
        "products": [{"sku": sku, "name": sku} for sku in skus],
        "stock": [{"sku": sku, "on_hand": 3} for sku in skus],
    }
    trial.twins.act("cin7", "seed", seed)
    trial.push_stock()
    assert levels(trial) == {"MUG": 100, "TEA": 500, "GONE": 3, "LOOSE": 3}
    for sku, units in (("MUG", 90), ("TEA", 400), ("GONE", 2), ("LOOSE", 2)):
        trial.twins.act("cin7", "count_stock", {"sku": sku, "quantity": units})
    trial.twins.act("bigcommerce", "delete_product", {"product_id": ids[0]})
    store = trial.twins.bigcommerce.store
    trial.twins.run(lambda: store.products[ids[1]].fields.update(inventory_tracking="none"))
    push_without_reference_data(trial)
    assert levels(trial) == {"MUG": 90, "TEA": 400}


def safety_stock_at_the_store(trial: Harness, readings: Readings) -> None:
    """The store holds back five mugs by itself: it never offers more than there are, and idle runs write nothing."""
    store = trial.twins.bigcommerce.store
    variant = trial.twins.run(lambda: store.variant_by_sku("MUG"))
    settings = {f"1:{variant[1].id}": {"safety_stock": 5}}
    trial.twins.run(lambda: variant[0].fields.update(_stock_settings=settings))
    trial.push_stock()
    on_hand = 105 if readings["absolute_sets"] == "available_to_sell" else 100
    assert levels(trial) == {"MUG": on_hand, "TEA": 500}
    trial.push_stock()
    before = publish_call_count(trial)
    for _ in range(RUNS):
        trial.push_stock()
    assert publish_call_count(trial) == before
    assert levels(trial)["MUG"] - 5 <= 100


def overlapping_batches(trial: Harness, readings: Readings) -> None:
    """Each call publishes one level, before the previous call is applied. In the end all levels are right."""
    skus = [f"CUP-{number}" for number in range(5)]
    goods = [{"sku": sku, "name": sku, "price": "5.00", "tax_class_id": 0} for sku in skus]
    trial.twins.act("bigcommerce", "seed_products", goods)
    seed: dict[str, Any] = {
        "products": [{"sku": sku, "name": sku} for sku in skus],
        "stock": [{"sku": sku, "on_hand": 7} for sku in skus],
    }
    trial.twins.act("cin7", "seed", seed)
    expected = {"MUG": 100, "TEA": 500} | dict.fromkeys(skus, 7)
    for _ in range(3 * RUNS):
        trial.push_stock()
        if levels(trial) == expected:
            break
    assert levels(trial) == expected


def more_sold_than_there_is(trial: Harness, readings: Readings) -> None:
    """If the store sells below zero, Cin7 backorders the rest and level 0 is published; otherwise the store refuses."""
    trial.push_stock()
    goods = [{"sku": "MUG", "quantity": 120}]
    if readings["sells_below_zero"]:
        order_id = trial.place(lines=goods)
        row = by_key(trial.run())[str(order_id)]
        sale = trial.assert_one_sale(order_id)
        assert [line["BackorderQuantity"] for line in sale["order"]["Lines"]] == [20]
        assert ("backordered", "operations") in [(finding["kind"], finding["owner"]) for finding in row.findings]
        trial.push_stock()
        assert levels(trial) == {"MUG": 0, "TEA": 500}
        return
    with pytest.raises(Exception, match="MUG"):
        trial.place(lines=goods)
    assert trial.run() == []
    trial.push_stock()
    assert levels(trial) == {"MUG": 100, "TEA": 500}


def orders_that_end_at_the_store(trial: Harness, readings: Readings) -> None:
    """Two posted orders are cancelled and declined: no sale remains, and the store may sell everything again."""
    trial.push_stock()
    cancelled, declined = (trial.place(payment="authorized") for _ in range(2))
    trial.run()
    for order_id in (cancelled, declined):
        trial.assert_one_sale(order_id)
    trial.twins.act("bigcommerce", "cancel_order", {"order_id": cancelled})
    trial.twins.act("bigcommerce", "set_status", {"order_id": declined, "status_id": 6})
    rows = by_key(trial.run())
    assert {rows[str(order_id)].state for order_id in (cancelled, declined)} == {State.CANCELLED}
    assert trial.sales() == []
    trial.push_stock()
    assert levels(trial) == {"MUG": 100, "TEA": 500}
