"""An order becomes a sale: the ordinary case, its number of calls, and lost answers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.harness import by_key, harness
from weighbridge.persistence.repositories.transfers import State

WRITES = ("/sale", "/sale/order", "/sale/invoice", "/sale/payment")


def test_authorised_order_costs_exactly_two_calls(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        rows = trial.run()
        trial.assert_one_sale(order_id)
        assert trial.writes() == ["POST /sale", "POST /sale/order"]
        assert by_key(rows)[str(order_id)].state is State.POSTED
        reads = [call for call in trial.twins.calls("cin7") if call["method"] == "GET" and "/sale" in call["path"]]
        assert reads == [], "without a lost answer nothing is probed"


def test_invoice_and_payment_cost_two_calls_more(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert trial.writes() == ["POST /sale", "POST /sale/order", "POST /sale/invoice", "POST /sale/payment"]
        assert [invoice["Status"] for invoice in sale["invoices"]] == ["PAID"]
        assert Decimal(str(sale["payments"][0]["Amount"])) == trial.order(order_id)["total_inc_tax"]


def test_order_and_sale_are_linked_both_ways(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert sale["header"]["ExternalID"] == f"bc:{trial.twins.credentials.store_hash}:{order_id}"
        assert trial.order(order_id)["external_order_id"] == sale["id"]


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        trial.run()
        before = trial.writes()
        trial.run()
        trial.assert_one_sale(order_id)
        assert trial.writes() == before


@pytest.mark.parametrize("form", ["headers", "bare", "500"])
def test_order_is_posted_despite_a_throttling_store(tmp_path: Path, form: str) -> None:
    with harness(tmp_path) as trial:
        match = {"path": "/v2/orders"}
        trial.twins.fault("bigcommerce", {"fault": "throttle", "style": form, "match": match, "times": 2})
        order_id = trial.place()
        trial.run()
        trial.assert_one_sale(order_id)


def test_sale_that_is_listed_late_is_not_created_twice(tmp_path: Path) -> None:
    """The header's answer is lost and saleList hides the new sale for a minute."""
    with harness(tmp_path, cin7_switches={"delayed_visibility_seconds": 60}) as trial:
        match = {"method": "POST", "path": "(?i)/v2/sale$"}
        trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        order_id = trial.place()
        trial.run()
        trial.assert_one_sale(order_id)
        assert trial.writes().count("POST /sale") == 1


def test_page_drift_hides_no_order_for_long(tmp_path: Path) -> None:
    with harness(tmp_path, bigcommerce_switches={"page_drift": 2}) as trial:
        ids = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(5)]
        trial.run()
        for order_id in ids:
            trial.assert_one_sale(order_id)


def test_second_sale_of_an_order_is_voided_by_the_sweep(tmp_path: Path) -> None:
    """Another program posted the same external id: the sweep keeps the order's own sale and voids the other."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        own = trial.assert_one_sale(order_id)

        def copy_sale() -> None:
            company = trial.twins.cin7.company
            sale = company.sales[own["id"]]
            twin = replace(
                sale, id=company.new_id(), number=company.next_number("SO"), allocations=[], updated_at=company.now()
            )
            company.add_sale(twin)

        trial.twins.run(copy_sale)
        assert len(trial.sales(order_id)) == 2
        trial.ship()
        assert [sale["id"] for sale in trial.sales(order_id)] == [own["id"]]


def test_cancelled_order_voids_its_sale_and_releases_its_stock(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        trial.twins.act("bigcommerce", "cancel_order", {"order_id": order_id})
        rows = trial.run()
        assert trial.sales(order_id) == []
        assert by_key(rows)[str(order_id)].state is State.CANCELLED


def test_unpaid_order_is_posted_once_it_is_paid(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place(status_id=7, payment="none", payment_method="Bank Deposit")
        rows = trial.run()
        assert by_key(rows)[str(order_id)].state is State.NOT_CAPTURED
        assert trial.sales(order_id) == []
        trial.twins.act("bigcommerce", "capture_payment", {"order_id": order_id})
        trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 11})
        trial.run()
        trial.assert_one_sale(order_id)
