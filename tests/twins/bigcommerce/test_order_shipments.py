"""Shipments: partial ones, refusals, tracking, and what they do to the order."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.twins.bigcommerce.order_counter import ANN, OrderCounter, judged


@pytest.fixture
def till() -> Generator[OrderCounter, None, None]:
    yield from judged()


def path(order: int, tail: str = "") -> str:
    return f"/v2/orders/{order}/shipments{tail}"


def test_parcels_add_up_to_a_shipped_order(till: OrderCounter) -> None:
    order = till.place()
    tea, cup = (row["id"] for row in till.lines(order))
    assert till.call("GET", path(order)).status == 204
    first = till.ship(order, {tea: 1}, tracking_number="1Z1", shipping_provider="ups")
    partly = till.order(order)
    assert (partly["status_id"], partly["items_shipped"], partly["date_shipped"]) == (3, 1, "")
    till.ship(order, {tea: 1, cup: 1})
    whole = till.order(order)
    assert (whole["status_id"], whole["items_shipped"], whole["items_total"]) == (2, 3, 3)
    assert whole["date_shipped"].endswith("+0000")
    assert [row["quantity_shipped"] for row in till.lines(order)] == [2, 1]
    assert till.ask("GET", path(order, "/count")) == {"count": 2}
    assert [row["id"] for row in till.ask("GET", path(order))] == [first["id"], first["id"] + 1]
    assert first["items"] == [
        {"order_product_id": tea, "product_id": till.lines(order)[0]["product_id"], "quantity": 1}
    ]


def test_a_repeated_post_ships_twice_as_long_as_goods_are_left(till: OrderCounter) -> None:
    order = till.place()
    tea = till.lines(order)[0]["id"]
    till.ship(order, {tea: 1}, tracking_number="1Z1")
    till.ship(order, {tea: 1}, tracking_number="1Z1")
    assert till.ask("GET", path(order, "/count")) == {"count": 2}
    items = [{"order_product_id": tea, "quantity": 1}]
    body = {"order_address_id": till.address_id(order), "items": items}
    status, message = till.refused("POST", path(order), body)
    assert (status, "greater than the quantity left" in message) == (400, True)
    till.shop.switches["over_shipping"] = "accepted"
    assert till.call("POST", path(order), body).status == 201
    assert till.lines(order)[0]["quantity_shipped"] == 3


def test_the_same_line_twice_in_one_parcel_counts_together(till: OrderCounter) -> None:
    order = till.place()
    tea = till.lines(order)[0]["id"]
    items = [{"order_product_id": tea, "quantity": 2}, {"order_product_id": tea, "quantity": 1}]
    assert till.refused("POST", path(order), {"order_address_id": till.address_id(order), "items": items})[0] == 400
    assert till.order(order)["items_shipped"] == 0, "nothing of a refused parcel moves"


def test_goods_ship_to_their_own_address_only(till: OrderCounter) -> None:
    order = till.place(
        lines=[{"sku": "TEA", "quantity": 1}, {"sku": "CUP", "quantity": 1, "address": 1}],
        shipping_addresses=[ANN, ANN | {"city": "Dallas"}],
    )
    tea, cup = till.lines(order)
    assert tea["order_address_id"] != cup["order_address_id"]
    wrong = {"order_address_id": tea["order_address_id"], "items": [{"order_product_id": cup["id"], "quantity": 1}]}
    assert till.refused("POST", path(order), wrong)[0] == 400
    till.call("POST", path(order), wrong | {"order_address_id": cup["order_address_id"]})
    shipped = {row["id"]: row["items_shipped"] for row in till.ask("GET", f"/v2/orders/{order}/shipping_addresses")}
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
def test_what_a_parcel_may_not_say(changes: dict[str, Any]) -> None:
    till = OrderCounter()
    order = till.place()
    quantity = changes.pop("quantity", 1) if "quantity" in changes else 1
    items = [{"order_product_id": till.lines(order)[0]["id"], "quantity": quantity}]
    body = {"order_address_id": till.address_id(order), "items": items, **changes}
    assert till.refused("POST", path(order), body)[0] == 400
    assert till.call("GET", path(order)).status == 204


def test_tracking_is_linked_unless_a_link_is_given(till: OrderCounter) -> None:
    order = till.place()
    tea, cup = (row["id"] for row in till.lines(order))
    made = till.ship(order, {tea: 1}, tracking_number="1Z1", tracking_carrier="ups")
    assert made["generated_tracking_link"].endswith("/ups/1Z1")
    own = till.ship(order, {tea: 1}, tracking_number="1Z2", tracking_link="https://carrier.example/1Z2")
    assert (own["tracking_link"], own["generated_tracking_link"]) == ("https://carrier.example/1Z2", "")
    late = till.ship(order, {cup: 1})
    assert late["generated_tracking_link"] == ""
    till.subscribe("store/shipment/*")
    number = path(order, f"/{late['id']}")
    assert (
        till.ask("PUT", number, {"tracking_number": "1Z3", "shipping_provider": "carrier_7"})["tracking_number"]
        == "1Z3"
    )
    till.ask("PUT", number, {"comments": "left with a neighbour"})
    assert [scope for scope, _ in till.heard()] == ["store/shipment/updated"], "only a tracking number makes an event"
    assert till.refused("PUT", number, {"items": []})[0] == 400
    till.off_the_documents("/items")
    assert till.ask("GET", number)["comments"] == "left with a neighbour"


def test_a_deleted_shipment_leaves_the_status(till: OrderCounter) -> None:
    order = till.place()
    tea, cup = (row["id"] for row in till.lines(order))
    shipment = till.ship(order, {tea: 2, cup: 1})
    assert till.call("DELETE", path(order, f"/{shipment['id']}")).status == 204
    after = till.order(order)
    assert (after["status_id"], after["items_shipped"]) == (2, 0)
    till.ship(order, {tea: 2})
    till.ship(order, {cup: 1})
    assert till.call("DELETE", path(order)).status == 204
    assert till.call("GET", path(order)).status == 204
    assert till.refused("GET", path(order, "/1"))[0] == 404


def test_what_a_shipment_moves_is_a_question(till: OrderCounter) -> None:
    till.shop.switches |= {"shipment_sets_status": False, "shipment_bumps_date_modified": False}
    order = till.place()
    before = till.order(order)
    till.pass_seconds(60)
    till.ship(order, {till.lines(order)[0]["id"]: 2})
    after = till.order(order)
    assert (after["status_id"], after["date_modified"]) == (before["status_id"], before["date_modified"])


def test_a_shipment_hides_that_an_order_was_refunded(till: OrderCounter) -> None:
    orders = [till.place(), till.place()]
    for order in orders:
        till.act("refund_order", {"order_id": order, "items": [{"item_type": "ORDER", "item_id": order, "amount": 1}]})
    till.ship(orders[0], {till.lines(orders[0])[0]["id"]: 1})
    till.shop.switches["shipment_moves_refunded"] = False
    till.ship(orders[1], {till.lines(orders[1])[0]["id"]: 1})
    assert [till.order(order)["status_id"] for order in orders] == [3, 14]
