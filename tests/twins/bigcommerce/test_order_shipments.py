"""Shipments: partial shipments, refusals, tracking, and effects on the order."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.twins.bigcommerce.order_harness import ANN, OrderHarness, checked_harness


@pytest.fixture
def order_harness() -> Generator[OrderHarness, None, None]:
    yield from checked_harness()


def path(order: int, tail: str = "") -> str:
    return f"/v2/orders/{order}/shipments{tail}"


def test_partial_shipments_add_up_to_a_shipped_order(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea, cup = (row["id"] for row in order_harness.lines(order))
    assert order_harness.call("GET", path(order)).status == 204
    first = order_harness.ship(order, {tea: 1}, tracking_number="1Z1", shipping_provider="ups")
    partly = order_harness.order(order)
    assert (partly["status_id"], partly["items_shipped"], partly["date_shipped"]) == (3, 1, "")
    order_harness.ship(order, {tea: 1, cup: 1})
    whole = order_harness.order(order)
    assert (whole["status_id"], whole["items_shipped"], whole["items_total"]) == (2, 3, 3)
    assert whole["date_shipped"].endswith("+0000")
    assert [row["quantity_shipped"] for row in order_harness.lines(order)] == [2, 1]
    assert order_harness.ask("GET", path(order, "/count")) == {"count": 2}
    assert [row["id"] for row in order_harness.ask("GET", path(order))] == [first["id"], first["id"] + 1]
    assert first["items"] == [
        {"order_product_id": tea, "product_id": order_harness.lines(order)[0]["product_id"], "quantity": 1}
    ]


def test_a_repeated_post_ships_twice_while_quantity_is_left(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea = order_harness.lines(order)[0]["id"]
    order_harness.ship(order, {tea: 1}, tracking_number="1Z1")
    order_harness.ship(order, {tea: 1}, tracking_number="1Z1")
    assert order_harness.ask("GET", path(order, "/count")) == {"count": 2}
    items = [{"order_product_id": tea, "quantity": 1}]
    body = {"order_address_id": order_harness.address_id(order), "items": items}
    status, message = order_harness.refused("POST", path(order), body)
    assert (status, "greater than the quantity left" in message) == (400, True)
    order_harness.store.switches["over_shipping"] = "accepted"
    assert order_harness.call("POST", path(order), body).status == 201
    assert order_harness.lines(order)[0]["quantity_shipped"] == 3


def test_quantities_of_the_same_line_in_one_shipment_add_up(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea = order_harness.lines(order)[0]["id"]
    items = [{"order_product_id": tea, "quantity": 2}, {"order_product_id": tea, "quantity": 1}]
    assert (
        order_harness.refused(
            "POST", path(order), {"order_address_id": order_harness.address_id(order), "items": items}
        )[0]
        == 400
    )
    assert order_harness.order(order)["items_shipped"] == 0, "a refused shipment changes no quantity"


def test_lines_ship_only_to_their_own_address(order_harness: OrderHarness) -> None:
    order = order_harness.place_order(
        lines=[{"sku": "TEA", "quantity": 1}, {"sku": "CUP", "quantity": 1, "address": 1}],
        shipping_addresses=[ANN, ANN | {"city": "Dallas"}],
    )
    tea, cup = order_harness.lines(order)
    assert tea["order_address_id"] != cup["order_address_id"]
    wrong = {"order_address_id": tea["order_address_id"], "items": [{"order_product_id": cup["id"], "quantity": 1}]}
    assert order_harness.refused("POST", path(order), wrong)[0] == 400
    order_harness.call("POST", path(order), wrong | {"order_address_id": cup["order_address_id"]})
    shipped = {
        row["id"]: row["items_shipped"] for row in order_harness.ask("GET", f"/v2/orders/{order}/shipping_addresses")
    }
    assert shipped == {tea["order_address_id"]: 0, cup["order_address_id"]: 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"order_address_id": 1},
        {"items": []},
        {"items": [{"order_product_id": 1, "quantity": 1}]},
        {"quantity": 0},
        {"quantity": 1.5},
        {"tracking_number": "9" * 51},
        {"shipping_provider": "owl"},
        {"colour": "red"},
    ],
)
def test_invalid_shipments_are_refused(changes: dict[str, Any]) -> None:
    harness = OrderHarness()
    order = harness.place_order()
    quantity = changes.pop("quantity", 1) if "quantity" in changes else 1
    items = [{"order_product_id": harness.lines(order)[0]["id"], "quantity": quantity}]
    body = {"order_address_id": harness.address_id(order), "items": items, **changes}
    assert harness.refused("POST", path(order), body)[0] == 400
    assert harness.call("GET", path(order)).status == 204


def test_tracking_link_is_generated_unless_given(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea, cup = (row["id"] for row in order_harness.lines(order))
    generated = order_harness.ship(order, {tea: 1}, tracking_number="1Z1", tracking_carrier="ups")
    assert generated["generated_tracking_link"].endswith("/ups/1Z1")
    linked = order_harness.ship(order, {tea: 1}, tracking_number="1Z2", tracking_link="https://carrier.example/1Z2")
    assert (linked["tracking_link"], linked["generated_tracking_link"]) == ("https://carrier.example/1Z2", "")
    late = order_harness.ship(order, {cup: 1})
    assert late["generated_tracking_link"] == ""
    order_harness.subscribe("store/shipment/*")
    number = path(order, f"/{late['id']}")
    assert (
        order_harness.ask("PUT", number, {"tracking_number": "1Z3", "shipping_provider": "carrier_7"})[
            "tracking_number"
        ]
        == "1Z3"
    )
    order_harness.ask("PUT", number, {"comments": "left with a neighbour"})
    assert [scope for scope, _ in order_harness.received_events()] == ["store/shipment/updated"], (
        "only a new tracking number sends an event"
    )
    assert order_harness.refused("PUT", number, {"items": []})[0] == 400
    order_harness.expect_violations("/items")
    assert order_harness.ask("GET", number)["comments"] == "left with a neighbour"


def test_deleting_a_shipment_does_not_change_the_status(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea, cup = (row["id"] for row in order_harness.lines(order))
    shipment = order_harness.ship(order, {tea: 2, cup: 1})
    assert order_harness.call("DELETE", path(order, f"/{shipment['id']}")).status == 204
    after = order_harness.order(order)
    assert (after["status_id"], after["items_shipped"]) == (2, 0)
    order_harness.ship(order, {tea: 2})
    order_harness.ship(order, {cup: 1})
    assert order_harness.call("DELETE", path(order)).status == 204
    assert order_harness.call("GET", path(order)).status == 204
    assert order_harness.refused("GET", path(order, "/1"))[0] == 404


def test_effects_of_a_shipment_follow_the_switches(order_harness: OrderHarness) -> None:
    order_harness.store.switches |= {"shipment_sets_status": False, "shipment_bumps_date_modified": False}
    order = order_harness.place_order()
    before = order_harness.order(order)
    order_harness.pass_seconds(60)
    order_harness.ship(order, {order_harness.lines(order)[0]["id"]: 2})
    after = order_harness.order(order)
    assert (after["status_id"], after["date_modified"]) == (before["status_id"], before["date_modified"])


def test_a_shipment_hides_that_an_order_was_refunded(order_harness: OrderHarness) -> None:
    orders = [order_harness.place_order(), order_harness.place_order()]
    for order in orders:
        order_harness.act(
            "refund_order", {"order_id": order, "items": [{"item_type": "ORDER", "item_id": order, "amount": 1}]}
        )
    order_harness.ship(orders[0], {order_harness.lines(orders[0])[0]["id"]: 1})
    order_harness.store.switches["shipment_moves_refunded"] = False
    order_harness.ship(orders[1], {order_harness.lines(orders[1])[0]["id"]: 1})
    assert [order_harness.order(order)["status_id"] for order in orders] == [3, 14]
