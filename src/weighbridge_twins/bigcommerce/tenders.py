"""Tenders and transactions of an order. Source: Orders V3, transactions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.state import Store

OFFLINE_GATEWAYS: Final = {
    "Bank Deposit": "bankdeposit",
    "Cheque": "cheque",
    "Cash on Delivery": "cod",
    "Money Order": "moneyorder",
    "Pay in Store": "instore",
    "Manual": "custom",
}
"""Payment methods without a gateway."""
CARD_GATEWAY: Final = "testgateway"
OWN_TENDERS: Final = (
    ("gift_certificate", "giftcertificate", "gift_certificate_amount"),
    ("store_credit", "storecredit", "store_credit_amount"),
)
RECEIVED: Final = ("purchase", "capture")
PAYMENTS: Final = ("captured", "authorized", "declined", "held", "pending", "none")


def pay_at_checkout(store: Store, order: Order, spec: Record) -> None:
    """Pays with gift certificate and store credit first; `payment` decides how the remainder is paid."""
    fields, test = order.fields, bool(spec.get("test"))
    for method, gateway, name in OWN_TENDERS:
        if fields[name]:
            add_transaction(store, order, "purchase", method, fields[name], gateway=gateway, test=test)
    payment, amount_due, offline = spec.get("payment", "captured"), unpaid(store, order), is_offline(order)
    if payment not in PAYMENTS:
        raise ValueError(f"payment must be one of {', '.join(PAYMENTS)}, not {payment!r}")
    if amount_due <= 0 or payment == "none":
        return
    fields["payment_status"] = {
        "captured": "paid" if offline else "captured",
        "held": "held for review",
    }.get(payment, payment)
    if offline and not store.switches["offline_orders_have_transactions"]:
        return
    method, gateway = method_of(order)
    event = {"captured": "purchase", "declined": "purchase", "pending": "pending"}.get(payment, "authorization")
    row = add_transaction(store, order, event, method, amount_due, gateway=gateway, test=test)
    if payment == "declined":
        row["status"] = "error"
    if payment == "held":
        row["fraud_review"] = True


def limit_tenders(order: Order, spec: Record) -> None:
    """Limits gift certificate and store credit to the order's total."""
    remaining = order.fields["total_inc_tax"]
    for name in ("gift_certificate", "store_credit"):
        amount = min(decimal(spec.get(name)), remaining)
        order.fields[f"{name}_amount"] = amount
        remaining -= amount


def unpaid(store: Store, order: Order) -> Decimal:
    """The amount that is not paid yet."""
    fields = order.fields
    total: Decimal = fields["total_inc_tax"]
    if not store.switches["order_total_includes_tenders"]:
        total += fields["gift_certificate_amount"] + fields["store_credit_amount"]
    return total - sum((row["amount"] for row in order.transactions if _counts(row)), ZERO)


def _counts(row: Record) -> bool:
    return row["status"] == "ok" and row["event"] in RECEIVED


def is_offline(order: Order) -> bool:
    """True if the payment method has no gateway."""
    return order.fields["payment_method"] in OFFLINE_GATEWAYS


def method_of(order: Order) -> tuple[str, str]:
    """Method and gateway of the order's main tender."""
    gateway = OFFLINE_GATEWAYS.get(order.fields["payment_method"])
    return ("offline", gateway) if gateway else ("credit_card", CARD_GATEWAY)


def authorised(order: Order) -> list[Record]:
    """Authorisations that are neither captured nor voided."""
    used = {row.get("reference_transaction_id") for row in order.transactions if row["event"] in ("capture", "void")}
    return [
        row
        for row in order.transactions
        if row["event"] == "authorization" and row["status"] == "ok" and row["id"] not in used
    ]


def refundable(order: Order) -> dict[str, Decimal]:
    """The refundable amount per gateway, largest first."""
    held: dict[str, Decimal] = {}
    for row in order.transactions:
        if row["status"] == "ok" and row["event"] in (*RECEIVED, "refund"):
            sign = -1 if row["event"] == "refund" else 1
            held[row["gateway"]] = held.get(row["gateway"], ZERO) + sign * row["amount"]
    return dict(sorted(held.items(), key=lambda pair: -pair[1]))


def add_transaction(
    store: Store,
    order: Order,
    event: str,
    method: str,
    amount: Decimal,
    *,
    gateway: str = CARD_GATEWAY,
    reference: Any = None,
    test: bool = False,
) -> Record:
    """Adds a transaction; sends its event if the order is stored already."""
    row: Record = {
        "id": store.next_id("transaction", 7000),
        "order_id": str(order.id),
        "event": event,
        "method": method,
        "amount": amount,
        "currency": order.currency,
        "gateway": gateway,
        "gateway_transaction_id": f"gw-{store.random.getrandbits(48):012x}",
        "payment_method_id": f"{gateway}.{method}",
        "date_created": store.now(),
        "test": test,
        "status": "ok",
        "fraud_review": False,
        **_details(order, method, amount),
    }
    if reference is not None:
        row["reference_transaction_id"] = reference
    order.transactions.append(row)
    if order.id in store.orders:
        announce_transaction(store, order, row)
    return row


def announce_transaction(store: Store, order: Order, row: Record) -> None:
    """Sends the transaction event, which has no `id` and string ids. Source: platform notes, bigcommerce 7.3."""
    data = {
        "type": "transaction",
        "order_id": str(order.id),
        "transaction_id": str(row["id"]),
        "transaction_status": row["status"],
        "transaction_type": row["event"],
        "result": {"gateway": row["gateway"], "amount": str(row["amount"]), "currency": row["currency"]},
    }
    emit(store, "store/order/transaction/created", data)


def _details(order: Order, method: str, amount: Decimal) -> Record:
    if method == "offline":
        return {"offline": {"display_name": order.fields["payment_method"]}}
    if method == "gift_certificate":
        balances = {"original_balance": amount, "starting_balance": amount, "remaining_balance": ZERO}
        return {"gift_certificate": {"code": f"GIFT-{order.id}", **balances, "status": "active"}}
    if method == "store_credit":
        return {"store_credit": {"remaining_balance": ZERO}}
    card = {"card_type": "visa", "card_iin": "411111", "card_last4": "1111"}
    return {"credit_card": {**card, "card_expiry_month": 12, "card_expiry_year": 2030}}
