"""Customers, their address book and their groups."""

from __future__ import annotations

from typing import Any

from tests.twins.bigcommerce.harness import StoreHarness

CUSTOMERS = "/v3/customers"
ANN: dict[str, Any] = {"email": "ann@example.com", "first_name": "Ann", "last_name": "Example"}
HOME: dict[str, Any] = {
    "first_name": "Ann", "last_name": "Example", "address1": "1 Mill St", "city": "Austin",
    "state_or_province": "Texas", "postal_code": "78701", "country_code": "US",
}  # fmt: skip


def test_customers_are_written_in_batches_of_ten(harness: StoreHarness) -> None:
    rows = [{**ANN, "email": f"ann{number}@example.com"} for number in range(11)]
    assert harness.refused("POST", CUSTOMERS, rows)[0] == 413
    created = harness.ask("POST", CUSTOMERS, rows[:10])
    assert len({row["id"] for row in created}) == 10
    harness.ask("PUT", CUSTOMERS, [{"id": created[0]["id"], "notes": "pays late"}])
    assert harness.ask("GET", f"{CUSTOMERS}?id:in={created[0]['id']}")[0]["notes"] == "pays late"
    assert harness.call("DELETE", f"{CUSTOMERS}?id:in={created[0]['id']}").status == 204
    assert len(harness.ask("GET", CUSTOMERS)) == 9


def test_an_email_in_use_is_refused_without_the_id_it_has(harness: StoreHarness) -> None:
    (ann,) = harness.ask("POST", CUSTOMERS, [ANN])
    answer = harness.call("POST", CUSTOMERS, [{**ANN, "email": "ANN@example.com"}])
    assert answer.status == 422
    assert "ANN@example.com already in use" in answer.body["title"]
    assert str(ann["id"]) not in str(answer.body)
    twice = [{**ANN, "email": "bob@example.com"}] * 2
    assert harness.refused("POST", CUSTOMERS, twice)[0] == 422
    (bob,) = harness.ask("POST", CUSTOMERS, twice[:1])
    assert harness.refused("PUT", CUSTOMERS, [{"id": bob["id"], "email": "ann@example.com"}])[0] == 422
    assert len(harness.ask("GET", CUSTOMERS)) == 2


def test_filters_find_customers(harness: StoreHarness) -> None:
    harness.ask("POST", CUSTOMERS, [ANN, {**ANN, "email": "bob@example.com", "first_name": "Bob", "company": "Mill"}])
    assert [row["first_name"] for row in harness.ask("GET", f"{CUSTOMERS}?email:in=bob@example.com")] == ["Bob"]
    assert [row["first_name"] for row in harness.ask("GET", f"{CUSTOMERS}?company:in=mill")] == ["Bob"]
    assert [row["first_name"] for row in harness.ask("GET", f"{CUSTOMERS}?name:in=Ann%20Example")] == ["Ann"]
    harness.pass_seconds(60)
    harness.ask("PUT", CUSTOMERS, [{"id": 11, "phone": "1"}])
    assert [row["id"] for row in harness.ask("GET", f"{CUSTOMERS}?date_modified:min=2026-01-05T08:00:30Z")] == [11]
    assert [row["id"] for row in harness.ask("GET", f"{CUSTOMERS}?sort=date_modified:desc")] == [11, 12]


def test_a_plain_id_is_no_filter() -> None:
    harness = StoreHarness()
    harness.ask("POST", CUSTOMERS, [ANN, {**ANN, "email": "bob@example.com"}])
    assert len(harness.ask("GET", f"{CUSTOMERS}?id=12")) == 2
    harness.store.switches["unknown_filters"] = "rejected"
    assert harness.refused("GET", f"{CUSTOMERS}?id=12")[0] == 422


def test_a_duplicate_address_is_omitted_without_an_error(harness: StoreHarness) -> None:
    (ann,) = harness.ask("POST", CUSTOMERS, [{**ANN, "addresses": [HOME]}])
    assert (ann["address_count"], len(ann["addresses"])) == (1, 1)
    rows = [{**HOME, "customer_id": ann["id"]}, {**HOME, "customer_id": ann["id"], "address1": "2 Mill St"}]
    answer = harness.call("POST", f"{CUSTOMERS}/addresses", rows)
    assert answer.status == 200
    assert [row["address1"] for row in answer.body["data"]] == ["2 Mill St"]
    assert len(harness.ask("GET", f"{CUSTOMERS}/addresses?customer_id:in={ann['id']}")) == 2


def test_at_most_ten_addresses_are_embedded(harness: StoreHarness) -> None:
    (ann,) = harness.ask("POST", CUSTOMERS, [ANN])
    rows = [{**HOME, "customer_id": ann["id"], "address1": f"{number} Mill St"} for number in range(12)]
    harness.ask("POST", f"{CUSTOMERS}/addresses", rows)
    (row,) = harness.ask("GET", f"{CUSTOMERS}?include=addresses,storecredit")
    assert (row["address_count"], len(row["addresses"]), row["store_credit_amounts"]) == (12, 10, [])
    assert len(harness.ask("GET", f"{CUSTOMERS}/addresses?customer_id:in={ann['id']}&limit=250")) == 12


def test_address_webhooks_have_type_customer_and_the_address_id(harness: StoreHarness) -> None:
    (ann,) = harness.ask("POST", CUSTOMERS, [ANN])
    harness.subscribe("store/customer/*")
    harness.ask("POST", f"{CUSTOMERS}/addresses", [{**HOME, "customer_id": ann["id"]}])
    harness.ask("PUT", f"{CUSTOMERS}/addresses", [{"id": 1, "city": "Dallas"}])
    assert harness.call("DELETE", f"{CUSTOMERS}/addresses?id:in=1").status == 204
    events = harness.received_events()
    assert [scope.rsplit("/", 1)[1] for scope, _ in events] == ["created", "updated", "deleted"]
    assert events[0][1] == {"type": "customer", "id": 1, "address": {"customer_id": ann["id"]}}


def test_customer_groups_are_v2_only_and_deleting_one_keeps_its_customers() -> None:
    harness = StoreHarness()
    group = harness.ask("POST", "/v2/customer_groups", {"name": "Trade"})
    assert harness.refused("POST", "/v2/customer_groups", {"name": "Trade"})[0] == 400
    harness.ask("POST", CUSTOMERS, [{**ANN, "customer_group_id": group["id"]}])
    assert len(harness.ask("GET", f"{CUSTOMERS}?customer_group_id:in={group['id']}")) == 1
    assert harness.ask("PUT", f"/v2/customer_groups/{group['id']}", {"name": "Trade A"})["name"] == "Trade A"
    assert harness.call("DELETE", f"/v2/customer_groups/{group['id']}").status == 204
    assert harness.ask("GET", CUSTOMERS)[0]["customer_group_id"] == 0
    assert harness.call("GET", "/v2/customer_groups").status == 204


def test_v2_and_v3_have_the_same_customers() -> None:
    harness = StoreHarness()
    created = harness.ask("POST", "/v2/customers", ANN)
    assert created["date_created"] == "Mon, 05 Jan 2026 08:00:00 +0000"
    assert "authentication" not in created
    changed = harness.ask("PUT", f"/v2/customers/{created['id']}", {"company": "Mill"})
    assert changed["company"] == harness.ask("GET", CUSTOMERS)[0]["company"] == "Mill"
    assert harness.ask("GET", "/v2/customers/count") == {"count": 1}
    assert harness.call("DELETE", f"/v2/customers/{created['id']}").status == 204
    assert harness.call("GET", "/v2/customers").status == 204


def test_customers_survive_a_restart(harness: StoreHarness) -> None:
    harness.ask("POST", CUSTOMERS, [{**ANN, "addresses": [HOME]}])
    restarted = StoreHarness()
    restarted.twin.restore(harness.saved())
    path = f"{CUSTOMERS}?include=addresses"
    assert restarted.ask("GET", path) == harness.ask("GET", path)
    assert restarted.refused("POST", CUSTOMERS, [ANN])[0] == 422
