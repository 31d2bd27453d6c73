"""Creating and changing orders through the API, with all that the vendor recomputes, clears and refuses."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.twins.bigcommerce.order_counter import ANN, OrderCounter, judged, money

CUSTOM = {"name": "Engraving", "quantity": 2, "price_ex_tax": 10, "price_inc_tax": 11}


@pytest.fixture
def till() -> Generator[OrderCounter, None, None]:
    yield from judged()


def body(**changes: Any) -> dict[str, Any]:
    address = {name: ANN[name] for name in ANN}
    return {"billing_address": address, "shipping_addresses": [address], "products": [CUSTOM], **changes}


def test_an_order_by_the_api_keeps_the_callers_prices(till: OrderCounter) -> None:
    order = till.ask("POST", "/v2/orders", body())
    assert (order["total_ex_tax"], order["total_inc_tax"], order["total_tax"]) == ("20.0000", "22.0000", "2.0000")
    assert (order["status_id"], order["order_source"], order["tax_provider_id"]) == (1, "external", "")
    assert order["currency_exchange_rate"] == "1.0000000000"
    (line,) = till.lines(order["id"])
    assert (line["product_id"], line["sku"], line["price_inc_tax"]) == (0, "", "11.0000")
    (tax,) = till.ask("GET", f"/v2/orders/{order['id']}/taxes?details=true")
    assert (tax["class"], tax["line_amount"], tax["rate"]) == ("API Tax Override", "2.0000", "10.0000")
    assert till.transactions(order["id"]) == []


def test_catalogue_goods_have_the_catalogues_price_and_tax(till: OrderCounter) -> None:
    tea = till.shop.variant_by_sku("TEA")
    assert tea is not None
    lines = [{"product_id": tea[0].id, "quantity": 4}]
    order = till.ask("POST", "/v2/orders", body(products=lines, status_id=11))
    assert (order["subtotal_ex_tax"], order["total_inc_tax"]) == ("18.0000", "19.4900")
    assert till.stock("TEA") == 96, "an order that is complete takes its goods"


def test_totals_and_charges_can_be_overridden(till: OrderCounter) -> None:
    order = till.ask(
        "POST", "/v2/orders", body(shipping_cost_ex_tax="5", shipping_cost_inc_tax="5.50", discount_amount="2")
    )
    assert (order["shipping_cost_tax"], order["discount_amount"]) == ("0.5000", "2.0000")
    assert money(order["total_inc_tax"]) == money("22") + money("5.5") - 2
    fixed = till.ask("POST", "/v2/orders", body(total_ex_tax="30", total_inc_tax="33"))
    assert (fixed["total_inc_tax"], fixed["total_tax"]) == ("33.0000", "3.0000")
    half = till.ask("POST", "/v2/orders", body(total_inc_tax="99"))
    assert (half["total_ex_tax"], half["total_inc_tax"], half["total_tax"]) == ("20.0000", "99.0000", "2.0000")


def test_nothing_keeps_a_caller_from_creating_an_order_twice(till: OrderCounter) -> None:
    first, second = (till.ask("POST", "/v2/orders", body(external_order_id="X-1"))["id"] for _ in range(2))
    assert till.ids("external_order_id=X-1") == [first, second]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"billing_address": None}, "billing_address"),
        ({"products": []}, "products"),
        ({"products": [{"name": "Half", "quantity": 1}]}, "price_ex_tax"),
        ({"products": [{"product_id": 999, "quantity": 1}]}, "product_id"),
        ({"customer_id": 999}, "customer_id"),
        ({"status_id": 99}, "status_id"),
        ({"external_id": "mine"}, "external_id"),
        ({"colour": "red"}, "colour"),
        ({"discount_amount": "-1"}, "discount_amount"),
        ({"total_inc_tax": "a lot"}, "total_inc_tax"),
    ],
)
def test_what_an_order_may_not_say(changes: dict[str, Any], words: str) -> None:
    till = OrderCounter()
    status, message = till.refused("POST", "/v2/orders", body(**changes))
    assert (status, words in message) == (400, True), message
    assert till.ids("") == []


def test_an_order_is_shipped_or_picked_up_but_not_both() -> None:
    till = OrderCounter()
    shipping = [{**ANN, "line_items": [CUSTOM]}]
    pickups = [{"pickup_method_id": 1, "pickup_method_display_name": "Counter", "line_items": [CUSTOM]}]
    plain = {"billing_address": ANN}
    shipped = till.ask("POST", "/v2/orders", {**plain, "consignments": {"shipping": shipping}})
    assert shipped["shipping_address_count"] == 1
    collected = till.ask("POST", "/v2/orders", {**plain, "consignments": {"pickups": pickups}})
    parts = till.ask("GET", f"/v2/orders/{collected['id']}/consignments")
    assert (len(parts["pickups"]), parts["shipping"]) == (1, [])
    assert till.lines(collected["id"])[0]["order_pickup_method_id"] == parts["pickups"][0]["id"]
    both = {**plain, "consignments": {"shipping": shipping, "pickups": pickups}}
    assert till.refused("POST", "/v2/orders", both)[0] == 400


def test_a_put_changes_what_it_names(till: OrderCounter) -> None:
    order = till.place()
    before = till.order(order)
    till.pass_seconds(60)
    after = till.put(order, staff_notes="call first", external_order_id="SO-1", external_source="ledger")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"staff_notes", "external_order_id", "external_source", "date_modified"}
    assert till.put(order, external_order_id=None)["external_order_id"] == ""


def test_writing_a_link_may_leave_date_modified_alone(till: OrderCounter) -> None:
    till.shop.switches["update_bumps_date_modified"] = False
    order = till.place()
    before = till.order(order)["date_modified"]
    till.pass_seconds(60)
    assert till.put(order, external_order_id="SO-1")["date_modified"] == before
    assert till.put(order, status_id=9)["date_modified"] != before


@pytest.mark.parametrize(
    "name", ["external_id", "external_merchant_id", "id", "status", "date_modified", "payment_status", "total_tax", "x"]
)
def test_read_only_and_unknown_members_are_refused(name: str) -> None:
    till = OrderCounter()
    order = till.place()
    status, message = till.refused("PUT", f"/v2/orders/{order}", {name: "1", "staff_notes": "lost"})
    assert status == 400
    assert message.startswith(f"The field '{name}' cannot be written to")
    assert till.order(order)["staff_notes"] == "", "nothing of a refused body is taken over"


def test_naming_a_line_clears_its_discounts(till: OrderCounter) -> None:
    cut = {"discount": "1.00", "coupon": "0.50", "coupon_code": "SAVE"}
    order = till.place(lines=[{"sku": "TEA", "quantity": 2, **cut}, {"sku": "CUP", "quantity": 1, **cut}])
    tea, cup = till.lines(order)
    assert till.ask("GET", f"/v2/orders/{order}/coupons")[0]["code"] == "SAVE"
    changed = till.put(order, products=[{"id": tea["id"], "quantity": 2}])
    assert money(changed["coupon_discount"]) == money(cup["applied_discounts"][1]["amount"])
    assert [row["applied_discounts"] for row in till.lines(order)] == [[], cup["applied_discounts"]]
    till.shop.switches["products_put_clears"] = "all_lines"
    cleared = till.put(order, products=[{"id": tea["id"], "quantity": 3}])
    assert (cleared["coupon_discount"], cleared["discount_amount"]) == ("0.0000", "0.0000")
    assert till.call("GET", f"/v2/orders/{order}/coupons").status == 204
    assert cleared["items_total"] == 4


def test_lines_are_added_repriced_and_removed(till: OrderCounter) -> None:
    order = till.place()
    tea, cup = till.lines(order)
    till.put(order, products=[{"id": tea["id"], "price_ex_tax": 5, "price_inc_tax": 6}])
    assert till.lines(order)[0]["total_inc_tax"] == "12.0000"
    till.put(order, products=[CUSTOM, {"id": cup["id"], "quantity": 0}])
    assert [row["name"] for row in till.lines(order)] == ["Product TEA", "Engraving"]
    assert (till.stock("TEA"), till.stock("CUP")) == (98, 100), "what left the order is back on the shelf"
    assert till.refused("PUT", f"/v2/orders/{order}", {"products": [{"id": 1, "quantity": 1}]})[0] == 400


def test_less_than_was_shipped_cannot_be_ordered(till: OrderCounter) -> None:
    order = till.place()
    tea = till.lines(order)[0]["id"]
    till.ship(order, {tea: 2})
    assert till.refused("PUT", f"/v2/orders/{order}", {"products": [{"id": tea, "quantity": 1}]})[0] == 400


def test_fees_that_are_not_named_are_deleted(till: OrderCounter) -> None:
    order = till.place(fees=[{"name": "Insurance", "cost": "1.50"}, {"name": "Rush", "cost": "4"}])
    before = money(till.order(order)["total_inc_tax"])
    insurance = till.ask("GET", f"/v2/orders/{order}/fees")["fees"][0]
    after = till.put(order, fees=[{"id": insurance["id"], "type": "custom_fee"}])
    assert money(after["total_inc_tax"]) == before - 4
    (kept,) = till.ask("GET", f"/v2/orders/{order}/fees")["fees"]
    assert (kept["id"], kept["display_name_merchant"]) == (insurance["id"], "Insurance")
    assert money(till.put(order, fees=[])["total_inc_tax"]) == before - money("5.50")


def test_one_side_of_a_tax_pair_breaks_the_totals(till: OrderCounter) -> None:
    order = till.place()
    before = till.order(order)
    after = till.put(order, shipping_cost_inc_tax="60")
    assert after["shipping_cost_inc_tax"] == "60.0000"
    assert after["total_inc_tax"] == before["total_inc_tax"], "and nothing tells"
    whole = till.put(order, shipping_cost_ex_tax="10", shipping_cost_inc_tax="11")
    assert money(whole["total_inc_tax"]) == money(before["total_inc_tax"]) - 6 + 11


def test_an_address_moves_no_figure(till: OrderCounter) -> None:
    order = till.place()
    before, address = till.order(order), till.address_id(order)
    path = f"/v2/orders/{order}/shipping_addresses/{address}"
    moved = till.ask("PUT", path, {"city": "Dallas", "zip": "75201"})
    assert (moved["city"], moved["street_1"]) == ("Dallas", "1 Mill St")
    assert till.order(order)["total_inc_tax"] == before["total_inc_tax"]
    billed = till.put(order, billing_address={"zip": "1", "company": "Mill"})
    assert (billed["billing_address"]["company"], billed["billing_address"]["city"]) == ("Mill", "Austin")
    assert till.refused("PUT", path, {"cost_inc_tax": "1"}) == (
        400,
        "The field 'cost_inc_tax' cannot be written to. Please remove it from your request before trying again.",
    )
    till.off_the_documents("cost_inc_tax")


def test_is_deleted_archives(till: OrderCounter) -> None:
    order = till.place()
    till.put(order, is_deleted=True)
    till.off_the_documents("is_deleted")
    assert till.ids("") == []


def test_a_status_is_an_id_and_any_may_follow_any(till: OrderCounter) -> None:
    order = till.place()
    till.act("settings", {"status_labels": {"9": "On the bench"}})
    shown = till.put(order, status_id=9)
    assert (shown["status_id"], shown["status"], shown["custom_status"]) == (9, "Awaiting Shipment", "On the bench")
    assert till.put(order, status_id=0)["status_id"] == 0
    assert till.refused("PUT", f"/v2/orders/{order}", {"status_id": 99})[0] == 400
    labels = {row["id"]: row["custom_label"] for row in till.ask("GET", "/v2/order_statuses")}
    assert (labels[9], labels[2], len(labels)) == ("On the bench", "Shipped", 15)
    assert till.ask("GET", "/v2/order_statuses/2")["name"] == "Shipped"
    assert till.refused("GET", "/v2/order_statuses/99")[0] == 404


def test_stock_follows_the_status(till: OrderCounter) -> None:
    order = till.place(status_id=0, payment="none")
    levels = [till.stock("TEA")]
    for status in (11, 5, 11, 6):
        till.put(order, status_id=status)
        levels.append(till.stock("TEA"))
    assert levels == [100, 98, 100, 98, 100]
    till.shop.switches["declined_order_holds_stock"] = True
    other = till.place()
    till.put(other, status_id=6)
    assert till.stock("TEA") == 98, "a declined order may hold what it took"


def test_stock_can_fall_when_goods_leave(till: OrderCounter) -> None:
    till.ask("PUT", "/v3/settings/inventory", {"update_stock_behavior": "order_completed_or_shipped"})
    order = till.place()
    assert till.stock("TEA") == 100
    till.put(order, status_id=2)
    assert till.stock("TEA") == 98


def test_a_refused_call_leaves_the_v2_form(till: OrderCounter) -> None:
    answer = till.call("GET", "/v2/orders/4711")
    assert answer.status == 404
    assert answer.body[0]["message"] == "The requested resource was not found."
