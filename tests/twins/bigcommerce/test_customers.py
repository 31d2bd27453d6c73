"""Customers, their address book and their groups."""

from __future__ import annotations

from typing import Any

from tests.twins.bigcommerce.counter import Counter

CUSTOMERS = "/v3/customers"
ANN: dict[str, Any] = {"email": "ann@example.com", "first_name": "Ann", "last_name": "Example"}
HOME: dict[str, Any] = {
    "first_name": "Ann", "last_name": "Example", "address1": "1 Mill St", "city": "Austin",
    "state_or_province": "Texas", "postal_code": "78701", "country_code": "US",
}  # fmt: skip


def test_customers_come_and_go_in_tens(shop: Counter) -> None:
    rows = [{**ANN, "email": f"ann{number}@example.com"} for number in range(11)]
    assert shop.refused("POST", CUSTOMERS, rows)[0] == 413
    made = shop.ask("POST", CUSTOMERS, rows[:10])
    assert len({row["id"] for row in made}) == 10
    shop.ask("PUT", CUSTOMERS, [{"id": made[0]["id"], "notes": "pays late"}])
    assert shop.ask("GET", f"{CUSTOMERS}?id:in={made[0]['id']}")[0]["notes"] == "pays late"
    assert shop.call("DELETE", f"{CUSTOMERS}?id:in={made[0]['id']}").status == 204
    assert len(shop.ask("GET", CUSTOMERS)) == 9


def test_an_email_in_use_is_refused_without_the_id_it_has(shop: Counter) -> None:
    (made,) = shop.ask("POST", CUSTOMERS, [ANN])
    answer = shop.call("POST", CUSTOMERS, [{**ANN, "email": "ANN@example.com"}])
    assert answer.status == 422
    assert "ANN@example.com already in use" in answer.body["title"]
    assert str(made["id"]) not in str(answer.body)
    twice = [{**ANN, "email": "bob@example.com"}] * 2
    assert shop.refused("POST", CUSTOMERS, twice)[0] == 422
    (bob,) = shop.ask("POST", CUSTOMERS, twice[:1])
    assert shop.refused("PUT", CUSTOMERS, [{"id": bob["id"], "email": "ann@example.com"}])[0] == 422
    assert len(shop.ask("GET", CUSTOMERS)) == 2


def test_filters_find_customers(shop: Counter) -> None:
    shop.ask("POST", CUSTOMERS, [ANN, {**ANN, "email": "bob@example.com", "first_name": "Bob", "company": "Mill"}])
    assert [row["first_name"] for row in shop.ask("GET", f"{CUSTOMERS}?email:in=bob@example.com")] == ["Bob"]
    assert [row["first_name"] for row in shop.ask("GET", f"{CUSTOMERS}?company:in=mill")] == ["Bob"]
    assert [row["first_name"] for row in shop.ask("GET", f"{CUSTOMERS}?name:in=Ann%20Example")] == ["Ann"]
    shop.pass_seconds(60)
    shop.ask("PUT", CUSTOMERS, [{"id": 11, "phone": "1"}])
    assert [row["id"] for row in shop.ask("GET", f"{CUSTOMERS}?date_modified:min=2026-01-05T08:00:30Z")] == [11]
    assert [row["id"] for row in shop.ask("GET", f"{CUSTOMERS}?sort=date_modified:desc")] == [11, 12]


def test_a_plain_id_is_no_filter() -> None:
    counter = Counter()
    counter.ask("POST", CUSTOMERS, [ANN, {**ANN, "email": "bob@example.com"}])
    assert len(counter.ask("GET", f"{CUSTOMERS}?id=12")) == 2
    counter.shop.switches["unknown_filters"] = "rejected"
    assert counter.refused("GET", f"{CUSTOMERS}?id=12")[0] == 422


def test_a_double_address_is_left_out_without_an_error(shop: Counter) -> None:
    (ann,) = shop.ask("POST", CUSTOMERS, [{**ANN, "addresses": [HOME]}])
    assert (ann["address_count"], len(ann["addresses"])) == (1, 1)
    rows = [{**HOME, "customer_id": ann["id"]}, {**HOME, "customer_id": ann["id"], "address1": "2 Mill St"}]
    answer = shop.call("POST", f"{CUSTOMERS}/addresses", rows)
    assert answer.status == 200
    assert [row["address1"] for row in answer.body["data"]] == ["2 Mill St"]
    assert len(shop.ask("GET", f"{CUSTOMERS}/addresses?customer_id:in={ann['id']}")) == 2


def test_only_ten_addresses_come_along(shop: Counter) -> None:
    (ann,) = shop.ask("POST", CUSTOMERS, [ANN])
    rows = [{**HOME, "customer_id": ann["id"], "address1": f"{number} Mill St"} for number in range(12)]
    shop.ask("POST", f"{CUSTOMERS}/addresses", rows)
    (row,) = shop.ask("GET", f"{CUSTOMERS}?include=addresses,storecredit")
    assert (row["address_count"], len(row["addresses"]), row["store_credit_amounts"]) == (12, 10, [])
    assert len(shop.ask("GET", f"{CUSTOMERS}/addresses?customer_id:in={ann['id']}&limit=250")) == 12


def test_address_hooks_say_customer_and_mean_the_address(shop: Counter) -> None:
    (ann,) = shop.ask("POST", CUSTOMERS, [ANN])
    shop.subscribe("store/customer/*")
    shop.ask("POST", f"{CUSTOMERS}/addresses", [{**HOME, "customer_id": ann["id"]}])
    shop.ask("PUT", f"{CUSTOMERS}/addresses", [{"id": 1, "city": "Dallas"}])
    assert shop.call("DELETE", f"{CUSTOMERS}/addresses?id:in=1").status == 204
    heard = shop.heard()
    assert [scope.rsplit("/", 1)[1] for scope, _ in heard] == ["created", "updated", "deleted"]
    assert heard[0][1] == {"type": "customer", "id": 1, "address": {"customer_id": ann["id"]}}


def test_groups_live_in_v2_and_their_members_survive_them() -> None:
    counter = Counter()
    group = counter.ask("POST", "/v2/customer_groups", {"name": "Trade"})
    assert counter.refused("POST", "/v2/customer_groups", {"name": "Trade"})[0] == 400
    counter.ask("POST", CUSTOMERS, [{**ANN, "customer_group_id": group["id"]}])
    assert len(counter.ask("GET", f"{CUSTOMERS}?customer_group_id:in={group['id']}")) == 1
    assert counter.ask("PUT", f"/v2/customer_groups/{group['id']}", {"name": "Trade A"})["name"] == "Trade A"
    assert counter.call("DELETE", f"/v2/customer_groups/{group['id']}").status == 204
    assert counter.ask("GET", CUSTOMERS)[0]["customer_group_id"] == 0
    assert counter.call("GET", "/v2/customer_groups").status == 204


def test_v2_shows_the_same_customers() -> None:
    counter = Counter()
    made = counter.ask("POST", "/v2/customers", ANN)
    assert made["date_created"] == "Mon, 05 Jan 2026 08:00:00 +0000"
    assert "authentication" not in made
    changed = counter.ask("PUT", f"/v2/customers/{made['id']}", {"company": "Mill"})
    assert changed["company"] == counter.ask("GET", CUSTOMERS)[0]["company"] == "Mill"
    assert counter.ask("GET", "/v2/customers/count") == {"count": 1}
    assert counter.call("DELETE", f"/v2/customers/{made['id']}").status == 204
    assert counter.call("GET", "/v2/customers").status == 204


def test_customers_survive_a_restart(shop: Counter) -> None:
    shop.ask("POST", CUSTOMERS, [{**ANN, "addresses": [HOME]}])
    other = Counter()
    other.twin.restore(shop.saved())
    path = f"{CUSTOMERS}?include=addresses"
    assert other.ask("GET", path) == shop.ask("GET", path)
    assert other.refused("POST", CUSTOMERS, [ANN])[0] == 422
