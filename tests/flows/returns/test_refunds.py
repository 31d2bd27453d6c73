"""A refund becomes one credit note and one refund payment, whichever answers get lost."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.flows.harness import Harness, harness
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.reports.returns import (
    GOODS_NOT_BACK,
    NOT_REFUNDED,
    NOT_TO_BE_SENT,
    REFUNDED_NOT_CREDITED,
    OpenReturn,
    returns_of,
)
from weighbridge_twins.bigcommerce.tenders import add_transaction

CREDIT_NOTES = '\n[connections.main.design.refunds]\nmode = "credit_note"\n'
D = Decimal


def refund(trial: Harness, order_id: int, *items: dict[str, Any], **more: Any) -> int:
    """Staff refund items of an order at the store."""
    return int(
        trial.twins.act("bigcommerce", "refund_order", {"order_id": order_id, "items": list(items), **more})["id"]
    )


def line(trial: Harness, order_id: int, sku: str, quantity: int) -> dict[str, Any]:
    """The refund item for units of a SKU."""
    rows = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].products)
    product = next(row for row in rows if row["sku"] == sku)
    return {"item_type": "PRODUCT", "item_id": product["id"], "quantity": quantity}


def only(rows: list[Transfer]) -> Transfer:
    assert len(rows) == 1, [(row.key, row.state, row.reason) for row in rows]
    return rows[0]


def test_refund_becomes_a_credit_note_and_money_back(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        refund_id = refund(trial, order_id, line(trial, order_id, "MUG", 1), reason="Chipped")
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.key, transfer.state) == (f"{order_id}:{refund_id}", State.POSTED), transfer.reason
        sale = trial.assert_one_sale(order_id)
        (note,) = sale["credit_notes"]
        assert (note["Status"], D(str(note["Total"]))) == ("AUTHORISED", D("13.53"))
        assert [(line["SKU"], line["Quantity"], line["TaxRule"]) for line in note["Lines"]] == [
            ("MUG", 1, "Tax on Sales")
        ]
        assert note["Memo"].startswith(f"bc:{trial.twins.credentials.store_hash}:{order_id}:refund-{refund_id};")
        money = [(payment["Type"], D(str(payment["Amount"])), payment["Account"]) for payment in sale["payments"]]
        assert money == [("Payment", trial.order(order_id)["total_inc_tax"], "091"), ("Refund", D("13.53"), "091")]
        before = trial.writes()
        trial.run()
        assert trial.writes() == before, "another run changes nothing"


def test_refund_waits_for_finance_unless_the_design_posts_credit_notes(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        rows = trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.state, transfer.reason_kind, transfer.owner) == (State.HELD, "refund_held", "finance")
        assert transfer.amount == D("13.53")
        assert trial.assert_one_sale(order_id)["credit_notes"] == []
        assert [row.state for row in rows] == [State.POSTED], "the order itself is not held for its refund"


@pytest.mark.parametrize("call", ["creditnote", "payment"])
def test_lost_answer_of_a_refund_credits_nothing_twice(tmp_path: Path, call: str) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        match = {"method": "POST", "path": f"(?i)/v2/sale/{call}$"}
        trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        refund(trial, order_id, line(trial, order_id, "MUG", 2))
        trial.run()
        assert only(trial.transfers("refunds")).state is State.POSTED
        sale = trial.assert_one_sale(order_id)
        assert [D(str(credit_note["Total"])) for credit_note in sale["credit_notes"]] == [D("27.06")]
        assert [D(str(payment["Amount"])) for payment in sale["payments"] if payment["Type"] == "Refund"] == [
            D("27.06")
        ]
        assert trial.writes().count(f"POST /sale/{call}") == (1 if call == "creditnote" else 2)


def test_order_fully_refunded_before_dispatch_voids_its_uninvoiced_sale(tmp_path: Path) -> None:
    with harness(tmp_path, design=CREDIT_NOTES) as trial:
        order_id = trial.place(shipping_cost="0", lines=[{"sku": "MUG", "quantity": 2}])
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 2))
        rows = trial.run()
        assert trial.sales(order_id) == []
        assert only(trial.transfers("refunds")).reason_kind == "sale_voided"
        assert [(row.state, row.reason_kind) for row in rows] == [(State.CANCELLED, "refunded")]
        trial.run()
        assert trial.sales(order_id) == [], "a later run creates no sale"


@pytest.mark.parametrize("posted_before", [True, False])
def test_units_of_a_fully_refunded_order_are_for_sale_again(tmp_path: Path, posted_before: bool) -> None:
    with harness(tmp_path, design=CREDIT_NOTES) as trial:
        trial.push_stock()
        order_id = trial.place(shipping_cost="0", lines=[{"sku": "MUG", "quantity": 2}])
        if posted_before:
            trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 2))
        trial.run()
        trial.run_order(order_id)
        assert trial.sales(order_id) == []
        for _ in range(2):
            trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 100, "an increase takes two readings that agree"


def test_part_refund_without_an_invoice_waits_for_operations(tmp_path: Path) -> None:
    with harness(tmp_path, design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.reason_kind, transfer.owner) == ("refund_before_invoice", "operations")
        assert trial.assert_one_sale(order_id)["credit_notes"] == []


def test_refund_at_the_gateway_only_is_held_with_its_amount(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()

        def at_the_gateway() -> None:
            store = trial.twins.bigcommerce.store
            add_transaction(store, store.orders[order_id], "refund", "credit_card", D("7.00"))

        trial.twins.run(at_the_gateway)
        trial.twins.act(
            "bigcommerce", "set_payment_status", {"order_id": order_id, "payment_status": "partially refunded"}
        )
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.state, transfer.reason_kind) == (State.HELD, "refund_at_gateway_only")
        assert (transfer.amount, transfer.owner) == (D("7.00"), "finance")


def test_gateway_refund_that_the_store_records_later_is_credited_as_that_refund(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()

        def at_the_gateway() -> str:
            store = trial.twins.bigcommerce.store
            return str(add_transaction(store, store.orders[order_id], "refund", "credit_card", D("13.53"))["id"])

        transaction = trial.twins.run(at_the_gateway)
        status = {"order_id": order_id, "payment_status": "partially refunded"}
        trial.twins.act("bigcommerce", "set_payment_status", status)
        trial.run()
        assert only(trial.transfers("refunds")).state is State.HELD
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        match = {"method": "GET", "path": f"/orders/{order_id}/payment_actions/refunds$"}
        same = {"fault": "mutate", "path": "data.*.payments.*.transaction_id", "set": transaction, "match": match}
        trial.twins.fault("bigcommerce", same)
        trial.run()
        rows = {row.key: row for row in trial.transfers("refunds")}
        recorded = rows[f"{order_id}:gateway-{transaction}"]
        assert (recorded.state, recorded.reason) == (State.NOT_CAPTURED, "the store shows the refund")


def test_returns_are_held_until_the_preflight_finds_their_mapping_in_cin7(tmp_path: Path) -> None:
    design = CREDIT_NOTES + 'goodwill_product = "No such worker"\nrestock_reasons = { damaged = "Attic" }\n'
    with harness(tmp_path, post="invoice_and_payment", design=design) as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.state, transfer.reason_kind, transfer.owner) == (State.HELD, "returns_not_verified", "finance")
        assert "refunds.goodwill_product] is No such worker" in transfer.reason
        assert "refunds.restock[Attic]" in transfer.reason
        assert trial.assert_one_sale(order_id)["credit_notes"] == []


def test_open_returns_are_listed_by_what_is_missing(tmp_path: Path) -> None:
    """Missing goods, refunded goods that must not ship, refunds without a credit note, credit notes without refund."""
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        sent, waiting, typed, by_hand = (trial.place() for _ in range(4))
        trial.run()
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(sent)["id"]})
        refund(trial, sent, line(trial, sent, "MUG", 1))
        refund(trial, waiting, line(trial, waiting, "MUG", 1))
        override = {"total_amount": "30.00", "total_tax": "0"}
        money = [{"provider_id": "testgateway", "amount": "30.00"}]
        refund(trial, typed, line(trial, typed, "MUG", 1), merchant_calculated_override=override, payments=money)
        _credit_by_hand(trial, by_hand)
        trial.run()
        trial.ship()

        async def listed() -> list[OpenReturn]:
            worker = trial.worker()
            try:
                return await returns_of(worker.database, worker.clock)
            finally:
                await worker.database.close()

        open_returns = {(item.list, item.order, item.owner) for item in asyncio.run(listed())}
        assert open_returns == {
            (GOODS_NOT_BACK, str(sent), "operations"),
            (NOT_TO_BE_SENT, str(waiting), "operations"),
            (REFUNDED_NOT_CREDITED, str(typed), "finance"),
            (NOT_REFUNDED, str(by_hand), "finance"),
        }


def test_goods_not_restocked_are_held_for_operations_though_their_refund_was_posted(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(order_id)["id"]})
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        trial.run()
        assert only(trial.transfers("refunds")).state is State.POSTED

        async def waiting() -> list[tuple[str, str, str]]:
            worker = trial.worker()
            try:
                exception_records = (await ExceptionQueries(worker.database, worker.clock).page()).exception_records
                return [
                    (exception_record.kind, exception_record.owner, exception_record.value)
                    for exception_record in exception_records
                ]
            finally:
                await worker.database.close()

        assert asyncio.run(waiting()) == [("not_restocked", "operations", "1 of MUG, credited with 12.50 USD")]


def _credit_by_hand(trial: Harness, order_id: int) -> None:
    """A person makes a credit note in Cin7 without a refund at the store."""
    sale = trial.assert_one_sale(order_id)
    keys = trial.twins.credentials
    body = {
        "SaleID": sale["id"],
        "TaskID": "00000000-0000-0000-0000-000000000000",
        "CombineAdditionalCharges": False,
        "CreditNoteInvoiceNumber": sale["invoices"][0]["InvoiceNumber"],
        "Status": "AUTHORISED",
        "CreditNoteDate": "2026-03-02T00:00:00",
        "Lines": [],
        "AdditionalCharges": [
            {"Description": "Goodwill", "Quantity": 1, "Price": 5, "Tax": 0, "TaxRule": "Tax Exempt", "Total": 5}
        ],
    }
    headers = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    answer = httpx2.post(f"{trial.twins.cin7_url}/sale/creditnote", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def test_refund_of_what_was_credited_by_hand_waits_for_finance(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        _credit_by_hand(trial, order_id)
        shipping = {"item_type": "SHIPPING", "item_id": _address(trial, order_id), "amount": "6.00"}
        refund(trial, order_id, line(trial, order_id, "MUG", 2), line(trial, order_id, "TEA", 3), shipping)
        trial.run()
        transfer = only([row for row in trial.transfers("refunds") if row.key.partition(":")[2].isdigit()])
        assert (transfer.state, transfer.reason_kind) == (State.HELD, "refund_credited_by_hand")
        assert len(trial.assert_one_sale(order_id)["credit_notes"]) == 1


def test_small_refund_beside_a_manual_credit_note_is_not_credited_twice(tmp_path: Path) -> None:
    """Both together are less than the sale's total, and may still be the same money."""
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        _credit_by_hand(trial, order_id)
        refund(trial, order_id, {"item_type": "ORDER", "item_id": order_id, "amount": "5.00"})
        trial.run()
        transfer = only([row for row in trial.transfers("refunds") if row.key.partition(":")[2].isdigit()])
        assert (transfer.state, transfer.reason_kind, transfer.owner) == (
            State.HELD,
            "refund_credited_by_hand",
            "finance",
        )
        assert len(trial.assert_one_sale(order_id)["credit_notes"]) == 1


def _address(trial: Harness, order_id: int) -> int:
    return int(trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].addresses[0]["id"]))


def test_store_that_lowers_the_order_totals_by_its_refund_holds_nothing(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        lowered = {"total_inc_tax": "31.5300", "total_ex_tax": "30.5000", "total_tax": "1.0300"}
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, "set": lowered})
        rows = trial.run()
        assert [(row.state, row.reason_kind) for row in rows] == [(State.POSTED, "")]
        sale = trial.assert_one_sale(order_id)
        assert [D(str(invoice["Total"])) for invoice in sale["invoices"]] == [D("45.06")], "the invoice is unchanged"
        assert [D(str(credit_note["Total"])) for credit_note in sale["credit_notes"]] == [D("13.53")]
