"""Finding orders: filters, sorting, pages, and lists that lag behind."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.twins.bigcommerce.order_counter import ANN, OrderCounter, judged
from weighbridge_twins.bigcommerce.rendering import rfc2822
from weighbridge_twins.call import Call


@pytest.fixture
def till() -> Generator[OrderCounter, None, None]:
    yield from judged()


def test_no_match_is_an_answer_without_a_body(till: OrderCounter) -> None:
    answer = till.call("GET", "/v2/orders")
    assert (answer.status, answer.empty) == (204, True)


def test_each_filter_finds_its_orders(till: OrderCounter) -> None:
    (bob,) = till.act("seed_customers", [{"email": "bob@example.com", "first_name": "Bob", "last_name": "B"}])["ids"]
    plain = till.place()
    bobs = till.place(customer_id=bob, billing_address=ANN | {"email": "Bob@example.com"}, channel_id=7)
    unpaid = till.place(status_id=7, payment="none", payment_method="Bank Deposit", cart_id="cart-x")
    dear = till.place(lines=[{"name": "Gold", "quantity": 1, "price": "5000"}])
    till.put(dear, external_order_id="SO-77")
    found = {
        f"min_id={bobs}": [bobs, unpaid, dear],
        f"max_id={bobs}": [plain, bobs],
        f"min_id={bobs}&max_id={unpaid}": [bobs, unpaid],
        "status_id=7": [unpaid],
        f"customer_id={bob}": [bobs],
        "email=bob@example.com": [bobs],
        "channel_id=7": [bobs],
        "cart_id=cart-x": [unpaid],
        "payment_method=Bank%20Deposit": [unpaid],
        "min_total=1000": [dear],
        "max_total=1000": [plain, bobs, unpaid],
        "external_order_id=SO-77": [dear],
        "external_order_id=SO-78": [],
        "status_id=12": [],
    }
    assert {query: till.ids(query) for query in found} == found


def test_dates_are_read_in_both_forms_and_their_bounds_are_a_question(till: OrderCounter) -> None:
    first = till.place()
    moment = till.clock.now()
    till.pass_seconds(60)
    second = till.place()
    rfc, iso = rfc2822(moment).replace("+", "%2B").replace(" ", "%20"), moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    for text in (rfc, iso):
        assert till.ids(f"min_date_created={text}") == [first, second]
        assert till.ids(f"max_date_created={text}") == [first]
        assert till.ids(f"min_date_modified={text}&sort=date_modified:asc") == [first, second]
    till.shop.switches["min_date_inclusive"] = False
    assert till.ids(f"min_date_modified={iso}") == [second]
    till.shop.switches["max_date_inclusive"] = False
    assert till.ids(f"max_date_modified={iso}") == []
    till.shop.switches["id_bounds_inclusive"] = False
    assert till.ids(f"min_id={first}") == [second]


def test_a_list_by_change_follows_the_changes(till: OrderCounter) -> None:
    orders = [till.place() for _ in range(4)]
    till.pass_seconds(60)
    till.put(orders[1], staff_notes="seen")
    assert till.ids("sort=date_modified:asc") == [orders[0], orders[2], orders[3], orders[1]]
    assert till.ids("sort=date_modified:desc&limit=1") == [orders[1]]
    assert till.ids("sort=id:desc") == orders[::-1]
    assert till.ids("sort=status_id:asc&page=2&limit=3") == [orders[3]]
    assert till.refused("GET", "/v2/orders?sort=colour:asc")[0] == 400


def test_pages_end_with_an_empty_answer(till: OrderCounter) -> None:
    orders = [till.place() for _ in range(5)]
    assert till.ids("limit=3") == orders[:3]
    assert till.ids("limit=3&page=2") == orders[3:]
    assert till.ids("limit=3&page=3") == []


def test_a_limit_above_250_is_refused_or_clamped(till: OrderCounter) -> None:
    till.place()
    assert till.refused("GET", "/v2/orders?limit=251")[0] == 413
    till.shop.switches["over_limit"] = "clamped"
    assert len(till.ids("limit=1000")) == 1


@pytest.mark.parametrize("query", ["status_id=open", "min_total=much", "min_id=x", "min_date_created=yesterday"])
def test_what_cannot_be_read_is_refused(till: OrderCounter, query: str) -> None:
    assert till.refused("GET", f"/v2/orders?{query}")[0] == 400


def test_filters_that_nobody_documented_are_ignored_or_rejected(till: OrderCounter) -> None:
    order = till.place()
    assert till.ids("status_id:in=1,2") == [order]
    till.off_the_documents("status_id:in")
    till.shop.switches["unknown_filters"] = "rejected"
    assert till.refused("GET", "/v2/orders?status_id:in=1,2")[0] == 400
    till.off_the_documents("status_id:in")


def test_archived_orders_are_read_by_id_but_not_listed(till: OrderCounter) -> None:
    kept, gone = till.place(), till.place()
    assert till.call("DELETE", f"/v2/orders/{gone}").status == 204
    assert till.ids("") == [kept]
    assert till.order(gone)["is_deleted"] is True
    till.shop.switches["archived_orders_listed"] = True
    assert till.ids("") == [kept, gone]


def test_an_empty_id_archives_the_whole_store(till: OrderCounter) -> None:
    for _ in range(3):
        till.place()
    assert till.call("DELETE", "/v2/orders/").status == 204
    assert till.ids("") == []


def test_counts_name_every_status(till: OrderCounter) -> None:
    till.place()
    till.place(status_id=0)
    till.place(status_id=0)
    counted = till.ask("GET", "/v2/orders/count")
    assert counted["count"] == 3
    assert {row["id"]: row["count"] for row in counted["statuses"] if row["count"]} == {0: 2, 11: 1}
    assert len(counted["statuses"]) == 15
    assert till.ask("GET", "/v2/orders/count?status_id=11")["count"] == 1


def test_the_list_lags_while_the_order_itself_is_there(till: OrderCounter) -> None:
    till.shop.switches["delayed_visibility_seconds"] = 30
    order = till.place()
    assert till.ids("") == []
    assert till.order(order)["id"] == order
    till.pass_seconds(31)
    assert till.ids("") == [order]
    since = till.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    till.put(order, staff_notes="changed")
    assert till.ids(f"min_date_modified={since}") == []
    assert till.ids("") == [order]
    till.pass_seconds(31)
    assert till.ids(f"min_date_modified={since}") == [order]


def test_a_new_order_answers_404_for_a_while(till: OrderCounter) -> None:
    till.shop.switches["new_order_404_seconds"] = 5
    order = till.place()
    assert till.refused("GET", f"/v2/orders/{order}")[0] == 404
    till.pass_seconds(6)
    assert till.order(order)["id"] == order


def test_rows_vanish_between_pages_when_the_list_drifts(till: OrderCounter) -> None:
    orders = [till.place() for _ in range(6)]
    till.shop.switches["page_drift"] = 1
    assert till.ids("limit=2") + till.ids("limit=2&page=2") == [*orders[:2], *orders[3:5]]


def test_included_parts_come_with_the_list(till: OrderCounter) -> None:
    till.place(fees=[{"name": "Insurance", "cost": "1.50"}])
    plain = till.ask("GET", "/v2/orders?include=consignments")[0]
    assert set(plain["consignments"]) == {"url", "resource"}, "without consignment_structure=object nothing is embedded"
    (full,) = till.ask("GET", "/v2/orders?include=consignments.line_items,fees&consignment_structure=object")
    (shipping,) = full["consignments"]["shipping"]
    assert [row["sku"] for row in shipping["line_items"]] == ["TEA", "CUP"]
    assert shipping["cost_inc_tax"] == 6, "a number here, a text elsewhere"
    assert [fee["cost_inc_tax"] for fee in full["fees"]] == ["1.5000"]
    (links,) = till.ask("GET", "/v2/orders?include=consignments&consignment_structure=object")
    assert set(links["consignments"]["shipping"][0]["line_items"][0]) == {"url", "resource"}
    # A link to a line fits the description of a line as well, in which nothing is required.
    till.off_the_documents("consignments")


def test_fifty_included_lines_come_with_a_warning(till: OrderCounter) -> None:
    order = till.place(lines=[{"sku": "TEA", "quantity": 1} for _ in range(60)])
    path = f"/v2/orders/{order}?include=consignments.line_items&consignment_structure=object"
    consignments = till.ask("GET", path)["consignments"]
    assert len(consignments["shipping"][0]["line_items"]) == 50
    assert "50" in consignments["__warning__"]["message"]
    assert len(till.lines(order)) == 50
    assert len(till.ask("GET", f"/v2/orders/{order}/products?page=2")) == 10
    assert len(till.ask("GET", f"/v2/orders/{order}/products?limit=250")) == 60


def test_pages_of_thousands_are_found_without_looking_at_them_all(till: OrderCounter) -> None:
    template = {"lines": [{"name": "Tea", "quantity": 1, "price": "1"}], "billing_address": ANN}
    for _ in range(4000):
        till.act("place_order", template)
    begun = till.cpu_seconds()
    for page in ("1", "8", "16"):
        query = {"limit": "250", "page": page, "sort": "date_modified:asc", "min_date_modified": "2026-01-01T00:00:00Z"}
        assert len(till.twin.answer(Call("GET", "/stores/shop/v2/orders", query, {})).body) == 250
    assert till.cpu_seconds() - begun < 0.5
