"""Creating and updating orders through the API: what the vendor recomputes, clears and refuses."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.twins.bigcommerce.order_harness import ANN, OrderHarness, checked_harness, money

CUSTOM = {"name": "Engraving", "quantity": 2, "price_ex_tax": 10, "price_inc_tax": 11}


@pytest.fixture
def order_harness() -> Generator[OrderHarness, None, None]:
    yield from checked_harness()


def body(**changes: Any) -> dict[str, Any]:
    address = {name: ANN[name] for name in ANN}
    return {"billing_address": address, "shipping_addresses": [address], "products": [CUSTOM], **changes}


def test_an_api_order_keeps_the_callers_prices(order_harness: OrderHarness) -> None:
    order = order_harness.ask("POST", "/v2/orders", body())
    assert (order["total_ex_tax"], order["total_inc_tax"], order["total_tax"]) == ("20.0000", "22.0000", "2.0000")
    assert (order["status_id"], order["order_source"], order["tax_provider_id"]) == (1, "external", "")
    assert order["currency_exchange_rate"] == "1.0000000000"
    (line,) = order_harness.lines(order["id"])
    assert (line["product_id"], line["sku"], line["price_inc_tax"]) == (0, "", "11.0000")
    (tax,) = order_harness.ask("GET", f"/v2/orders/{order['id']}/taxes?details=true")
    assert (tax["class"], tax["line_amount"], tax["rate"]) == ("API Tax Override", "2.0000", "10.0000")
    assert order_harness.transactions(order["id"]) == []


def test_catalogue_products_have_the_catalogue_price_and_tax(order_harness: OrderHarness) -> None:
    tea = order_harness.store.variant_by_sku("TEA")
    assert tea is not None
    lines = [{"product_id": tea[0].id, "quantity": 4}]
    order = order_harness.ask("POST", "/v2/orders", body(products=lines, status_id=11))
    assert (order["subtotal_ex_tax"], order["total_inc_tax"]) == ("18.0000", "19.4900")
    assert order_harness.stock("TEA") == 96, "a completed order takes its stock"


def test_totals_and_charges_can_be_overridden(order_harness: OrderHarness) -> None:
    order = order_harness.ask(
        "POST", "/v2/orders", body(shipping_cost_ex_tax="5", shipping_cost_inc_tax="5.50", discount_amount="2")
    )
    assert (order["shipping_cost_tax"], order["discount_amount"]) == ("0.5000", "2.0000")
    assert money(order["total_inc_tax"]) == money("22") + money("5.5") - 2
    fixed = order_harness.ask("POST", "/v2/orders", body(total_ex_tax="30", total_inc_tax="33"))
    assert (fixed["total_inc_tax"], fixed["total_tax"]) == ("33.0000", "3.0000")
    half = order_harness.ask("POST", "/v2/orders", body(total_inc_tax="99"))
    assert (half["total_ex_tax"], half["total_inc_tax"], half["total_tax"]) == ("20.0000", "99.0000", "2.0000")


def test_a_repeated_post_creates_a_second_order(order_harness: OrderHarness) -> None:
    first, second = (order_harness.ask("POST", "/v2/orders", body(external_order_id="X-1"))["id"] for _ in range(2))
    assert order_harness.ids("external_order_id=X-1") == [first, second]


@pytest.mark.parametrize(
    ("changes", "field_name"),
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
def test_invalid_order_requests_are_refused(changes: dict[str, Any], field_name: str) -> None:
    harness = OrderHarness()
    status, message = harness.refused("POST", "/v2/orders", body(**changes))
    assert (status, field_name in message) == (400, True), message
    assert harness.ids("") == []


def test_an_order_is_shipped_or_picked_up_but_not_both() -> None:
    harness = OrderHarness()
    shipping = [{**ANN, "line_items": [CUSTOM]}]
    pickups = [{"pickup_method_id": 1, "pickup_method_display_name": "Counter", "line_items": [CUSTOM]}]
    plain = {"billing_address": ANN}
    shipped = harness.ask("POST", "/v2/orders", {**plain, "consignments": {"shipping": shipping}})
    assert shipped["shipping_address_count"] == 1
    collected = harness.ask("POST", "/v2/orders", {**plain, "consignments": {"pickups": pickups}})
    consignments = harness.ask("GET", f"/v2/orders/{collected['id']}/consignments")
    assert (len(consignments["pickups"]), consignments["shipping"]) == (1, [])
    assert harness.lines(collected["id"])[0]["order_pickup_method_id"] == consignments["pickups"][0]["id"]
    both = {**plain, "consignments": {"shipping": shipping, "pickups": pickups}}
    assert harness.refused("POST", "/v2/orders", both)[0] == 400


def test_a_put_changes_the_given_members(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    before = order_harness.order(order)
    order_harness.pass_seconds(60)
    after = order_harness.put(order, staff_notes="call first", external_order_id="SO-1", external_source="ledger")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"staff_notes", "external_order_id", "external_source", "date_modified"}
    assert order_harness.put(order, external_order_id=None)["external_order_id"] == ""


def test_writing_external_order_id_may_keep_date_modified(order_harness: OrderHarness) -> None:
    order_harness.store.switches["update_bumps_date_modified"] = False
    order = order_harness.place_order()
    before = order_harness.order(order)["date_modified"]
    order_harness.pass_seconds(60)
    assert order_harness.put(order, external_order_id="SO-1")["date_modified"] == before
    assert order_harness.put(order, status_id=9)["date_modified"] != before


@pytest.mark.parametrize(
    "name", ["external_id", "external_merchant_id", "id", "status", "date_modified", "payment_status", "total_tax", "x"]
)
def test_read_only_and_unknown_members_are_refused(name: str) -> None:
    harness = OrderHarness()
    order = harness.place_order()
    status, message = harness.refused("PUT", f"/v2/orders/{order}", {name: "1", "staff_notes": "lost"})
    assert status == 400
    assert message.startswith(f"The field '{name}' cannot be written to")
    assert harness.order(order)["staff_notes"] == "", "a refused request changes nothing"


def test_updating_a_line_clears_its_discounts(order_harness: OrderHarness) -> None:
    cut = {"discount": "1.00", "coupon": "0.50", "coupon_code": "SAVE"}
    order = order_harness.place_order(
        lines=[{"sku": "TEA", "quantity": 2, **cut}, {"sku": "CUP", "quantity": 1, **cut}]
    )
    tea, cup = order_harness.lines(order)
    assert order_harness.ask("GET", f"/v2/orders/{order}/coupons")[0]["code"] == "SAVE"
    changed = order_harness.put(order, products=[{"id": tea["id"], "quantity": 2}])
    assert money(changed["coupon_discount"]) == money(cup["applied_discounts"][1]["amount"])
    assert [row["applied_discounts"] for row in order_harness.lines(order)] == [[], cup["applied_discounts"]]
    order_harness.store.switches["products_put_clears"] = "all_lines"
    cleared = order_harness.put(order, products=[{"id": tea["id"], "quantity": 3}])
    assert (cleared["coupon_discount"], cleared["discount_amount"]) == ("0.0000", "0.0000")
    assert order_harness.call("GET", f"/v2/orders/{order}/coupons").status == 204
    assert cleared["items_total"] == 4


def test_lines_can_be_added_repriced_and_removed(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea, cup = order_harness.lines(order)
    order_harness.put(order, products=[{"id": tea["id"], "price_ex_tax": 5, "price_inc_tax": 6}])
    assert order_harness.lines(order)[0]["total_inc_tax"] == "12.0000"
    order_harness.put(order, products=[CUSTOM, {"id": cup["id"], "quantity": 0}])
    assert [row["name"] for row in order_harness.lines(order)] == ["Product TEA", "Engraving"]
    assert (order_harness.stock("TEA"), order_harness.stock("CUP")) == (98, 100), "a removed line returns its stock"
    assert order_harness.refused("PUT", f"/v2/orders/{order}", {"products": [{"id": 1, "quantity": 1}]})[0] == 400


def test_quantity_below_the_shipped_quantity_is_refused(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    tea = order_harness.lines(order)[0]["id"]
    order_harness.ship(order, {tea: 2})
    assert order_harness.refused("PUT", f"/v2/orders/{order}", {"products": [{"id": tea, "quantity": 1}]})[0] == 400


def test_omitted_fees_are_deleted(order_harness: OrderHarness) -> None:
    order = order_harness.place_order(fees=[{"name": "Insurance", "cost": "1.50"}, {"name": "Rush", "cost": "4"}])
    before = money(order_harness.order(order)["total_inc_tax"])
    insurance = order_harness.ask("GET", f"/v2/orders/{order}/fees")["fees"][0]
    after = order_harness.put(order, fees=[{"id": insurance["id"], "type": "custom_fee"}])
    assert money(after["total_inc_tax"]) == before - 4
    (fee,) = order_harness.ask("GET", f"/v2/orders/{order}/fees")["fees"]
    assert (fee["id"], fee["display_name_merchant"]) == (insurance["id"], "Insurance")
    assert money(order_harness.put(order, fees=[])["total_inc_tax"]) == before - money("5.50")


def test_one_side_of_a_tax_pair_breaks_the_totals(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    before = order_harness.order(order)
    after = order_harness.put(order, shipping_cost_inc_tax="60")
    assert after["shipping_cost_inc_tax"] == "60.0000"
    assert after["total_inc_tax"] == before["total_inc_tax"], "the totals are not computed again"
    whole = order_harness.put(order, shipping_cost_ex_tax="10", shipping_cost_inc_tax="11")
    assert money(whole["total_inc_tax"]) == money(before["total_inc_tax"]) - 6 + 11


def test_changing_an_address_changes_no_amounts(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    before, address = order_harness.order(order), order_harness.address_id(order)
    path = f"/v2/orders/{order}/shipping_addresses/{address}"
    moved = order_harness.ask("PUT", path, {"city": "Dallas", "zip": "75201"})
    assert (moved["city"], moved["street_1"]) == ("Dallas", "1 Mill St")
    assert order_harness.order(order)["total_inc_tax"] == before["total_inc_tax"]
    billed = order_harness.put(order, billing_address={"zip": "1", "company": "Mill"})
    assert (billed["billing_address"]["company"], billed["billing_address"]["city"]) == ("Mill", "Austin")
    assert order_harness.refused("PUT", path, {"cost_inc_tax": "1"}) == (
        400,
        "The field 'cost_inc_tax' cannot be written to. Please remove it from your request before trying again.",
    )
    order_harness.expect_violations("cost_inc_tax")


def test_is_deleted_archives(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    order_harness.put(order, is_deleted=True)
    order_harness.expect_violations("is_deleted")
    assert order_harness.ids("") == []


def test_a_status_is_an_id_and_any_may_follow_any(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    order_harness.act("settings", {"status_labels": {"9": "On the bench"}})
    updated = order_harness.put(order, status_id=9)
    labels = (updated["status"], updated["custom_status"])
    assert (updated["status_id"], labels) == (9, ("Awaiting Shipment", "On the bench"))
    assert order_harness.put(order, status_id=0)["status_id"] == 0
    assert order_harness.refused("PUT", f"/v2/orders/{order}", {"status_id": 99})[0] == 400
    custom_labels = {row["id"]: row["custom_label"] for row in order_harness.ask("GET", "/v2/order_statuses")}
    assert (custom_labels[9], custom_labels[2], len(custom_labels)) == ("On the bench", "Shipped", 15)
    assert order_harness.ask("GET", "/v2/order_statuses/2")["name"] == "Shipped"
    assert order_harness.refused("GET", "/v2/order_statuses/99")[0] == 404


def test_stock_follows_the_status(order_harness: OrderHarness) -> None:
    order = order_harness.place_order(status_id=0, payment="none")
    levels = [order_harness.stock("TEA")]
    for status in (11, 5, 11, 6):
        order_harness.put(order, status_id=status)
        levels.append(order_harness.stock("TEA"))
    assert levels == [100, 98, 100, 98, 100]
    order_harness.store.switches["declined_order_holds_stock"] = True
    declined = order_harness.place_order()
    order_harness.put(declined, status_id=6)
    assert order_harness.stock("TEA") == 98, "a declined order keeps its stock"


def test_stock_decreases_on_shipment_where_the_setting_says_so(order_harness: OrderHarness) -> None:
    order_harness.ask("PUT", "/v3/settings/inventory", {"update_stock_behavior": "order_completed_or_shipped"})
    order = order_harness.place_order()
    assert order_harness.stock("TEA") == 100
    order_harness.put(order, status_id=2)
    assert order_harness.stock("TEA") == 98


def test_a_v2_refusal_is_a_list_of_errors(order_harness: OrderHarness) -> None:
    answer = order_harness.call("GET", "/v2/orders/4711")
    assert answer.status == 404
    assert answer.body[0]["message"] == "The requested resource was not found."
