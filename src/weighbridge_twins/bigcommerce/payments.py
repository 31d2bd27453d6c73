"""Payment actions: accepted first, executed after a delay. Source: platform notes, bigcommerce 3.2 and 3.3."""

from __future__ import annotations

from datetime import timedelta

from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_statuses import UPDATED, touch, void_authorised
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tenders import add_transaction, authorised, is_offline, method_of, unpaid

METHODS = {"giftcertificate": "gift_certificate", "storecredit": "store_credit", "custom": "custom"}


def enqueue_payment(store: Store, order: Order, kind: str, refund_id: int = 0) -> None:
    """Queues a capture, void or refund."""
    due = store.now() + timedelta(seconds=float(store.switches["payment_action_seconds"]))
    store.pending_payments.append({"order_id": order.id, "kind": kind, "refund_id": refund_id, "due": due})
    settle_payments(store)


def settle_payments(store: Store) -> None:
    """Executes the payment actions that are due, in the order in which they were accepted."""
    now = store.now()
    due = [payment for payment in store.pending_payments if payment["due"] <= now]
    if not due:
        return
    store.pending_payments = [payment for payment in store.pending_payments if payment["due"] > now]
    for payment in due:
        order = store.orders.get(payment["order_id"])
        if order is None:
            continue
        if payment["kind"] == "capture":
            capture_payment(store, order)
        elif payment["kind"] == "void":
            void_payment(store, order)
        else:
            _pay_refund(store, order, payment["refund_id"])


def is_payment_pending(store: Store, order: Order, kind: str) -> bool:
    """True if a payment action of this kind is accepted but not executed yet."""
    return any(payment["order_id"] == order.id and payment["kind"] == kind for payment in store.pending_payments)


def capture_payment(store: Store, order: Order) -> None:
    """Captures what was authorised; without an authorisation, receives the amount due (a shopper pays later)."""
    held = authorised(order)
    for row in held:
        gateway, test = row["gateway"], row["test"]
        add_transaction(
            store, order, "capture", row["method"], row["amount"], gateway=gateway, reference=row["id"], test=test
        )
    amount_due, offline = unpaid(store, order), is_offline(order)
    if not held and amount_due > 0 and (not offline or store.switches["offline_orders_have_transactions"]):
        method, gateway = method_of(order)
        add_transaction(store, order, "purchase", method, amount_due, gateway=gateway)
    order.fields["payment_status"] = "captured" if held else "paid"
    _moved(store, order)


def void_payment(store: Store, order: Order) -> None:
    """Voids what was authorised."""
    void_authorised(store, order)
    order.fields["payment_status"] = "void"
    _moved(store, order)


def _pay_refund(store: Store, order: Order, refund_id: int) -> None:
    refund = next((row for row in order.refunds if row["id"] == refund_id), None)
    for payment in refund["payments"] if refund else ():
        if not payment["is_declined"]:
            _refund_payment(store, order, payment)
    if store.switches["transaction_bumps_date_modified"] and store.switches["refund_bumps_date_modified"]:
        touch(store, order)


def _refund_payment(store: Store, order: Order, payment: Record) -> None:
    if payment["offline"] and not store.switches["offline_orders_have_transactions"]:
        return
    gateway = payment["provider_id"]
    origin = next((row for row in order.transactions if row["gateway"] == gateway and row["event"] != "refund"), None)
    method = "offline" if payment["offline"] else METHODS.get(gateway, origin["method"] if origin else "credit_card")
    reference = origin["id"] if origin else None
    refund = add_transaction(store, order, "refund", method, payment["amount"], gateway=gateway, reference=reference)
    payment["transaction_id"] = str(refund["id"])


def _moved(store: Store, order: Order) -> None:
    if store.switches["transaction_bumps_date_modified"]:
        touch(store, order)
    order_event(store, UPDATED, order)
