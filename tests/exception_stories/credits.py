"""Refunds in the store and actions of people on credit notes in Cin7, for stories."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2

from tests.exception_stories.after_posting import shipped
from tests.exception_stories.story import Setting, one_sale
from tests.flows.harness import Harness, harness
from tests.flows.returns.test_refunds import CREDIT_NOTES, _credit_by_hand, line, refund
from weighbridge_twins.bigcommerce.tenders import add_transaction

CREDITED = "read back as CR-"
UNNAMED = f'{CREDIT_NOTES}goodwill_product = "Kindness"\n'

WITH_CREDIT_NOTES = Setting("returns", lambda folder: harness(folder, post="invoice_and_payment", design=CREDIT_NOTES))
UNBILLED = Setting("returns-unbilled", lambda folder: harness(folder, design=CREDIT_NOTES))
WAITING = Setting("returns-waiting", lambda folder: harness(folder, post="invoice_and_payment"))
UNVERIFIED = Setting("returns-unverified", lambda folder: harness(folder, post="invoice_and_payment", design=UNNAMED))
RESTOCKING = Setting(
    "returns-restocking",
    lambda folder: harness(
        folder, post="invoice_and_payment", design=CREDIT_NOTES, bigcommerce_switches={"refund_restocks": True}
    ),
)


def mug_back(trial: Harness, *, sent: bool = False, spoiled: Callable[[int], dict[str, Any]] | None = None) -> str:
    """An order of two mugs and three packets of tea is posted, and staff refund one mug in the store."""
    order_id = trial.place()
    trial.run()
    if sent:
        shipped(trial, one_sale(trial, str(order_id))["id"])
    refund_id = refund(trial, order_id, line(trial, order_id, "MUG", 1))
    if spoiled:
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, "refund_set": spoiled(order_id)})
    return f"{order_id}:{refund_id}"


def sent_and_back(trial: Harness) -> str:
    return mug_back(trial, sent=True)


def of_an_unknown_line(trial: Harness) -> str:
    """The store returns the refund with a line that the order does not have."""
    item = {"item_type": "PRODUCT", "item_id": 999_999, "quantity": 1, "reason": "", "requested_amount": None}
    return mug_back(trial, spoiled=lambda order_id: {"items": [item]})


def of_another_amount(trial: Harness) -> str:
    """The store returns a refund of 20.00 for one mug."""
    money = {"id": 1, "provider_id": "testgateway", "amount": "20.00", "offline": False, "is_declined": False}
    return mug_back(trial, spoiled=lambda order_id: {"total_amount": "20.00", "payments": [money]})


def corruption_cleared(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_of(key)})


def typed(total: str, tax: str) -> Callable[[Harness], str]:
    """Staff override the amounts that the store computed for one mug, and refund the payment by hand."""

    def cause(trial: Harness) -> str:
        order_id = trial.place()
        trial.run()
        override = {"total_amount": total, "total_tax": tax}
        money = [{"provider_id": "testgateway", "amount": total, "offline": True}]
        item = line(trial, order_id, "MUG", 1)
        refund_id = refund(trial, order_id, item, merchant_calculated_override=override, payments=money)
        return f"{order_id}:{refund_id}"

    return cause


def of_tea_with_tax(trial: Harness) -> str:
    """Staff enter tax on goods that were sold without tax."""
    order_id = trial.place()
    trial.run()
    shipped(trial, one_sale(trial, str(order_id))["id"])
    override = {"total_amount": "4.00", "total_tax": "0.50"}
    item = line(trial, order_id, "TEA", 1)
    return f"{order_id}:{refund(trial, order_id, item, merchant_calculated_override=override)}"


def refunded_at_the_gateway(trial: Harness) -> str:
    """Staff refund 7.00 at the payment gateway, and the store has no refund for it."""
    order_id = trial.place()
    trial.run()

    def act() -> None:
        store = trial.twins.bigcommerce.store
        add_transaction(store, store.orders[order_id], "refund", "credit_card", Decimal("7.00"))

    trial.twins.run(act)
    status = {"order_id": order_id, "payment_status": "partially refunded"}
    trial.twins.act("bigcommerce", "set_payment_status", status)
    return str(order_id)


def gateway_transaction(trial: Harness, key: str) -> str:
    rows = trial.twins.run(lambda: list(trial.twins.bigcommerce.store.orders[int(key)].transactions))
    return str(next(row["id"] for row in rows if row["event"] == "refund"))


def everything_back(trial: Harness, order_id: int) -> int:
    """Staff refund the whole order in the store."""
    address = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].addresses[0]["id"])
    shipping = {"item_type": "SHIPPING", "item_id": address, "amount": "6.00"}
    return refund(trial, order_id, line(trial, order_id, "MUG", 2), line(trial, order_id, "TEA", 3), shipping)


def credited_before(trial: Harness) -> str:
    """Finance credits 5.00 by hand before staff refund the whole order in the store."""
    order_id = trial.place()
    trial.run()
    _credit_by_hand(trial, order_id)
    return f"{order_id}:{everything_back(trial, order_id)}"


def credited_without_refund(trial: Harness, key: str) -> None:
    _credit_by_hand(trial, int(key))


def credit_voided(trial: Harness, key: str) -> None:
    """Finance voids the credit note that was made by hand."""
    [note] = one_sale(trial, str(order_of(key)))["credit_notes"]
    _call_cin7(trial, "DELETE", f"/sale/creditnote?TaskID={note['TaskID']}&Void=true")


def billed_by_hand(trial: Harness, key: str) -> None:
    """Staff invoice the sale in Cin7."""
    sale = one_sale(trial, str(order_of(key)))
    body = {
        "SaleID": sale["id"],
        "TaskID": "00000000-0000-0000-0000-000000000000",
        "CombineAdditionalCharges": False,
        "Status": "AUTHORISED",
        "InvoiceDate": "2026-03-02T00:00:00",
        "InvoiceDueDate": "2026-04-01T00:00:00",
        "Lines": [_plain(row) for row in sale["order"]["Lines"]],
        "AdditionalCharges": [_plain(row) for row in sale["order"]["AdditionalCharges"]],
    }
    _call_cin7(trial, "POST", "/sale/invoice", body)


def credit_number(trial: Harness, key: str) -> str:
    return str(one_sale(trial, str(order_of(key)))["credit_notes"][0]["CreditNoteNumber"])


def refunded(amount: str) -> Callable[[Harness, str], None]:
    """Cin7 has one live credit note of the order, with this total."""

    def ends(trial: Harness, key: str) -> None:
        notes = one_sale(trial, str(order_of(key)))["credit_notes"]
        counting = [Decimal(str(note["Total"])) for note in notes if note["Status"] != "VOIDED"]
        assert counting == [Decimal(amount)]

    return ends


def never_credited(trial: Harness, key: str) -> None:
    assert [note for note in one_sale(trial, str(order_of(key)))["credit_notes"] if note["Status"] != "VOIDED"] == []


def order_of(key: str) -> int:
    return int(key.partition(":")[0])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A line of a document in the form of a request."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()}


def _call_cin7(trial: Harness, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    keys = trial.twins.credentials
    headers = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    answer = httpx2.request(method, f"{trial.twins.cin7_url}{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
