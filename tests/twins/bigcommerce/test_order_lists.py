"""Lists of orders: filters, sorting, pages, and delayed visibility."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.twins.bigcommerce.order_harness import ANN, OrderHarness, checked_harness
from weighbridge_twins.bigcommerce.rendering import rfc2822
from weighbridge_twins.http.call import Call

INCLUDED = "include=consignments.line_items,fees&consignment_structure=object"


@pytest.fixture
def order_harness() -> Generator[OrderHarness, None, None]:
    yield from checked_harness()


def test_an_empty_list_has_no_body(order_harness: OrderHarness) -> None:
    answer = order_harness.call("GET", "/v2/orders")
    assert (answer.status, answer.empty) == (204, True)


def test_each_filter_finds_matching_orders(order_harness: OrderHarness) -> None:
    (bob,) = order_harness.act("seed_customers", [{"email": "bob@example.com", "first_name": "Bob", "last_name": "B"}])[
        "ids"
    ]
    plain = order_harness.place_order()
    bobs = order_harness.place_order(customer_id=bob, billing_address=ANN | {"email": "Bob@example.com"}, channel_id=7)
    unpaid = order_harness.place_order(status_id=7, payment="none", payment_method="Bank Deposit", cart_id="cart-x")
    expensive = order_harness.place_order(lines=[{"name": "Gold", "quantity": 1, "price": "5000"}])
    order_harness.put(expensive, external_order_id="SO-77")
    expected = {
        f"min_id={bobs}": [bobs, unpaid, expensive],
        f"max_id={bobs}": [plain, bobs],
        f"min_id={bobs}&max_id={unpaid}": [bobs, unpaid],
        "status_id=7": [unpaid],
        f"customer_id={bob}": [bobs],
        "email=bob@example.com": [bobs],
        "channel_id=7": [bobs],
        "cart_id=cart-x": [unpaid],
        "payment_method=Bank%20Deposit": [unpaid],
        "min_total=1000": [expensive],
        "max_total=1000": [plain, bobs, unpaid],
        "external_order_id=SO-77": [expensive],
        "external_order_id=SO-78": [],
        "status_id=12": [],
    }
    assert {query: order_harness.ids(query) for query in expected} == expected


def test_date_filters_accept_both_formats_and_bounds_follow_the_switch(order_harness: OrderHarness) -> None:
    first = order_harness.place_order()
    timestamp = order_harness.clock.now()
    order_harness.pass_seconds(60)
    second = order_harness.place_order()
    rfc, iso = rfc2822(timestamp).replace("+", "%2B").replace(" ", "%20"), timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    for text in (rfc, iso):
        assert order_harness.ids(f"min_date_created={text}") == [first, second]
        assert order_harness.ids(f"max_date_created={text}") == [first]
        assert order_harness.ids(f"min_date_modified={text}&sort=date_modified:asc") == [first, second]
    order_harness.store.switches["min_date_inclusive"] = False
    assert order_harness.ids(f"min_date_modified={iso}") == [second]
    order_harness.store.switches["max_date_inclusive"] = False
    assert order_harness.ids(f"max_date_modified={iso}") == []
    order_harness.store.switches["id_bounds_inclusive"] = False
    assert order_harness.ids(f"min_id={first}") == [second]


def test_a_list_by_change_follows_the_changes(order_harness: OrderHarness) -> None:
    orders = [order_harness.place_order() for _ in range(4)]
    order_harness.pass_seconds(60)
    order_harness.put(orders[1], staff_notes="seen")
    assert order_harness.ids("sort=date_modified:asc") == [orders[0], orders[2], orders[3], orders[1]]
    assert order_harness.ids("sort=date_modified:desc&limit=1") == [orders[1]]
    assert order_harness.ids("sort=id:desc") == orders[::-1]
    assert order_harness.ids("sort=status_id:asc&page=2&limit=3") == [orders[3]]
    assert order_harness.refused("GET", "/v2/orders?sort=colour:asc")[0] == 400


def test_pages_end_with_an_empty_answer(order_harness: OrderHarness) -> None:
    orders = [order_harness.place_order() for _ in range(5)]
    assert order_harness.ids("limit=3") == orders[:3]
    assert order_harness.ids("limit=3&page=2") == orders[3:]
    assert order_harness.ids("limit=3&page=3") == []


def test_a_limit_above_250_is_refused_or_clamped(order_harness: OrderHarness) -> None:
    order_harness.place_order()
    assert order_harness.refused("GET", "/v2/orders?limit=251")[0] == 413
    order_harness.store.switches["over_limit"] = "clamped"
    assert len(order_harness.ids("limit=1000")) == 1


@pytest.mark.parametrize("query", ["status_id=open", "min_total=much", "min_id=x", "min_date_created=yesterday"])
def test_invalid_filter_values_are_refused(order_harness: OrderHarness, query: str) -> None:
    assert order_harness.refused("GET", f"/v2/orders?{query}")[0] == 400


def test_undocumented_filters_are_ignored_or_rejected(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    assert order_harness.ids("status_id:in=1,2") == [order]
    order_harness.expect_violations("status_id:in")
    order_harness.store.switches["unknown_filters"] = "rejected"
    assert order_harness.refused("GET", "/v2/orders?status_id:in=1,2")[0] == 400
    order_harness.expect_violations("status_id:in")


def test_archived_orders_are_read_by_id_but_not_listed(order_harness: OrderHarness) -> None:
    listed, archived = order_harness.place_order(), order_harness.place_order()
    assert order_harness.call("DELETE", f"/v2/orders/{archived}").status == 204
    assert order_harness.ids("") == [listed]
    assert order_harness.order(archived)["is_deleted"] is True
    order_harness.store.switches["archived_orders_listed"] = True
    assert order_harness.ids("") == [listed, archived]


def test_an_empty_id_archives_the_whole_store(order_harness: OrderHarness) -> None:
    for _ in range(3):
        order_harness.place_order()
    assert order_harness.call("DELETE", "/v2/orders/").status == 204
    assert order_harness.ids("") == []


def test_counts_name_every_status(order_harness: OrderHarness) -> None:
    order_harness.place_order()
    order_harness.place_order(status_id=0)
    order_harness.place_order(status_id=0)
    counted = order_harness.ask("GET", "/v2/orders/count")
    assert counted["count"] == 3
    assert {row["id"]: row["count"] for row in counted["statuses"] if row["count"]} == {0: 2, 11: 1}
    assert len(counted["statuses"]) == 15
    assert order_harness.ask("GET", "/v2/orders/count?status_id=11")["count"] == 1


def test_the_list_lags_behind_the_single_order(order_harness: OrderHarness) -> None:
    order_harness.store.switches["delayed_visibility_seconds"] = 30
    order = order_harness.place_order()
    assert order_harness.ids("") == []
    assert order_harness.order(order)["id"] == order
    order_harness.pass_seconds(31)
    assert order_harness.ids("") == [order]
    since = order_harness.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    order_harness.put(order, staff_notes="changed")
    assert order_harness.ids(f"min_date_modified={since}") == []
    assert order_harness.ids("") == [order]
    order_harness.pass_seconds(31)
    assert order_harness.ids(f"min_date_modified={since}") == [order]


def test_a_new_order_answers_404_for_a_while(order_harness: OrderHarness) -> None:
    order_harness.store.switches["new_order_404_seconds"] = 5
    order = order_harness.place_order()
    assert order_harness.refused("GET", f"/v2/orders/{order}")[0] == 404
    order_harness.pass_seconds(6)
    assert order_harness.order(order)["id"] == order


def test_rows_vanish_between_pages_when_the_list_drifts(order_harness: OrderHarness) -> None:
    orders = [order_harness.place_order() for _ in range(6)]
    order_harness.store.switches["page_drift"] = 1
    assert order_harness.ids("limit=2") + order_harness.ids("limit=2&page=2") == [*orders[:2], *orders[3:5]]


def test_include_embeds_subresources_in_the_list(order_harness: OrderHarness) -> None:
    order_harness.place_order(fees=[{"name": "Insurance", "cost": "1.50"}])
    plain = order_harness.ask("GET", "/v2/orders?include=consignments")[0]
    assert set(plain["consignments"]) == {"url", "resource"}, "without consignment_structure=object nothing is embedded"
    (full,) = order_harness.ask("GET", f"/v2/orders?{INCLUDED}")
    (shipping,) = full["consignments"]["shipping"]
    assert [row["sku"] for row in shipping["line_items"]] == ["TEA", "CUP"]
    assert shipping["cost_inc_tax"] == 6, "a number here, a string elsewhere"
    assert [fee["cost_inc_tax"] for fee in full["fees"]] == ["1.5000"]
    (links,) = order_harness.ask("GET", "/v2/orders?include=consignments&consignment_structure=object")
    assert set(links["consignments"]["shipping"][0]["line_items"][0]) == {"url", "resource"}
    # In the specification a link to a line also matches the schema of a line, which has no required members.
    order_harness.expect_violations("consignments")


def test_fifty_included_lines_come_with_a_warning(order_harness: OrderHarness) -> None:
    order = order_harness.place_order(lines=[{"sku": "TEA", "quantity": 1} for _ in range(60)])
    consignments = order_harness.ask("GET", f"/v2/orders/{order}?{INCLUDED}")["consignments"]
    assert len(consignments["shipping"][0]["line_items"]) == 50
    assert "50" in consignments["__warning__"]["message"]
    assert len(order_harness.lines(order)) == 50
    assert len(order_harness.ask("GET", f"/v2/orders/{order}/products?page=2")) == 10
    assert len(order_harness.ask("GET", f"/v2/orders/{order}/products?limit=250")) == 60


def test_included_lines_of_each_consignment_are_counted_alone_without_a_warning(order_harness: OrderHarness) -> None:
    lines = [{"sku": "TEA", "quantity": 1, "address": number % 2} for number in range(104)]
    order = order_harness.place_order(lines=lines, shipping_addresses=[ANN, ANN])

    def included() -> tuple[list[int], bool]:
        consignments = order_harness.ask("GET", f"/v2/orders/{order}?{INCLUDED}")["consignments"]
        return [len(row["line_items"]) for row in consignments["shipping"]], "__warning__" in consignments

    assert included() == ([50, 0], True)
    order_harness.store.switches["included_lines_capped"] = "consignment"
    assert included() == ([50, 50], True)
    order_harness.store.switches["included_lines_warn"] = False
    assert included() == ([50, 50], False)


def test_included_consignments_name_every_way_of_delivery(order_harness: OrderHarness) -> None:
    card = {"name": "Card", "quantity": 1, "price": "25.00", "type": "giftcertificate"}
    guide = {"name": "Guide", "quantity": 1, "price": "5.00", "type": "digital"}
    shop = {"pickup_method_id": 1, "pickup_method_display_name": "Shop"}
    shipped = order_harness.place_order(lines=[card, {"sku": "TEA", "quantity": 2}, guide])
    collected = order_harness.place_order(pickups=[shop], shipping_addresses=[])
    order = order_harness.ask("GET", f"/v2/orders/{shipped}?{INCLUDED}")
    (address,), (download,), (mailed,) = (
        order["consignments"]["shipping"],
        order["consignments"]["downloads"],
        order["consignments"]["email"]["gift_certificates"],
    )
    named = [row["line_items"][0]["name"] for row in (address, download, mailed)]
    assert named == ["Product TEA", "Guide", "Card"]
    assert address["line_items"] + download["line_items"] + mailed["line_items"] == sorted(
        order_harness.lines(shipped), key=lambda line: ["physical", "digital", "giftcertificate"].index(line["type"])
    ), "an included line equals the line in the list of lines"
    listed = order_harness.ask("GET", f"/v2/orders/{shipped}/shipping_addresses")[0]
    assert address["id"] == listed["id"]
    assert {name: address[name] for name in ANN} == {name: listed[name] for name in ANN}
    consignments = order_harness.ask("GET", f"/v2/orders/{collected}?{INCLUDED}")["consignments"]
    assert [len(row["line_items"]) for row in consignments["pickups"]] == [2]
    assert (consignments["shipping"], consignments["downloads"]) == ([], [])


def test_a_corrupted_order_is_corrupted_in_its_consignments_too(order_harness: OrderHarness) -> None:
    order = order_harness.place_order()
    changes = {"product_set": {"sku": "?"}, "address_drop": ["company"], "consignments_drop": ["pickups"]}
    order_harness.act("corrupt_order", {"order_id": order, **changes})
    consignments = order_harness.ask("GET", f"/v2/orders/{order}?{INCLUDED}")["consignments"]
    (address,) = consignments["shipping"]
    assert ({line["sku"] for line in address["line_items"]}, "company" in address) == ({"?"}, False)
    assert "pickups" not in consignments


def test_paging_thousands_of_orders_does_not_scan_all_of_them(order_harness: OrderHarness) -> None:
    template = {"lines": [{"name": "Tea", "quantity": 1, "price": "1"}], "billing_address": ANN}
    for _ in range(4000):
        order_harness.act("place_order", template)
    started = order_harness.cpu_seconds()
    for page in ("1", "8", "16"):
        query = {"limit": "250", "page": page, "sort": "date_modified:asc", "min_date_modified": "2026-01-01T00:00:00Z"}
        assert len(order_harness.twin.answer(Call("GET", "/stores/shop/v2/orders", query, {})).body) == 250
    assert order_harness.cpu_seconds() - started < 0.5
