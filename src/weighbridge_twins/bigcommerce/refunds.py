"""Refunds: quoted, made, executed later, listed over the whole store. Source: platform notes, bigcommerce 3.3."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import order_event
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_shown import spoiled
from weighbridge_twins.bigcommerce.order_statuses import change_status, find, touch
from weighbridge_twins.bigcommerce.order_stock import restock
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_ids
from weighbridge_twins.bigcommerce.payments import on_its_way, send_off
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal, public
from weighbridge_twins.bigcommerce.refund_worth import Worth, moved_money, refused, worth
from weighbridge_twins.bigcommerce.rendering import iso, parse_date
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.bigcommerce.tenders import OFFLINE_GATEWAYS, OWN_TENDERS, method_of, refundable
from weighbridge_twins.call import Answer, Call

routes = Routes()
REFUNDED, PARTIALLY_REFUNDED = 4, 14
OF_ORDER: Final = "/v3/orders/{order_id}/payment_actions"
OFFLINE: Final = (*OFFLINE_GATEWAYS.values(), *(gateway for _, gateway, _ in OWN_TENDERS))
DECLINED: Final = "The gateway declined the refund"


@routes.on("GET", "/v3/orders/payment_actions/refunds")
def list_all_refunds(shop: Shop, call: Call) -> Answer:
    """Refunds of every order, by their ids; the bounds of `created` are included."""
    since, until = (parse_date(call.query[n]) if call.query.get(n) else None for n in ("created:min", "created:max"))
    ids, orders = wanted_ids(call, "id:in"), wanted_ids(call, "order_id:in")
    transaction = call.query.get("transaction_id")
    rows = [
        (order, refund)
        for order in shop.orders.values()
        if order.refunds and (orders is None or order.id in orders)
        for refund in order.refunds
        if (since is None or refund["_created"] >= since)
        and (until is None or refund["_created"] <= until)
        and (ids is None or refund["id"] in ids)
        and (not transaction or any(one["transaction_id"] == transaction for one in refund["payments"]))
    ]
    rows.sort(key=lambda pair: int(pair[1]["id"]))
    return v3_page(call, rows, lambda pair: shown_refund(shop, *pair))


@routes.on("GET", "/v3/orders/payment_actions/refunds/{refund_id}")
def get_refund(shop: Shop, call: Call, refund_id: str) -> Answer:
    for order in shop.orders.values():
        for refund in order.refunds:
            if str(refund["id"]) == refund_id:
                return Answer(200, {"data": shown_refund(shop, order, refund), "meta": {}})
    raise not_found()


@routes.on("GET", OF_ORDER + "/refunds")
def list_refunds(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    return Answer(200, {"data": [shown_refund(shop, order, one) for one in order.refunds], "meta": {}})


@routes.on("POST", OF_ORDER + "/refund_quotes")
def quote_refund(shop: Shop, call: Call, order_id: str) -> Answer:
    """What the items come to, and how it can be paid back: by the tenders that paid, or offline."""
    order = find(shop, order_id)
    price = _price(order, _body(call))
    methods = [[_method(gateway, amount)] for gateway, amount in refundable(order).items() if amount >= price.amount]
    split = _split(order, price.amount)
    if len(split) > 1:
        methods.append([_method(one["provider_id"], one["amount"]) for one in split])
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
def create_refund(shop: Shop, call: Call, order_id: str) -> Answer:
    """Accepts a refund whose payments come to exactly its quote; the money moves later."""
    order = find(shop, order_id)
    body = _body(call)
    if on_its_way(shop, order, "refund") and shop.switches["concurrent_refunds"] == "refused":
        raise refused("A refund of this order is in progress", order_id="refund one after the other")
    if "tax_adjustment_amount" not in body and not body.get("payments"):
        raise refused("Payments are required", payments="required")
    return Answer(201, {"data": shown_refund(shop, order, refund_order(shop, order, body)), "meta": {}})


def refund_order(shop: Shop, order: Order, body: Record) -> Record:
    """Refunds items, or with tax_adjustment_amount tax alone. Without payments the tenders that paid pay back.

    With `declined` the gateway refuses all payments. Raises Refusal 422.
    """
    price = _price(order, body)
    override = body.get("merchant_calculated_override")
    if override:
        price = Worth(decimal(override.get("total_amount")), decimal(override.get("total_tax")))
    payments = _payments(order, body, price.amount)
    items: list[Record] = body.get("items") or []
    now = shop.now()
    refund: Record = {
        "id": shop.next_id("refund"),
        "order_id": order.id,
        "user_id": 1,
        "created": iso(now),
        "reason": str(body.get("reason") or ""),
        "total_amount": price.amount,
        "total_tax": price.tax,
        "uses_merchant_override_values": bool(override),
        "items": [_refund_item(shop, order, one) for one in items],
        "payments": payments,
        "_created": now,
    }
    order.refunds.append(refund)
    if moved_money(refund):
        _mark_lines(shop, order, items)
    if shop.switches["refund_bumps_date_modified"]:
        touch(shop, order)
    order_event(shop, "store/order/refund/created", order, refund={"refund_id": refund["id"]})
    if moved_money(refund):
        _move_on(shop, order)
        send_off(shop, order, "refund", refund["id"])
    return refund


def shown_refund(shop: Shop, order: Order, refund: Record) -> Record:
    """A refund in v3; what a product was refunded with is hard to learn. Source: platform notes, bigcommerce 3.3."""
    record = public(refund)
    record["items"] = [_shown_item(shop, item) for item in refund["items"]]
    record["payments"] = [dict(one) for one in refund["payments"]]
    return spoiled(order, "refund_", record)


def _shown_item(shop: Shop, item: Record) -> Record:
    record = public(item)
    if item["item_type"] not in ("PRODUCT", "GIFT_WRAPPING"):
        return record | {"requested_amount": item["_amount"]}
    form = shop.switches["refund_requested_amount"]
    if form == "absent":
        return record
    return record | {"requested_amount": item["_amount"] if form == "amount" else None}


def _price(order: Order, body: Record) -> Worth:
    if "tax_adjustment_amount" in body:
        tax = decimal(body["tax_adjustment_amount"])
        if tax <= 0 or tax > order.fields["total_tax"]:
            raise refused("Invalid tax adjustment", tax_adjustment_amount=f"{tax} is out of range")
        return Worth(tax, tax)
    items = body.get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise refused("Items are required", items="required")
    return worth(order, items)


def _payments(order: Order, body: Record, amount: Decimal) -> list[Record]:
    given: list[Record] = body.get("payments") or _split(order, amount)
    paid = sum((decimal(one.get("amount")) for one in given), ZERO)
    if paid != amount:
        raise refused("Payments do not equal the refund", payments=f"{paid} is not the quoted {amount}")
    declined = bool(body.get("declined"))
    held, rows = refundable(order), []
    for number, one in enumerate(given, start=1):
        gateway, part = str(one.get("provider_id") or "custom"), decimal(one.get("amount"))
        offline = bool(one.get("offline", gateway not in held))
        if gateway == "storecredit" and not order.fields["customer_id"]:
            raise refused("Store credit cannot be refunded to a guest", payments="storecredit")
        if not offline and gateway not in OFFLINE and part > held.get(gateway, ZERO):
            raise refused("Invalid split of payments", payments=f"{gateway} did not receive {part}")
        text = DECLINED if declined else ""
        rows.append({"id": number, "provider_id": gateway, "amount": part, "offline": offline,
                     "is_declined": declined, "declined_message": text, "transaction_id": ""})  # fmt: skip
    return rows


def _split(order: Order, amount: Decimal) -> list[Record]:
    """The amount over the tenders that paid, largest first; what none of them received goes back offline."""
    rows: list[Record] = []
    for gateway, received in refundable(order).items():
        part = min(received, amount)
        if part > 0:
            rows.append({"provider_id": gateway, "amount": part, "offline": False})
            amount -= part
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


def _refund_item(shop: Shop, order: Order, item: Record) -> Record:
    """The item as the refund keeps it; with a fee, two documents differ in whose id this is."""
    amount = worth_alone(order, item)
    return {
        "item_type": item["item_type"],
        "item_id": int(item["item_id"]),
        "reason": str(item.get("reason") or ""),
        "quantity": int(item.get("quantity") or 1),
        "adjustments": list(item.get("adjustments") or []),
        "_amount": amount,
    }


def worth_alone(order: Order, item: Record) -> Decimal:
    """What one item of a refund comes to."""
    return worth(order, [item]).amount


def _mark_lines(shop: Shop, order: Order, items: list[Record]) -> None:
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
        restock(shop, order, row, quantity)


def _move_on(shop: Shop, order: Order) -> None:
    """The one status field loses how far the goods have come. Source: platform notes, bigcommerce 9, trap 4."""
    moved = sum((one["total_amount"] for one in order.refunds if moved_money(one)), ZERO)
    whole = moved >= order.fields["total_inc_tax"]
    order.fields["payment_status"] = "refunded" if whole else "partially refunded"
    change_status(shop, order, REFUNDED if whole else PARTIALLY_REFUNDED)


def _body(call: Call) -> Record:
    body: Any = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object.")
    found: Record = body
    return found
