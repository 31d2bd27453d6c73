"""The money on an order: what was paid with what, movement by movement. Source: Orders V3, transactions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.state import Shop

OFFLINE_GATEWAYS: Final = {
    "Bank Deposit": "bankdeposit",
    "Cheque": "cheque",
    "Cash on Delivery": "cod",
    "Money Order": "moneyorder",
    "Pay in Store": "instore",
    "Manual": "custom",
}
"""Payment methods that move no money through a gateway."""
CARD_GATEWAY: Final = "testgateway"
OWN_TENDERS: Final = (
    ("gift_certificate", "giftcertificate", "gift_certificate_amount"),
    ("store_credit", "storecredit", "store_credit_amount"),
)
RECEIVED: Final = ("purchase", "capture")
PAYMENTS: Final = ("captured", "authorized", "declined", "held", "pending", "none")


def pay_at_checkout(shop: Shop, order: Order, spec: Record) -> None:
    """Gift certificate and store credit are tenders of their own; the rest is paid as `payment` says."""
    fields, test = order.fields, bool(spec.get("test"))
    for method, gateway, name in OWN_TENDERS:
        if fields[name]:
            add_transaction(shop, order, "purchase", method, fields[name], gateway=gateway, test=test)
    payment, rest, offline = spec.get("payment", "captured"), unpaid(shop, order), is_offline(order)
    if payment not in PAYMENTS:
        raise ValueError(f"payment is one of {', '.join(PAYMENTS)}, not {payment!r}")
    if rest <= 0 or payment == "none":
        return
    fields["payment_status"] = {
        "captured": "paid" if offline else "captured",
        "held": "held for review",
    }.get(payment, payment)
    if offline and not shop.switches["offline_orders_have_transactions"]:
        return
    method, gateway = method_of(order)
    event = {"captured": "purchase", "declined": "purchase", "pending": "pending"}.get(payment, "authorization")
    row = add_transaction(shop, order, event, method, rest, gateway=gateway, test=test)
    if payment == "declined":
        row["status"] = "error"
    if payment == "held":
        row["fraud_review"] = True


def limit_tenders(order: Order, spec: Record) -> None:
    """A gift certificate and store credit pay at most what the order costs."""
    rest = order.fields["total_inc_tax"]
    for name in ("gift_certificate", "store_credit"):
        amount = min(decimal(spec.get(name)), rest)
        order.fields[f"{name}_amount"] = amount
        rest -= amount


def unpaid(shop: Shop, order: Order) -> Decimal:
    """What remains to be paid or authorised."""
    fields = order.fields
    total: Decimal = fields["total_inc_tax"]
    if not shop.switches["order_total_includes_tenders"]:
        total += fields["gift_certificate_amount"] + fields["store_credit_amount"]
    return total - sum((row["amount"] for row in order.transactions if _counts(row)), ZERO)


def _counts(row: Record) -> bool:
    return row["status"] == "ok" and row["event"] in RECEIVED


def is_offline(order: Order) -> bool:
    """True where the payment method moves no money through a gateway."""
    return order.fields["payment_method"] in OFFLINE_GATEWAYS


def method_of(order: Order) -> tuple[str, str]:
    """Method and gateway of the order's ordinary tender."""
    gateway = OFFLINE_GATEWAYS.get(order.fields["payment_method"])
    return ("offline", gateway) if gateway else ("credit_card", CARD_GATEWAY)


def authorised(order: Order) -> list[Record]:
    """Authorisations that were neither captured nor voided."""
    used = {row.get("reference_transaction_id") for row in order.transactions if row["event"] in ("capture", "void")}
    return [
        row
        for row in order.transactions
        if row["event"] == "authorization" and row["status"] == "ok" and row["id"] not in used
    ]


def refundable(order: Order) -> dict[str, Decimal]:
    """What each gateway received and has not given back, largest tender first."""
    held: dict[str, Decimal] = {}
    for row in order.transactions:
        if row["status"] == "ok" and row["event"] in (*RECEIVED, "refund"):
            sign = -1 if row["event"] == "refund" else 1
            held[row["gateway"]] = held.get(row["gateway"], ZERO) + sign * row["amount"]
    return dict(sorted(held.items(), key=lambda pair: -pair[1]))


def add_transaction(
    shop: Shop,
    order: Order,
    event: str,
    method: str,
    amount: Decimal,
    *,
    gateway: str = CARD_GATEWAY,
    reference: Any = None,
    test: bool = False,
) -> Record:
    """A movement of money on an order, announced once the order exists."""
    row: Record = {
        "id": shop.next_id("transaction", 7000),
        "order_id": str(order.id),
        "event": event,
        "method": method,
        "amount": amount,
        "currency": order.currency,
        "gateway": gateway,
        "gateway_transaction_id": f"gw-{shop.random.getrandbits(48):012x}",
        "payment_method_id": f"{gateway}.{method}",
        "date_created": shop.now(),
        "test": test,
        "status": "ok",
        "fraud_review": False,
        **_details(order, method, amount),
    }
    if reference is not None:
        row["reference_transaction_id"] = reference
    order.transactions.append(row)
    if order.id in shop.orders:
        announce_transaction(shop, order, row)
    return row


def announce_transaction(shop: Shop, order: Order, row: Record) -> None:
    """A transaction's event has no `id`, and its ids are texts. Source: platform notes, bigcommerce 7.3."""
    data = {
        "type": "transaction",
        "order_id": str(order.id),
        "transaction_id": str(row["id"]),
        "transaction_status": row["status"],
        "transaction_type": row["event"],
        "result": {"gateway": row["gateway"], "amount": str(row["amount"]), "currency": row["currency"]},
    }
    emit(shop, "store/order/transaction/created", data)


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
