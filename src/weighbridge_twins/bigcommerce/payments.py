"""Money on its way: what was accepted is executed a little later. Source: platform notes, bigcommerce 3.2 and 3.3."""

from __future__ import annotations

from datetime import timedelta

from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, touch, void_authorised
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.bigcommerce.tenders import add_transaction, authorised, is_offline, method_of, unpaid

METHODS = {"giftcertificate": "gift_certificate", "storecredit": "store_credit", "custom": "custom"}


def send_off(shop: Shop, order: Order, kind: str, refund_id: int = 0) -> None:
    """Puts a capture, void or refund on its way."""
    due = shop.now() + timedelta(seconds=float(shop.switches["payment_action_seconds"]))
    shop.pending_payments.append({"order_id": order.id, "kind": kind, "refund_id": refund_id, "due": due})
    settle_payments(shop)


def settle_payments(shop: Shop) -> None:
    """Executes what is due, in the order of acceptance."""
    now = shop.now()
    due = [one for one in shop.pending_payments if one["due"] <= now]
    if not due:
        return
    shop.pending_payments = [one for one in shop.pending_payments if one["due"] > now]
    for one in due:
        order = shop.orders.get(one["order_id"])
        if order is None:
            continue
        if one["kind"] == "capture":
            capture_payment(shop, order)
        elif one["kind"] == "void":
            void_payment(shop, order)
        else:
            _pay_refund(shop, order, one["refund_id"])


def on_its_way(shop: Shop, order: Order, kind: str) -> bool:
    """True while a payment of that kind is accepted and not executed."""
    return any(one["order_id"] == order.id and one["kind"] == kind for one in shop.pending_payments)


def capture_payment(shop: Shop, order: Order) -> None:
    """Captures what was authorised, or receives what was never asked for: a shopper who pays later."""
    held = authorised(order)
    for row in held:
        gateway, test = row["gateway"], row["test"]
        add_transaction(
            shop, order, "capture", row["method"], row["amount"], gateway=gateway, reference=row["id"], test=test
        )
    rest, offline = unpaid(shop, order), is_offline(order)
    if not held and rest > 0 and (not offline or shop.switches["offline_orders_have_transactions"]):
        method, gateway = method_of(order)
        add_transaction(shop, order, "purchase", method, rest, gateway=gateway)
    order.fields["payment_status"] = "captured" if held else "paid"
    _moved(shop, order)


def void_payment(shop: Shop, order: Order) -> None:
    """Lets go of what was authorised."""
    void_authorised(shop, order)
    order.fields["payment_status"] = "void"
    _moved(shop, order)


def _pay_refund(shop: Shop, order: Order, refund_id: int) -> None:
    refund = next((one for one in order.refunds if one["id"] == refund_id), None)
    for payment in refund["payments"] if refund else ():
        if not payment["is_declined"]:
            _give_back(shop, order, payment)
    if shop.switches["transaction_bumps_date_modified"] and shop.switches["refund_bumps_date_modified"]:
        touch(shop, order)


def _give_back(shop: Shop, order: Order, payment: Record) -> None:
    if payment["offline"] and not shop.switches["offline_orders_have_transactions"]:
        return
    gateway = payment["provider_id"]
    origin = next((one for one in order.transactions if one["gateway"] == gateway and one["event"] != "refund"), None)
    method = "offline" if payment["offline"] else METHODS.get(gateway, origin["method"] if origin else "credit_card")
    reference = origin["id"] if origin else None
    row = add_transaction(shop, order, "refund", method, payment["amount"], gateway=gateway, reference=reference)
    payment["transaction_id"] = str(row["id"])


def _moved(shop: Shop, order: Order) -> None:
    if shop.switches["transaction_bumps_date_modified"]:
        touch(shop, order)
    order_event(shop, UPDATED, order)
