"""A refund becomes a credit note and money back, once, whatever happens to the answers."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.flows.harness import Rig, rig
from weighbridge.exceptions.record_queries import CaseFile
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


def refund(trial: Rig, order_id: int, *items: dict[str, Any], **more: Any) -> int:
    """Staff refund items of an order at the shop."""
    return int(
        trial.twins.act("bigcommerce", "refund_order", {"order_id": order_id, "items": list(items), **more})["id"]
    )


def line(trial: Rig, order_id: int, sku: str, quantity: int) -> dict[str, Any]:
    """The refund item for units of a SKU."""
    rows = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].products)
    found = next(row for row in rows if row["sku"] == sku)
    return {"item_type": "PRODUCT", "item_id": found["id"], "quantity": quantity}


def only(rows: list[Transfer]) -> Transfer:
    assert len(rows) == 1, [(row.key, row.state, row.reason) for row in rows]
    return rows[0]


def test_refund_becomes_a_credit_note_and_money_back(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        refund_id = refund(trial, order_id, line(trial, order_id, "MUG", 1), reason="Chipped")
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.key, transfer.state) == (f"{order_id}:{refund_id}", State.POSTED), transfer.reason
        sale = trial.assert_one_sale(order_id)
        (note,) = sale["credit_notes"]
        assert (note["Status"], D(str(note["Total"]))) == ("AUTHORISED", D("13.53"))
        assert [(one["SKU"], one["Quantity"], one["TaxRule"]) for one in note["Lines"]] == [("MUG", 1, "Tax on Sales")]
        assert note["Memo"].startswith(f"bc:{trial.twins.credentials.store_hash}:{order_id}:refund-{refund_id};")
        money = [(one["Type"], D(str(one["Amount"])), one["Account"]) for one in sale["payments"]]
        assert money == [("Payment", trial.order(order_id)["total_inc_tax"], "091"), ("Refund", D("13.53"), "091")]
        before = trial.writes()
        trial.run()
        assert trial.writes() == before, "a look at what is done changes nothing"


def test_refund_waits_for_finance_unless_the_design_posts_credit_notes(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment") as trial:
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
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        match = {"method": "POST", "path": f"(?i)/v2/sale/{call}$"}
        trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
        refund(trial, order_id, line(trial, order_id, "MUG", 2))
        trial.run()
        assert only(trial.transfers("refunds")).state is State.POSTED
        sale = trial.assert_one_sale(order_id)
        assert [D(str(one["Total"])) for one in sale["credit_notes"]] == [D("27.06")]
        assert [D(str(one["Amount"])) for one in sale["payments"] if one["Type"] == "Refund"] == [D("27.06")]
        assert trial.writes().count(f"POST /sale/{call}") == (1 if call == "creditnote" else 2)


def test_order_refunded_whole_before_dispatch_loses_its_uninvoiced_sale(tmp_path: Path) -> None:
    with rig(tmp_path, design=CREDIT_NOTES) as trial:
        order_id = trial.place(shipping_cost="0", lines=[{"sku": "MUG", "quantity": 2}])
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 2))
        rows = trial.run()
        assert trial.sales(order_id) == []
        assert only(trial.transfers("refunds")).reason_kind == "sale_voided"
        assert [(row.state, row.reason_kind) for row in rows] == [(State.CANCELLED, "refunded")]
        trial.run()
        assert trial.sales(order_id) == [], "a later look brings nothing back"


@pytest.mark.parametrize("posted_before", [True, False])
def test_units_of_an_order_refunded_whole_are_for_sale_again(tmp_path: Path, posted_before: bool) -> None:
    with rig(tmp_path, design=CREDIT_NOTES) as trial:
        trial.push_stock()
        order_id = trial.place(shipping_cost="0", lines=[{"sku": "MUG", "quantity": 2}])
        if posted_before:
            trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 2))
        trial.run()
        trial.look(order_id)
        assert trial.sales(order_id) == []
        for _ in range(2):
            trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 100, "a rise takes two readings that agree"


def test_part_refund_without_an_invoice_waits_for_operations(tmp_path: Path) -> None:
    with rig(tmp_path, design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.reason_kind, transfer.owner) == ("refund_before_invoice", "operations")
        assert trial.assert_one_sale(order_id)["credit_notes"] == []


def test_refund_at_the_gateway_alone_is_held_with_its_amount(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()

        def at_the_gateway() -> None:
            shop = trial.twins.bigcommerce.shop
            add_transaction(shop, shop.orders[order_id], "refund", "credit_card", D("7.00"))

        trial.twins.run(at_the_gateway)
        trial.twins.act(
            "bigcommerce", "set_payment_status", {"order_id": order_id, "payment_status": "partially refunded"}
        )
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.state, transfer.reason_kind) == (State.HELD, "refund_at_gateway_only")
        assert (transfer.amount, transfer.owner) == (D("7.00"), "finance")


def test_gateway_refund_that_the_shop_records_later_is_credited_as_that_refund(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()

        def at_the_gateway() -> str:
            shop = trial.twins.bigcommerce.shop
            return str(add_transaction(shop, shop.orders[order_id], "refund", "credit_card", D("13.53"))["id"])

        transaction = trial.twins.run(at_the_gateway)
        told = {"order_id": order_id, "payment_status": "partially refunded"}
        trial.twins.act("bigcommerce", "set_payment_status", told)
        trial.run()
        assert only(trial.transfers("refunds")).state is State.HELD
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        match = {"method": "GET", "path": f"/orders/{order_id}/payment_actions/refunds$"}
        same = {"fault": "mutate", "path": "data.*.payments.*.transaction_id", "set": transaction, "match": match}
        trial.twins.fault("bigcommerce", same)
        trial.run()
        rows = {row.key: row for row in trial.transfers("refunds")}
        recorded = rows[f"{order_id}:gateway-{transaction}"]
        assert (recorded.state, recorded.reason) == (State.NOT_CAPTURED, "the shop shows the refund")


def test_returns_stay_shut_until_their_mapping_is_found_in_the_books(tmp_path: Path) -> None:
    design = CREDIT_NOTES + 'goodwill_product = "No such service"\nrestock_reasons = { damaged = "Attic" }\n'
    with rig(tmp_path, post="invoice_and_payment", design=design) as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        trial.run()
        transfer = only(trial.transfers("refunds"))
        assert (transfer.state, transfer.reason_kind, transfer.owner) == (State.HELD, "returns_not_verified", "finance")
        assert "refunds.goodwill_product] is No such service" in transfer.reason
        assert "refunds.restock[Attic]" in transfer.reason
        assert trial.assert_one_sale(order_id)["credit_notes"] == []


def test_returns_are_listed_by_the_clock_that_is_behind(tmp_path: Path) -> None:
    """Money out without goods, goods that must not leave, money out without books, and books without money."""
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        sent, waiting, typed, by_hand = (trial.place() for _ in range(4))
        trial.run()
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(sent)["id"]})
        refund(trial, sent, line(trial, sent, "MUG", 1))
        refund(trial, waiting, line(trial, waiting, "MUG", 1))
        figures = {"total_amount": "30.00", "total_tax": "0"}
        money = [{"provider_id": "testgateway", "amount": "30.00"}]
        refund(trial, typed, line(trial, typed, "MUG", 1), merchant_calculated_override=figures, payments=money)
        _credit_by_hand(trial, by_hand)
        trial.run()
        trial.ship()

        async def listed() -> list[OpenReturn]:
            service = trial.service()
            try:
                return await returns_of(service.database, service.clock)
            finally:
                await service.database.close()

        found = {(one.list, one.order, one.owner) for one in asyncio.run(listed())}
        assert found == {
            (GOODS_NOT_BACK, str(sent), "operations"),
            (NOT_TO_BE_SENT, str(waiting), "operations"),
            (REFUNDED_NOT_CREDITED, str(typed), "finance"),
            (NOT_REFUNDED, str(by_hand), "finance"),
        }


def test_refunded_goods_that_are_on_no_shelf_wait_for_operations_though_their_refund_passed(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(order_id)["id"]})
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        trial.run()
        assert only(trial.transfers("refunds")).state is State.POSTED

        async def waiting() -> list[tuple[str, str, str]]:
            service = trial.service()
            try:
                cases = (await CaseFile(service.database, service.clock).page()).cases
                return [(case.kind, case.owner, case.value) for case in cases]
            finally:
                await service.database.close()

        assert asyncio.run(waiting()) == [("not_restocked", "operations", "1 of MUG, credited with 12.50 USD")]


def _credit_by_hand(trial: Rig, order_id: int) -> None:
    """Somebody in the office writes a credit note that the shop knows nothing of."""
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
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        _credit_by_hand(trial, order_id)
        shipping = {"item_type": "SHIPPING", "item_id": _address(trial, order_id), "amount": "6.00"}
        refund(trial, order_id, line(trial, order_id, "MUG", 2), line(trial, order_id, "TEA", 3), shipping)
        trial.run()
        transfer = only([row for row in trial.transfers("refunds") if row.key.partition(":")[2].isdigit()])
        assert (transfer.state, transfer.reason_kind) == (State.HELD, "refund_credited_by_hand")
        assert len(trial.assert_one_sale(order_id)["credit_notes"]) == 1


def test_a_small_refund_beside_a_credit_by_hand_is_not_credited_a_second_time(tmp_path: Path) -> None:
    """Both together leave most of the sale, and may be the same money all the same."""
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
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


def _address(trial: Rig, order_id: int) -> int:
    return int(trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].addresses[0]["id"]))


def test_shop_that_lowers_the_orders_totals_by_its_refund_holds_nothing(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment", design=CREDIT_NOTES) as trial:
        order_id = trial.place()
        trial.run()
        refund(trial, order_id, line(trial, order_id, "MUG", 1))
        lowered = {"total_inc_tax": "31.5300", "total_ex_tax": "30.5000", "total_tax": "1.0300"}
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, "set": lowered})
        rows = trial.run()
        assert [(row.state, row.reason_kind) for row in rows] == [(State.POSTED, "")]
        sale = trial.assert_one_sale(order_id)
        assert [D(str(one["Total"])) for one in sale["invoices"]] == [D("45.06")], "the invoice stands"
        assert [D(str(one["Total"])) for one in sale["credit_notes"]] == [D("13.53")]
