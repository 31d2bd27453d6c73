"""How refunds come about at the shop, and what people do about them in Cin7, in the words of stories."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2

from tests.exception_stories.after_posting import shipped
from tests.exception_stories.story import Setting, one_sale
from tests.flows.harness import Rig, rig
from tests.flows.returns.test_refunds import CREDIT_NOTES, _credit_by_hand, line, refund
from weighbridge_twins.bigcommerce.tenders import add_transaction

CREDITED = "read back as CR-"
UNNAMED = f'{CREDIT_NOTES}goodwill_product = "Kindness"\n'

CREDITING = Setting("returns", lambda folder: rig(folder, post="invoice_and_payment", design=CREDIT_NOTES))
UNBILLED = Setting("returns-unbilled", lambda folder: rig(folder, design=CREDIT_NOTES))
WAITING = Setting("returns-waiting", lambda folder: rig(folder, post="invoice_and_payment"))
UNVERIFIED = Setting("returns-unverified", lambda folder: rig(folder, post="invoice_and_payment", design=UNNAMED))
RESTOCKING = Setting(
    "returns-restocking",
    lambda folder: rig(
        folder, post="invoice_and_payment", design=CREDIT_NOTES, bigcommerce_switches={"refund_restocks": True}
    ),
)


def mug_back(trial: Rig, *, sent: bool = False, spoiled: Callable[[int], dict[str, Any]] | None = None) -> str:
    """An order of two mugs and three packets of tea is posted, and the shop refunds one mug."""
    order_id = trial.place()
    trial.run()
    if sent:
        shipped(trial, one_sale(trial, str(order_id))["id"])
    refund_id = refund(trial, order_id, line(trial, order_id, "MUG", 1))
    if spoiled:
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, "refund_set": spoiled(order_id)})
    return f"{order_id}:{refund_id}"


def sent_and_back(trial: Rig) -> str:
    return mug_back(trial, sent=True)


def of_a_stranger(trial: Rig) -> str:
    """The shop says that the refund is for a line that the order does not have."""
    item = {"item_type": "PRODUCT", "item_id": 999_999, "quantity": 1, "reason": "", "requested_amount": None}
    return mug_back(trial, spoiled=lambda order_id: {"items": [item]})


def of_other_parts(trial: Rig) -> str:
    """The shop says that one mug went back for 20.00."""
    money = {"id": 1, "provider_id": "testgateway", "amount": "20.00", "offline": False, "is_declined": False}
    return mug_back(trial, spoiled=lambda order_id: {"total_amount": "20.00", "payments": [money]})


def shown_right(trial: Rig, key: str) -> None:
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_of(key)})


def typed(total: str, tax: str) -> Callable[[Rig], str]:
    """Staff type figures over those that the shop computed for one mug, and pay them back by hand."""

    def cause(trial: Rig) -> str:
        order_id = trial.place()
        trial.run()
        figures = {"total_amount": total, "total_tax": tax}
        money = [{"provider_id": "testgateway", "amount": total, "offline": True}]
        item = line(trial, order_id, "MUG", 1)
        refund_id = refund(trial, order_id, item, merchant_calculated_override=figures, payments=money)
        return f"{order_id}:{refund_id}"

    return cause


def of_tea_with_tax(trial: Rig) -> str:
    """Staff type tax over goods that were sold without any."""
    order_id = trial.place()
    trial.run()
    shipped(trial, one_sale(trial, str(order_id))["id"])
    figures = {"total_amount": "4.00", "total_tax": "0.50"}
    item = line(trial, order_id, "TEA", 1)
    return f"{order_id}:{refund(trial, order_id, item, merchant_calculated_override=figures)}"


def back_at_the_gateway(trial: Rig) -> str:
    """Somebody refunds 7.00 where the money was taken, and the shop does not know what for."""
    order_id = trial.place()
    trial.run()

    def act() -> None:
        shop = trial.twins.bigcommerce.shop
        add_transaction(shop, shop.orders[order_id], "refund", "credit_card", Decimal("7.00"))

    trial.twins.run(act)
    told = {"order_id": order_id, "payment_status": "partially refunded"}
    trial.twins.act("bigcommerce", "set_payment_status", told)
    return str(order_id)


def gateway_transaction(trial: Rig, key: str) -> str:
    rows = trial.twins.run(lambda: list(trial.twins.bigcommerce.shop.orders[int(key)].transactions))
    return str(next(row["id"] for row in rows if row["event"] == "refund"))


def everything_back(trial: Rig, order_id: int) -> int:
    """The shop refunds all of the order."""
    address = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].addresses[0]["id"])
    shipping = {"item_type": "SHIPPING", "item_id": address, "amount": "6.00"}
    return refund(trial, order_id, line(trial, order_id, "MUG", 2), line(trial, order_id, "TEA", 3), shipping)


def credited_before(trial: Rig) -> str:
    """Finance credited 5.00 by hand before the shop refunded everything."""
    order_id = trial.place()
    trial.run()
    _credit_by_hand(trial, order_id)
    return f"{order_id}:{everything_back(trial, order_id)}"


def credited_alone(trial: Rig, key: str) -> None:
    _credit_by_hand(trial, int(key))


def credit_voided(trial: Rig, key: str) -> None:
    """Finance voids in Cin7 what was credited by hand."""
    [note] = one_sale(trial, str(order_of(key)))["credit_notes"]
    _asked(trial, "DELETE", f"/sale/creditnote?TaskID={note['TaskID']}&Void=true")


def billed_by_hand(trial: Rig, key: str) -> None:
    """Somebody bills the sale in Cin7."""
    sale = one_sale(trial, str(order_of(key)))
    body = {
        "SaleID": sale["id"],
        "TaskID": "00000000-0000-0000-0000-000000000000",
        "CombineAdditionalCharges": False,
        "Status": "AUTHORISED",
        "InvoiceDate": "2026-03-02T00:00:00",
        "InvoiceDueDate": "2026-04-01T00:00:00",
        "Lines": [_plain(one) for one in sale["order"]["Lines"]],
        "AdditionalCharges": [_plain(one) for one in sale["order"]["AdditionalCharges"]],
    }
    _asked(trial, "POST", "/sale/invoice", body)


def credit_number(trial: Rig, key: str) -> str:
    return str(one_sale(trial, str(order_of(key)))["credit_notes"][0]["CreditNoteNumber"])


def refunded(amount: str) -> Callable[[Rig, str], None]:
    """Cin7 has one credit note of the order that counts, over this much."""

    def ends(trial: Rig, key: str) -> None:
        notes = one_sale(trial, str(order_of(key)))["credit_notes"]
        counting = [Decimal(str(one["Total"])) for one in notes if one["Status"] != "VOIDED"]
        assert counting == [Decimal(amount)]

    return ends


def never_credited(trial: Rig, key: str) -> None:
    assert [one for one in one_sale(trial, str(order_of(key)))["credit_notes"] if one["Status"] != "VOIDED"] == []


def order_of(key: str) -> int:
    return int(key.partition(":")[0])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A line of a document as it is sent again."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()}


def _asked(trial: Rig, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    keys = trial.twins.credentials
    headers = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    answer = httpx2.request(method, f"{trial.twins.cin7_url}{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
