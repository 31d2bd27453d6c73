"""Orders v3: transactions, payment actions, refunds. Source: platform notes, bigcommerce 3."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import order_event
from weighbridge.twins.bigcommerce.inventory import change_level
from weighbridge.twins.bigcommerce.orders import find, touch
from weighbridge.twins.bigcommerce.paging import v3_page, wanted_ids
from weighbridge.twins.bigcommerce.placing import add_transaction
from weighbridge.twins.bigcommerce.rendering import cents, iso, parse_date
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import ZERO, Order, Record, Shop
from weighbridge.twins.call import Answer, Call

routes = Routes()
REFUNDED, PARTIALLY_REFUNDED = 4, 14
RECEIVED = ("purchase", "capture")


@routes.on("GET", "/v3/orders/{order_id}/transactions")
def list_transactions(shop: Shop, call: Call, order_id: str) -> Answer:
    """An order without any answers 204."""
    order = find(shop, order_id)
    if not order.transactions:
        return Answer(204, empty=True)
    return v3_page(call, order.transactions, _shown)


def _shown(row: Record) -> Record:
    shown = {**row, "date_created": iso(row["date_created"])}
    return {name: value for name, value in shown.items() if name != "reference_transaction_id" or value is not None}


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/capture")
def capture(shop: Shop, call: Call, order_id: str) -> Answer:
    capture_payment(shop, find(shop, order_id))
    return Answer(201, empty=True)


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/void")
def void(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    for row in [one for one in order.transactions if one["event"] == "authorization"]:
        add_transaction(shop, order, "void", row["method"], row["amount"], reference=row["id"])
    order.fields["payment_status"] = "void"
    touch(shop, order)
    return Answer(201, empty=True)


def capture_payment(shop: Shop, order: Order) -> None:
    """Captures what was authorised, or receives what was never asked for (offline)."""
    held = [one for one in order.transactions if one["event"] == "authorization"]
    for row in held:
        add_transaction(shop, order, "capture", row["method"], row["amount"], reference=row["id"])
    if not held:
        received = sum((one["amount"] for one in order.transactions if one["event"] in RECEIVED), ZERO)
        rest = order.fields["total_inc_tax"] - received
        offline = order.fields["payment_method"] != "Credit Card"
        if rest > 0 and (not offline or shop.switches["offline_orders_have_transactions"]):
            add_transaction(shop, order, "purchase", "offline" if offline else "credit_card", rest)
    order.fields["payment_status"] = "captured" if held else "paid"
    touch(shop, order)
    order_event(shop, "store/order/updated", order)


@routes.on("GET", "/v3/orders/payment_actions/refunds")
def list_all_refunds(shop: Shop, call: Call) -> Answer:
    since = parse_date(call.query["created:min"]) if call.query.get("created:min") else None
    until = parse_date(call.query["created:max"]) if call.query.get("created:max") else None
    ids, orders = wanted_ids(call, "id:in"), wanted_ids(call, "order_id:in")
    rows = [
        refund
        for order in shop.orders.values()
        for refund in order.refunds
        if (since is None or refund["_created"] >= since)
        and (until is None or refund["_created"] <= until)
        and (ids is None or refund["id"] in ids)
        and (orders is None or order.id in orders)
    ]
    return v3_page(call, sorted(rows, key=lambda row: row["id"]), _public)


@routes.on("GET", "/v3/orders/payment_actions/refunds/{refund_id}")
def get_refund(shop: Shop, call: Call, refund_id: str) -> Answer:
    for order in shop.orders.values():
        for refund in order.refunds:
            if str(refund["id"]) == refund_id:
                return Answer(200, {"data": _public(refund), "meta": {}})
    raise not_found()


@routes.on("GET", "/v3/orders/{order_id}/payment_actions/refunds")
def list_refunds(shop: Shop, call: Call, order_id: str) -> Answer:
    return Answer(200, {"data": [_public(one) for one in find(shop, order_id).refunds], "meta": {}})


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/refund_quotes")
def quote_refund(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    amount, tax = _worth(order, call.body.get("items") or [])
    body = {
        "order_id": order.id,
        "total_refund_amount": amount,
        "total_refund_tax_amount": tax,
        "rounding": 0,
        "adjustment": 0,
        "is_tax_included": order.fields["is_tax_inclusive_pricing"],
        "order_level_refund_amount": 0,
        "refund_methods": [[{"provider_id": "testgateway", "provider_description": "Test", "amount": amount,
                             "offline": False, "offline_provider": False, "offline_reason": ""}]],
    }  # fmt: skip
    return Answer(201, {"data": body, "meta": {}})


@routes.on("POST", "/v3/orders/{order_id}/payment_actions/refunds")
def create_refund(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    body = call.body if isinstance(call.body, dict) else {}
    refund = refund_order(
        shop, order, body.get("items") or [], body.get("payments") or [], str(body.get("reason") or "")
    )
    return Answer(201, {"data": _public(refund), "meta": {}})


def refund_order(shop: Shop, order: Order, items: list[Record], payments: list[Record], reason: str) -> Record:
    """Refunds items; the payments must come to what the items are worth. Raises Refusal (422)."""
    amount, tax = _worth(order, items)
    paid = sum((Decimal(str(one["amount"])) for one in payments), ZERO)
    if payments and paid != amount:
        raise Refusal(422, f"Payments {paid} do not equal the refund {amount}", {"payments": "amount mismatch"})
    refund: Record = {
        "id": shop.next_id("refund"),
        "order_id": order.id,
        "user_id": 1,
        "created": iso(shop.now()),
        "reason": reason,
        "total_amount": amount,
        "total_tax": tax,
        "uses_merchant_override_values": False,
        "items": [_refund_item(one) for one in items],
        "payments": [
            {"id": number, "provider_id": one.get("provider_id", "testgateway"), "amount": Decimal(str(one["amount"])),
             "offline": bool(one.get("offline")), "is_declined": False, "declined_message": ""}
            for number, one in enumerate(payments or [{"amount": amount}], 1)
        ],
        "_created": shop.now(),
    }  # fmt: skip
    order.refunds.append(refund)
    add_transaction(shop, order, "refund", "credit_card", amount)
    for item in items:
        if item["item_type"] == "PRODUCT":
            row = next(one for one in order.products if one["id"] == int(item["item_id"]))
            row["quantity_refunded"] += int(item["quantity"])
            row["is_refunded"] = row["quantity_refunded"] >= row["quantity"]
            if shop.switches["refund_restocks"]:
                change_level(shop, str(row["sku"]), int(item["quantity"]))
    refunded = sum((one["total_amount"] for one in order.refunds), ZERO)
    before = order.fields["status_id"]
    whole = refunded >= order.fields["total_inc_tax"]
    order.fields["status_id"] = REFUNDED if whole else PARTIALLY_REFUNDED
    order.fields["payment_status"] = "refunded" if whole else "partially refunded"
    if shop.switches["refund_bumps_date_modified"]:
        touch(shop, order)
    order_event(shop, "store/order/refund/created", order, refund={"refund_id": refund["id"]})
    order_event(shop, "store/order/statusUpdated", order, before=before)
    return refund


def _worth(order: Order, items: list[Record]) -> tuple[Decimal, Decimal]:
    """What the items come to, with tax, and the tax in it."""
    amount, tax = ZERO, ZERO
    for item in items:
        if item.get("item_type") == "PRODUCT":
            row = next((one for one in order.products if str(one["id"]) == str(item.get("item_id"))), None)
            quantity = int(item.get("quantity") or 0)
            if row is None or quantity < 1 or quantity > row["quantity"] - row["quantity_refunded"]:
                raise Refusal(422, "Invalid refund item", {"items": "quantity is above what is left to refund"})
            amount += cents(row["discounted_total_inc_tax"] * quantity / row["quantity"])
            tax += cents(row["_tax"] * quantity / row["quantity"])
        else:
            amount += Decimal(str(item.get("amount") or item.get("requested_amount") or 0))
    return amount, tax


def _refund_item(item: Record) -> Record:
    return {
        "item_type": item["item_type"],
        "item_id": int(item.get("item_id") or 0),
        "reason": item.get("reason") or "",
        "quantity": int(item.get("quantity") or 1),
        "requested_amount": item.get("amount"),
        "adjustments": [],
    }


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
