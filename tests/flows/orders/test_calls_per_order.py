"""How many calls of the store an order costs, and when its lines and addresses must be read by calls of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from weighbridge.persistence.repositories.transfers import State

LINES, ADDRESSES = "GET /products", "GET /shipping_addresses"
HAPPY_PATH = ["GET ", "GET /taxes", "GET /transactions", "PUT "]
"""The order with its lines, addresses and fees; its taxes; its payments; the link to its sale."""


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Harness]:
    with harness(tmp_path) as trial:
        yield trial


def calls_by_order(trial: Harness, act: Callable[[], Any], orders: Iterable[int]) -> dict[int, list[str]]:
    """The store calls about each order during `act`, sorted: method, and path below the order."""
    before = len(trial.twins.calls("bigcommerce"))
    act()
    calls = [(call["method"], call["path"]) for call in trial.twins.calls("bigcommerce")[before:]]
    return {
        order_id: sorted(
            f"{method} {path.partition(mark)[2]}" for method, path in calls if f"{path}/".find(f"{mark}/") >= 0
        )
        for order_id in orders
        for mark in [f"/orders/{order_id}"]
    }


def calls_of(trial: Harness, order_id: int, act: Callable[[], Any]) -> list[str]:
    return calls_by_order(trial, act, [order_id])[order_id]


def test_an_order_costs_four_calls_and_an_unchanged_one_a_single_call(trial: Harness) -> None:
    order_id = trial.place(fees=[{"name": "Insurance", "cost": "1.50"}])
    assert calls_of(trial, order_id, trial.run) == HAPPY_PATH
    trial.assert_one_sale(order_id)
    assert calls_of(trial, order_id, lambda: trial.run_order(order_id)) == ["GET "]
    assert [row.state for row in trial.transfers("orders")] == [State.POSTED]


def test_an_order_that_is_not_sold_or_not_paid_costs_no_call_for_its_taxes(trial: Harness) -> None:
    incomplete, unpaid = trial.place(status_id=0, payment="none"), trial.place(status_id=7, payment="none")
    calls = calls_by_order(trial, trial.run, [incomplete, unpaid])
    assert calls == {incomplete: ["GET "], unpaid: ["GET ", "GET /transactions"]}
    trial.twins.act("bigcommerce", "capture_payment", {"order_id": incomplete})
    trial.twins.act("bigcommerce", "set_status", {"order_id": incomplete, "status_id": 11})
    assert calls_of(trial, incomplete, trial.run) == HAPPY_PATH
    trial.assert_one_sale(incomplete)


def test_a_sweep_knows_our_own_write_from_an_edit_without_a_call_for_the_order(trial: Harness) -> None:
    order_id = trial.place()
    trial.run()
    assert calls_of(trial, order_id, trial.run) == [], "the write of the sale's id changed the order's date only"
    trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, "shipping_address": {"street_1": "9 Far Rd"}})
    assert calls_of(trial, order_id, trial.run) == ["GET ", "GET /taxes", "GET /transactions"], "it is read once"
    assert trial.assert_one_sale(order_id)["header"]["ShippingAddress"]["Line1"] == "9 Far Rd"


def test_lines_beyond_the_fifty_that_an_answer_includes_are_read(trial: Harness) -> None:
    def placed(lines: int) -> int:
        return trial.place(lines=[{"sku": "TEA", "quantity": 1} for _ in range(lines)])

    orders = {placed(49): [], placed(50): [LINES], placed(51): [LINES, ADDRESSES]}
    assert calls_by_order(trial, trial.run, orders) == {
        order_id: sorted(HAPPY_PATH + more) for order_id, more in orders.items()
    }
    assert [len(trial.assert_one_sale(order_id)["order"]["Lines"]) for order_id in orders] == [49, 50, 51]


def test_a_list_of_lines_that_is_short_without_a_warning_is_noticed(tmp_path: Path) -> None:
    with harness(tmp_path, bigcommerce_switches={"included_lines_warn": False}) as trial:
        order_id = trial.place(lines=[{"sku": "TEA", "quantity": 1} for _ in range(51)])
        assert calls_by_order(trial, trial.run, [order_id]) == {order_id: sorted([*HAPPY_PATH, LINES])}
        trial.assert_one_sale(order_id)


INCOMPLETE: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({}, []),
    ({"product_drop": ["variant_id"]}, [LINES]),
    ({"address_drop": ["company"]}, [ADDRESSES]),
    ({"drop": ["shipping_address_count"]}, [ADDRESSES]),
    ({"set": {"shipping_address_count": 2}}, [ADDRESSES]),
    ({"consignments_drop": ["pickups"]}, [LINES, ADDRESSES]),
    ({"consignments_set": {"email": []}}, [LINES, ADDRESSES]),
    ({"consignments_set": {"shipping": []}}, [LINES, ADDRESSES]),
    ({"consignments_set": {"__warning__": "more"}}, [LINES, ADDRESSES]),
    ({"drop": ["consignments"]}, [LINES, ADDRESSES]),
    ({"set": {"consignments": {"url": "x", "resource": "y"}}}, [LINES, ADDRESSES]),
)


def test_an_answer_that_does_not_say_everything_is_completed_by_calls(trial: Harness) -> None:
    expected = {}
    for corruption, more in INCOMPLETE:
        order_id = trial.place()
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, **corruption})
        expected[order_id] = sorted(HAPPY_PATH + more)
    assert calls_by_order(trial, trial.run, expected) == expected
    for order_id in expected:
        trial.assert_one_sale(order_id)


def test_orders_of_every_way_of_delivery_need_no_further_call(trial: Harness) -> None:
    guide = {"name": "Guide", "sku": "TEA", "quantity": 1, "price": "5.00", "type": "digital"}
    mug, tea = {"sku": "MUG", "quantity": 2, "address": 0}, {"sku": "TEA", "quantity": 1, "address": 1}
    shop = {"pickup_method_id": 1, "pickup_method_display_name": "Shop"}
    mixed, collected = trial.place(lines=[guide, mug]), trial.place(shipping_addresses=[], pickups=[shop])
    split = trial.place(lines=[tea, mug], shipping_addresses=[ADDRESS, ADDRESS | {"street_1": "2 Elm St"}])
    calls = calls_by_order(trial, trial.run, [mixed, collected, split])
    assert not {LINES, ADDRESSES}.intersection(*calls.values())
    assert [line["Quantity"] for line in trial.assert_one_sale(mixed)["order"]["Lines"]] == [1, 2], (
        "by line, not by way"
    )
    trial.assert_one_sale(split)
    held = by_key(trial.transfers("orders"))[str(collected)]
    assert held.reason_kind == "address_incomplete", "nobody ships it"
