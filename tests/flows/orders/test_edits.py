"""Orders edited at the store after they were posted: the sale is amended, or held for its owner."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge_twins.cin7 import fulfilment

REBILL = {"post": "invoice_and_payment", "design": '\n[connections.main.design.edits]\npolicy = "rebill"\n'}
MUG, TEA = 0, 1


def line_id(trial: Harness, order_id: int, position: int) -> int:
    return int(trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].products[position]["id"]))


def edit(trial: Harness, order_id: int, **changes: Any) -> Decimal:
    """Staff edit the order; returns its new total."""
    answer = trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, **changes})
    return Decimal(answer["total_inc_tax"])


def transfer_after_run(trial: Harness, order_id: int) -> Transfer:
    return by_key(trial.run())[str(order_id)]


def units(sale: dict[str, Any]) -> dict[str, Decimal]:
    """The units of each SKU in the order document."""
    ordered: dict[str, Decimal] = {}
    for line in sale["order"]["Lines"]:
        ordered[line["SKU"]] = ordered.get(line["SKU"], Decimal(0)) + line["Quantity"]
    return ordered


def held_units(trial: Harness) -> dict[str, Decimal]:
    """The units of each SKU that Cin7 has allocated."""
    rows = trial.twins.run(lambda: list(trial.twins.cin7.company.stock.values()))
    names = trial.twins.run(
        lambda: {product["ID"]: product["SKU"] for product in trial.twins.cin7.company.products.values()}
    )
    return {names[row.key[0]]: row.allocated for row in rows if row.allocated}


@pytest.mark.parametrize("lost", ["", "DELETE", "POST"])
def test_edited_order_is_undone_reposted_and_reauthorised(tmp_path: Path, lost: str) -> None:
    """More mugs, other shipping, another address; the answer to the undo or to the new order may get lost."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        before = trial.assert_one_sale(order_id)
        moved = ADDRESS | {"street_1": "9 Dam Rd"}
        edit(trial, order_id, line=line_id(trial, order_id, MUG), quantity=5, shipping_cost="9.00")
        edit(trial, order_id, shipping_address=moved)
        if lost:
            path = "(?i)/sale$" if lost == "DELETE" else "(?i)/sale/order$"
            match = {"method": lost, "path": path}
            trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        total = trial.order(order_id)["total_inc_tax"]
        row = transfer_after_run(trial, order_id)
        sale = trial.assert_one_sale(order_id)
        assert (row.state, sale["id"]) == (State.POSTED, before["id"]), row.reason
        assert units(sale) == {"MUG": 5, "TEA": 3}
        assert held_units(trial) == {"MUG": 5, "TEA": 3}
        assert sale["header"]["ShippingAddress"]["Line1"] == "9 Dam Rd"
        assert trial.order(order_id)["total_inc_tax"] == total, "amounts at the store are never written"
        writes = trial.writes()
        assert writes[2:] == ["PUT /sale", "DELETE /sale", "POST /sale/order"]
        trial.run()
        assert trial.writes() == writes


def test_change_of_the_shipping_address_alone_reaches_cin7(tmp_path: Path) -> None:
    """The order's own fields do not show it, and there is no webhook: the sweep finds it all the same."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        edit(trial, order_id, shipping_address=ADDRESS | {"street_1": "9 Dam Rd"})
        row = transfer_after_run(trial, order_id)
        assert row.state is State.POSTED
        assert trial.assert_one_sale(order_id)["header"]["ShippingAddress"]["Line1"] == "9 Dam Rd"
        assert trial.writes()[2:] == ["PUT /sale"]
        assert "shipping address: street 1" in row.findings[-1]["value"]
        trial.run()
        assert trial.writes()[2:] == ["PUT /sale"]


def test_order_edited_once_it_is_picked_waits_for_the_warehouse_and_then_follows(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick", {"sale_id": sale["id"]})
        edit(trial, order_id, line=line_id(trial, order_id, TEA), quantity=1)
        row = transfer_after_run(trial, order_id)
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "changed_after_picking", "operations")
        assert "TEA 3 -> 1" in row.reason
        assert sale["number"] in row.reason
        void_fulfilments(trial, sale["id"])
        trial.ship()
        row = transfer_after_run(trial, order_id)
        assert row.state is State.POSTED, row.reason
        assert units(trial.assert_one_sale(order_id)) == {"MUG": 2, "TEA": 1}
        assert held_units(trial) == {"MUG": 2, "TEA": 1}


def void_fulfilments(trial: Harness, sale_id: str) -> None:
    """The warehouse puts the goods back on stock and voids the fulfilment in Cin7."""

    def act() -> None:
        company = trial.twins.cin7.company
        sale = company.sales[sale_id]
        for task in sale.fulfilments:
            fulfilment.void_task(company, sale, task)

    trial.twins.run(act)


def test_paid_order_is_rebilled_with_its_payment_where_the_design_says_so(tmp_path: Path) -> None:
    with harness(tmp_path, **REBILL) as trial:
        order_id = trial.place()
        trial.run()
        before = trial.assert_one_sale(order_id)
        edit(trial, order_id, line=line_id(trial, order_id, MUG), quantity=3)
        row = transfer_after_run(trial, order_id)
        sale = trial.assert_one_sale(order_id)
        assert (row.state, sale["id"]) == (State.POSTED, before["id"]), row.reason
        old, new = sale["invoices"]
        assert (old["Status"], new["Status"]) == ("VOIDED", "AUTHORISED")
        assert new["Total"] == trial.order(order_id)["total_inc_tax"]
        (paid,) = sale["payments"]
        assert (paid["TaskID"], paid["Amount"]) == (new["TaskID"], before["payments"][0]["Amount"])


def test_billed_order_waits_for_finance_where_the_design_only_amends(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice") as trial:
        order_id = trial.place()
        trial.run()
        edit(trial, order_id, order_discount="2.00")
        row = transfer_after_run(trial, order_id)
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "changed_after_billing", "finance")
        assert "prices: MUG" in row.reason
        assert trial.writes() == ["POST /sale", "POST /sale/order", "POST /sale/invoice"]


def test_every_answer_of_a_new_bill_may_get_lost(tmp_path: Path) -> None:
    """Payment removed, invoice voided, order undone, posted, invoiced and paid: each happens once."""
    with harness(tmp_path, **REBILL) as trial:
        order_id = trial.place()
        trial.run()
        first = len(trial.writes())
        edit(trial, order_id, line=line_id(trial, order_id, MUG), quantity=3)
        steps = ["DELETE /sale/payment", "DELETE /sale/invoice", "DELETE /sale"]
        steps += ["POST /sale/order", "POST /sale/invoice", "POST /sale/payment"]
        for step in steps:
            method, _, path = step.partition(" ")
            match = {"method": method, "path": f"(?i)/v2{path}$"}
            trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        row = transfer_after_run(trial, order_id)
        assert row.state is State.POSTED, row.reason
        assert trial.writes()[first:] == steps
        sale = trial.assert_one_sale(order_id)
        assert [invoice["Status"] for invoice in sale["invoices"]] == ["VOIDED", "AUTHORISED"]
        assert len(sale["payments"]) == 1


def test_order_edited_while_its_posting_is_unanswered_ends_as_it_was_edited(tmp_path: Path) -> None:
    """The worker died after Cin7 authorised the order and before the answer was stored; staff then edit the order."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        with sqlite3.connect(tmp_path / "weighbridge.db") as database:
            lose_answer = "UPDATE intent SET answered_at = NULL, answer = NULL WHERE kind = 'order'"
            assert database.execute(lose_answer).rowcount == 1
            assert database.execute("UPDATE transfer SET state = 'waiting' WHERE flow = 'orders'").rowcount == 1
        total = edit(trial, order_id, line=line_id(trial, order_id, TEA), quantity=1)
        trial.run(until=lambda rows: any(sale["order"]["Total"] == total for sale in trial.sales(order_id)))
        assert units(trial.assert_one_sale(order_id)) == {"MUG": 2, "TEA": 1}
        assert held_units(trial) == {"MUG": 2, "TEA": 1}
        assert trial.writes() == ["POST /sale", "POST /sale/order", "DELETE /sale", "POST /sale/order"]


def test_invoice_voided_by_finance_is_reissued_for_the_edited_order(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice") as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        edit(trial, order_id, line=line_id(trial, order_id, TEA), quantity=9)
        assert transfer_after_run(trial, order_id).reason_kind == "changed_after_billing"

        def void_invoice() -> None:
            company = trial.twins.cin7.company
            company.sales[sale["id"]].invoices[0]["Status"] = "VOIDED"
            company.touch(company.sales[sale["id"]])

        trial.twins.run(void_invoice)
        trial.ship()
        assert transfer_after_run(trial, order_id).state is State.POSTED
        sale = trial.assert_one_sale(order_id)
        assert [invoice["Status"] for invoice in sale["invoices"]] == ["VOIDED", "AUTHORISED"]
        assert sale["invoices"][1]["Total"] == trial.order(order_id)["total_inc_tax"]


def test_simple_sale_that_cin7_ships_automatically_is_shipped_at_the_store(tmp_path: Path) -> None:
    with harness(tmp_path, sale='type = "Simple"\nauto_fulfil = "pick_pack_ship"') as trial:
        order_id = trial.place()
        trial.run()
        trial.assert_one_sale(order_id)
        trial.ship()
        (shipment,) = trial.shipments(order_id)
        assert sum(item["quantity"] for item in shipment["items"]) == 5
        assert trial.order(order_id)["status_id"] == 2
