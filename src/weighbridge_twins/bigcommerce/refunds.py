"""Refunds: quote, create, execute later, list. Source: platform notes, bigcommerce 3.3."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_rendering import apply_corruption
from weighbridge_twins.bigcommerce.order_statuses import change_status, find, touch
from weighbridge_twins.bigcommerce.order_stock import restock
from weighbridge_twins.bigcommerce.paging import id_filter, v3_page
from weighbridge_twins.bigcommerce.payments import enqueue_payment, is_payment_pending
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal, public
from weighbridge_twins.bigcommerce.refund_amounts import RefundAmount, moved_money, refund_amount, refused
from weighbridge_twins.bigcommerce.rendering import iso, parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.tenders import OFFLINE_GATEWAYS, OWN_TENDERS, method_of, refundable
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
REFUNDED, PARTIALLY_REFUNDED = 4, 14
OF_ORDER: Final = "/v3/orders/{order_id}/payment_actions"
OFFLINE: Final = (*OFFLINE_GATEWAYS.values(), *(gateway for _, gateway, _ in OWN_TENDERS))
DECLINED: Final = "The gateway declined the refund"


@routes.on("GET", "/v3/orders/payment_actions/refunds")
def list_all_refunds(store: Store, call: Call) -> Answer:
    """Lists refunds of all orders by id; the bounds of `created` are inclusive."""
    since, until = (parse_date(call.query[n]) if call.query.get(n) else None for n in ("created:min", "created:max"))
    ids, orders = id_filter(call, "id:in"), id_filter(call, "order_id:in")
    transaction = call.query.get("transaction_id")
    rows = [
        (order, refund)
        for order in store.orders.values()
        if order.refunds and (orders is None or order.id in orders)
        for refund in order.refunds
        if (since is None or refund["_created"] >= since)
        and (until is None or refund["_created"] <= until)
        and (ids is None or refund["id"] in ids)
        and (not transaction or any(payment["transaction_id"] == transaction for payment in refund["payments"]))
    ]
    rows.sort(key=lambda pair: int(pair[1]["id"]))
    return v3_page(call, rows, lambda pair: render_refund(store, *pair))


@routes.on("GET", "/v3/orders/payment_actions/refunds/{refund_id}")
def get_refund(store: Store, call: Call, refund_id: str) -> Answer:
    for order in store.orders.values():
        for refund in order.refunds:
            if str(refund["id"]) == refund_id:
                return Answer(200, {"data": render_refund(store, order, refund), "meta": {}})
    raise not_found()


@routes.on("GET", OF_ORDER + "/refunds")
def list_refunds(store: Store, call: Call, order_id: str) -> Answer:
    order = find(store, order_id)
    return Answer(200, {"data": [render_refund(store, order, refund) for refund in order.refunds], "meta": {}})


@routes.on("POST", OF_ORDER + "/refund_quotes")
def quote_refund(store: Store, call: Call, order_id: str) -> Answer:
    """The refund amount of the items and the possible refund methods: the tenders that paid, or offline."""
    order = find(store, order_id)
    price = _requested_amount(order, _body(call))
    methods = [[_method(gateway, amount)] for gateway, amount in refundable(order).items() if amount >= price.amount]
    split = _split(order, price.amount)
    if len(split) > 1:
        methods.append([_method(share["provider_id"], share["amount"]) for share in split])
    methods.append([_method("custom", price.amount)])
    data = {
        "order_id": order.id,
        "total_refund_amount": price.amount,
        "total_refund_tax_amount": price.tax,
        "order_level_refund_amount": price.order_level,
        "rounding": ZERO,
        "adjustment": ZERO,
        "tax_inclusive": bool(order.fields["is_tax_inclusive_pricing"]),
        "refund_methods": methods,
    }
    return Answer(201, {"data": data, "meta": {}})


@routes.on("POST", OF_ORDER + "/refunds")
def create_refund(store: Store, call: Call, order_id: str) -> Answer:
    """Accepts a refund whose payments equal its quote; the payments are executed later."""
    order = find(store, order_id)
    body = _body(call)
    if is_payment_pending(store, order, "refund") and store.switches["concurrent_refunds"] == "refused":
        raise refused("A refund of this order is in progress", order_id="refund one after the other")
    if "tax_adjustment_amount" not in body and not body.get("payments"):
        raise refused("Payments are required", payments="required")
    return Answer(201, {"data": render_refund(store, order, refund_order(store, order, body)), "meta": {}})


def refund_order(store: Store, order: Order, body: Record) -> Record:
    """Refunds items, or only tax with tax_adjustment_amount. By default the original tenders are refunded.

    With `declined` the gateway declines all payments. Raises Refusal 422.
    """
    price = _requested_amount(order, body)
    override = body.get("merchant_calculated_override")
    if override:
        price = RefundAmount(decimal(override.get("total_amount")), decimal(override.get("total_tax")))
    payments = _payments(order, body, price.amount)
    items: list[Record] = body.get("items") or []
    now = store.now()
    refund: Record = {
        "id": store.next_id("refund"),
        "order_id": order.id,
        "user_id": 1,
        "created": iso(now),
        "reason": str(body.get("reason") or ""),
        "total_amount": price.amount,
        "total_tax": price.tax,
        "uses_merchant_override_values": bool(override),
        "items": [_refund_item(store, order, item) for item in items],
        "payments": payments,
        "_created": now,
    }
    order.refunds.append(refund)
    if moved_money(refund):
        _mark_lines(store, order, items)
    if store.switches["refund_bumps_date_modified"]:
        touch(store, order)
    order_event(store, "store/order/refund/created", order, refund={"refund_id": refund["id"]})
    if moved_money(refund):
        _move_on(store, order)
        enqueue_payment(store, order, "refund", refund["id"])
    return refund


def render_refund(store: Store, order: Order, refund: Record) -> Record:
    """A refund in v3; a switch decides how its items show amounts. Source: platform notes, bigcommerce 3.3."""
    record = public(refund)
    record["items"] = [_render_item(store, item) for item in refund["items"]]
    record["payments"] = [dict(payment) for payment in refund["payments"]]
    return apply_corruption(order, "refund_", record)


def _render_item(store: Store, item: Record) -> Record:
    record = public(item)
    if item["item_type"] not in ("PRODUCT", "GIFT_WRAPPING"):
        return record | {"requested_amount": item["_amount"]}
    form = store.switches["refund_requested_amount"]
    if form == "absent":
        return record
    return record | {"requested_amount": item["_amount"] if form == "amount" else None}


def _requested_amount(order: Order, body: Record) -> RefundAmount:
    if "tax_adjustment_amount" in body:
        tax = decimal(body["tax_adjustment_amount"])
        if tax <= 0 or tax > order.fields["total_tax"]:
            raise refused("Invalid tax adjustment", tax_adjustment_amount=f"{tax} is out of range")
        return RefundAmount(tax, tax)
    items = body.get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise refused("Items are required", items="required")
    return refund_amount(order, items)


def _payments(order: Order, body: Record, amount: Decimal) -> list[Record]:
    payments: list[Record] = body.get("payments") or _split(order, amount)
    paid = sum((decimal(payment.get("amount")) for payment in payments), ZERO)
    if paid != amount:
        raise refused("Payments do not equal the refund", payments=f"{paid} is not the quoted {amount}")
    declined = bool(body.get("declined"))
    held, rows = refundable(order), []
    for number, payment in enumerate(payments, start=1):
        gateway, share = str(payment.get("provider_id") or "custom"), decimal(payment.get("amount"))
        offline = bool(payment.get("offline", gateway not in held))
        if gateway == "storecredit" and not order.fields["customer_id"]:
            raise refused("Store credit cannot be refunded to a guest", payments="storecredit")
        if not offline and gateway not in OFFLINE and share > held.get(gateway, ZERO):
            raise refused("Invalid split of payments", payments=f"{gateway} did not receive {share}")
        text = DECLINED if declined else ""
        rows.append({"id": number, "provider_id": gateway, "amount": share, "offline": offline,
                     "is_declined": declined, "declined_message": text, "transaction_id": ""})  # fmt: skip
    return rows


def _split(order: Order, amount: Decimal) -> list[Record]:
    """Splits the amount over the tenders that paid, largest first; the remainder is refunded offline."""
    rows: list[Record] = []
    for gateway, received in refundable(order).items():
        share = min(received, amount)
        if share > 0:
            rows.append({"provider_id": gateway, "amount": share, "offline": False})
            amount -= share
    if amount > 0 or not rows:
        method, gateway = method_of(order)
        rows.append({"provider_id": gateway if method == "offline" else "custom", "amount": amount, "offline": True})
    return rows


def _method(gateway: str, amount: Decimal) -> Record:
    offline = gateway in OFFLINE or gateway == "custom"
    return {
        "provider_id": gateway,
        "provider_description": gateway.capitalize(),
        "amount": amount,
        "offline": offline,
        "offline_provider": offline,
        "offline_reason": "The provider is not able to refund" if offline else "",
    }


def _refund_item(store: Store, order: Order, item: Record) -> Record:
    """The stored refund item. For a fee, two documents disagree on whose id `item_id` is."""
    amount = item_refund_amount(order, item)
    return {
        "item_type": item["item_type"],
        "item_id": int(item["item_id"]),
        "reason": str(item.get("reason") or ""),
        "quantity": int(item.get("quantity") or 1),
        "adjustments": list(item.get("adjustments") or []),
        "_amount": amount,
    }


def item_refund_amount(order: Order, item: Record) -> Decimal:
    """The refund amount of one item."""
    return refund_amount(order, [item]).amount


def _mark_lines(store: Store, order: Order, items: list[Record]) -> None:
    for item in items:
        row = order.line(item["item_id"]) if item["item_type"] in ("PRODUCT", "GIFT_WRAPPING") else None
        if row is None:
            continue
        quantity = int(item["quantity"])
        if item["item_type"] == "GIFT_WRAPPING":
            row["_wrapping_refunded"] = row.get("_wrapping_refunded", 0) + quantity
            continue
        row["quantity_refunded"] += quantity
        row["is_refunded"] = row["quantity_refunded"] >= row["quantity"]
        restock(store, order, row, quantity)


def _move_on(store: Store, order: Order) -> None:
    """Sets the refund status, which overwrites the fulfilment status. Source: platform notes, bigcommerce 9, trap 4."""
    moved = sum((refund["total_amount"] for refund in order.refunds if moved_money(refund)), ZERO)
    whole = moved >= order.fields["total_inc_tax"]
    order.fields["payment_status"] = "refunded" if whole else "partially refunded"
    change_status(store, order, REFUNDED if whole else PARTIALLY_REFUNDED)


def _body(call: Call) -> Record:
    body: Any = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object.")
    checked: Record = body
    return checked
