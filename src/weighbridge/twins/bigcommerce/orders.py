"""Orders v2: the list with its filters, single orders, and what a PUT does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.twins.bigcommerce import placing
from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import order_event
from weighbridge.twins.bigcommerce.paging import v2_page
from weighbridge.twins.bigcommerce.rendering import parse_date, rendered
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Order, Record, Shop
from weighbridge.twins.call import Answer, Call

routes = Routes()

STATUSES = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}
READ_ONLY = frozenset(
    {"id", "date_modified", "date_shipped", "status", "external_id", "payment_status", "currency_id", "total_tax"}
)
WRITABLE = frozenset(
    {
        "status_id",
        "customer_id",
        "billing_address",
        "shipping_addresses",
        "products",
        "staff_notes",
        "customer_message",
        "external_order_id",
        "external_source",
        "discount_amount",
        "subtotal_ex_tax",
        "subtotal_inc_tax",
        "total_ex_tax",
        "total_inc_tax",
        "shipping_cost_ex_tax",
        "shipping_cost_inc_tax",
        "handling_cost_ex_tax",
        "handling_cost_inc_tax",
        "wrapping_cost_ex_tax",
        "wrapping_cost_inc_tax",
        "base_shipping_cost",
        "base_handling_cost",
        "base_wrapping_cost",
        "payment_method",
        "payment_provider_id",
        "channel_id",
        "is_deleted",
        "order_is_digital",
        "fees",
        "ip_address",
        "items_total",
        "items_shipped",
        "geoip_country",
        "geoip_country_iso2",
        "default_currency_code",
        "date_created",
        "cart_id",
        "ebay_order_id",
        "customer_locale",
        "tax_provider_id",
        "is_email_opt_in",
        "refunded_amount",
    }
)
SORTS = {
    "id": "id",
    "customer_id": "customer_id",
    "date_created": "date_created",
    "date_modified": "date_modified",
    "status_id": "status_id",
    "channel_id": "channel_id",
    "external_id": "id",
}


@routes.on("GET", "/v2/orders")
def list_orders(shop: Shop, call: Call) -> Answer:
    """Orders, by default by id ascending. With `page_drift`, rows before a later page vanish while it is read."""
    found = matching(shop, call)
    field, _, direction = call.query.get("sort", "id:asc").partition(":")
    if field not in SORTS:
        raise Refusal(400, f"The sort field '{field}' is not supported.")
    found.sort(key=lambda order: (order.fields[SORTS[field]], order.id), reverse=direction == "desc")
    drift = int(shop.switches["page_drift"])
    page = int(call.query.get("page", "1") or 1)
    if drift and page > 1:
        found = found[drift * (page - 1) :]
    return v2_page(call, found, lambda order: shown(shop, order, call))


@routes.on("GET", "/v2/orders/count")
def count_orders(shop: Shop, call: Call) -> Answer:
    found = matching(shop, call)
    rows = [
        {
            "id": status_id,
            "name": name,
            "system_label": name,
            "custom_label": name,
            "system_description": name,
            "count": sum(order.fields["status_id"] == status_id for order in found),
            "sort_order": status_id,
        }
        for status_id, name in STATUSES.items()
    ]
    return Answer(200, {"statuses": rows, "count": len(found)})


def matching(shop: Shop, call: Call) -> list[Order]:
    """The orders that satisfy every filter. Source: Orders V2, GET /orders."""
    query = call.query
    visible_before = shop.now() - timedelta(seconds=float(shop.switches["delayed_visibility_seconds"]))
    exact = {
        "status_id": int,
        "customer_id": int,
        "channel_id": int,
        "cart_id": str,
        "payment_method": str,
        "external_order_id": str,
    }
    wanted: dict[str, Any] = {name: kind(query[name]) for name, kind in exact.items() if query.get(name)}
    low, high = int(query.get("min_id") or 0), int(query.get("max_id") or 2**60)
    inclusive = shop.switches["min_date_inclusive"]
    bounds = {
        name: parse_date(query[name])
        for name in ("min_date_created", "max_date_created", "min_date_modified", "max_date_modified")
        if query.get(name)
    }

    def fits(order: Order) -> bool:
        fields = order.fields
        if not low <= order.id <= high or fields["date_created"] > visible_before:
            return False
        if fields["is_deleted"] and not shop.switches["archived_orders_listed"]:
            return False
        for name, bound in bounds.items():
            moment = fields[name[4:]]
            if name.startswith("min") and (moment < bound or (moment == bound and not inclusive)):
                return False
            if name.startswith("max") and moment > bound:
                return False
        if query.get("min_total") and fields["total_inc_tax"] < Decimal(query["min_total"]):
            return False
        if query.get("max_total") and fields["total_inc_tax"] > Decimal(query["max_total"]):
            return False
        if query.get("email") and fields["billing_address"]["email"] != query["email"]:
            return False
        return all(fields[name] == value for name, value in wanted.items())

    return [order for order in shop.orders.values() if fits(order)]


@routes.on("GET", "/v2/orders/{order_id}")
def get_order(shop: Shop, call: Call, order_id: str) -> Answer:
    return Answer(200, shown(shop, find(shop, order_id), call))


@routes.on("POST", "/v2/orders")
def create_order(shop: Shop, call: Call) -> Answer:
    """A manual order: lines by product id or as custom items with their own price."""
    body = call.body if isinstance(call.body, dict) else {}
    if not body.get("billing_address"):
        raise Refusal(400, "The required field 'billing_address' was not supplied.")
    if not body.get("products"):
        raise Refusal(400, "The required field 'products' was not supplied.")
    lines = []
    for line in body["products"]:
        product = shop.products.get(int(line.get("product_id") or 0))
        if product is None and not line.get("name"):
            raise Refusal(400, "The field 'product_id' is invalid.")
        chosen: Record = {"quantity": line.get("quantity", 1), "name": line.get("name")}
        if product is not None:
            variant = next((v for v in product.variants if v.id == line.get("variant_id")), product.variants[0])
            chosen |= {"sku": variant.sku, "name": line.get("name") or product.fields["name"]}
        side = "price_inc_tax" if shop.settings["prices_include_tax"] else "price_ex_tax"
        if line.get(side) is not None:
            chosen["price"] = line[side]
        lines.append(chosen)
    spec = {
        **body,
        "lines": lines,
        "status_id": body.get("status_id", 1),
        "order_source": "external",
        "payment": "none",
    }
    order = placing.place(shop, spec)
    order.fields["external_merchant_id"] = body.get("external_merchant_id")
    order.fields["external_order_id"] = body.get("external_order_id") or ""
    shop.orders[order.id] = order
    order_event(shop, "store/order/created", order)
    return Answer(201, shown(shop, order, call))


@routes.on("PUT", "/v2/orders/{order_id}")
def update_order(shop: Shop, call: Call, order_id: str) -> Answer:
    """Changes what is named. Naming `products` clears their discounts; naming `fees` replaces all of them.

    Source: Orders V2, PUT /orders/{id}; platform notes, bigcommerce 2.7.
    """
    order = find(shop, order_id)
    body = call.body if isinstance(call.body, dict) else {}
    for name in body:
        if name in READ_ONLY or name not in WRITABLE:
            raise Refusal(
                400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
            )
    before = order.fields["status_id"]
    plain = {
        name: value
        for name, value in body.items()
        if name not in ("products", "fees", "billing_address", "shipping_addresses")
    }
    for name, value in plain.items():
        old = order.fields.get(name)
        order.fields[name] = Decimal(str(value)) if isinstance(old, Decimal) else value
    if isinstance(body.get("billing_address"), dict):
        order.fields["billing_address"] |= body["billing_address"]
    if "products" in body:
        _replace_lines(shop, order, body["products"])
    if "fees" in body:
        order.fees = [
            placing.fee_row(shop, order, {"name": f.get("display_name_merchant"), "cost": f.get("cost_ex_tax", 0)})
            for f in body["fees"]
        ]
        order.fields |= placing.totals(shop, order)
    only_link = set(body) <= {"external_order_id", "staff_notes"}
    if not only_link or shop.switches["update_bumps_date_modified"]:
        touch(shop, order)
    if order.fields["status_id"] != before:
        order_event(shop, "store/order/statusUpdated", order, before=before)
    order_event(shop, "store/order/updated", order)
    return Answer(200, shown(shop, order, call))


@routes.on("DELETE", "/v2/orders/{order_id}")
def archive_order(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    order.fields["is_deleted"] = True
    touch(shop, order)
    order_event(shop, "store/order/archived", order)
    return Answer(204, empty=True)


@routes.on("DELETE", "/v2/orders")
def archive_all(shop: Shop, call: Call) -> Answer:
    """Archives every order of the store: the trap of an empty id."""
    for order in shop.orders.values():
        order.fields["is_deleted"] = True
        touch(shop, order)
    return Answer(204, empty=True)


def _replace_lines(shop: Shop, order: Order, lines: list[Record]) -> None:
    for line in lines:
        row = next((one for one in order.products if one["id"] == line.get("id")), None)
        if row is None:
            continue
        quantity = int(line.get("quantity") or row["quantity"])
        unit = row["total_inc_tax"] / row["quantity"] if row["quantity"] else Decimal(0)
        ex = row["total_ex_tax"] / row["quantity"] if row["quantity"] else Decimal(0)
        row |= {"quantity": quantity, "total_inc_tax": unit * quantity, "total_ex_tax": ex * quantity}
        row |= {"total_tax": row["total_inc_tax"] - row["total_ex_tax"], "applied_discounts": []}
        row |= {"discounted_total_inc_tax": row["total_inc_tax"], "_tax": row["total_tax"]}
        row |= {"_discount": Decimal(0), "_coupon": Decimal(0)}
    order.fields |= placing.totals(shop, order)


def find(shop: Shop, order_id: str) -> Order:
    order = shop.orders.get(int(order_id)) if order_id.isdigit() else None
    if order is None:
        raise not_found()
    return order


def touch(shop: Shop, order: Order) -> None:
    order.fields["date_modified"] = shop.now().replace(microsecond=0)


def shown(shop: Shop, order: Order, call: Call) -> Record:
    """The order as v2 shows it: sub-resources as links, unless asked to be included."""
    fields = dict(order.fields)
    status = STATUSES.get(int(fields["status_id"]), "Unknown")
    record: Record = rendered(fields)
    record |= {"status": status, "custom_status": status, "currency_exchange_rate": "1.0000000000"}
    rate = fields["store_default_to_transactional_exchange_rate"]
    record["store_default_to_transactional_exchange_rate"] = f"{rate:.10f}"
    record["date_shipped"] = record["date_shipped"] or ""
    record["payment_provider_id"] = record["payment_provider_id"] or ""
    for name, path in (("products", "products"), ("shipping_addresses", "shippingaddresses"), ("coupons", "coupons")):
        record[name] = _link(shop, order, path)
    include = call.query.get("include", "").split(",")
    record["fees"] = [rendered(fee) for fee in order.fees] if "fees" in include else _link(shop, order, "fees")
    record["consignments"] = _link(shop, order, "consignments")
    if shop.switches["empty_object_for_null"]:
        record["credit_card_type"] = {}
    return _spoiled(record, order.corruption.get("set", {}), order.corruption.get("drop", []))


def _spoiled(record: Record, changed: Record, dropped: list[str]) -> Record:
    record |= changed
    return {name: value for name, value in record.items() if name not in dropped}


def _link(shop: Shop, order: Order, name: str) -> Record:
    resource = f"/orders/{order.id}/{name}"
    return {"url": f"{shop.base_url}/stores/{shop.store_hash}/v2{resource}", "resource": resource}


@routes.on("GET", "/v2/orders/{order_id}/products")
def list_products(shop: Shop, call: Call, order_id: str) -> Answer:
    """Lines; a page holds 50 unless asked for more."""
    order = find(shop, order_id)
    return v2_page(call, order.products, lambda row: shown_product(shop, order, row))


@routes.on("GET", "/v2/orders/{order_id}/products/{product_id}")
def get_product(shop: Shop, call: Call, order_id: str, product_id: str) -> Answer:
    order = find(shop, order_id)
    row = next((one for one in order.products if str(one["id"]) == product_id), None)
    if row is None:
        raise not_found()
    return Answer(200, shown_product(shop, order, row))


def shown_product(shop: Shop, order: Order, row: Record) -> Record:
    record: Record = rendered(row)
    record["event_name"] = row["event_name"] or ""
    if not shop.switches["discounted_total_present"]:
        record.pop("discounted_total_inc_tax")
    return _spoiled(record, order.corruption.get("product_set", {}), order.corruption.get("product_drop", []))


@routes.on("GET", "/v2/orders/{order_id}/shipping_addresses")
def list_addresses(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    return v2_page(call, order.addresses, lambda row: shown_address(shop, order, row))


@routes.on("GET", "/v2/orders/{order_id}/shippingaddresses")
def list_addresses_old(shop: Shop, call: Call, order_id: str) -> Answer:
    return list_addresses(shop, call, order_id)


@routes.on("GET", "/v2/orders/{order_id}/shipping_addresses/{address_id}")
def get_address(shop: Shop, call: Call, order_id: str, address_id: str) -> Answer:
    order = find(shop, order_id)
    row = next((one for one in order.addresses if str(one["id"]) == address_id), None)
    if row is None:
        raise not_found()
    return Answer(200, shown_address(shop, order, row))


@routes.on("PUT", "/v2/orders/{order_id}/shipping_addresses/{address_id}")
def update_address(shop: Shop, call: Call, order_id: str, address_id: str) -> Answer:
    """Recalculates neither shipping nor tax; a field it does not know is refused."""
    order = find(shop, order_id)
    row = next((one for one in order.addresses if str(one["id"]) == address_id), None)
    if row is None:
        raise not_found()
    body = call.body if isinstance(call.body, dict) else {}
    known = {"first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country",
             "country_iso2", "phone", "email", "shipping_method"}  # fmt: skip
    for name in body:
        if name not in known:
            raise Refusal(
                400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
            )
    row |= body
    touch(shop, order)
    order_event(shop, "store/order/updated", order)
    return Answer(200, shown_address(shop, order, row))


def shown_address(shop: Shop, order: Order, row: Record) -> Record:
    items = [one for one in order.products if one["order_address_id"] == row["id"]]
    record: Record = rendered(row)
    record["items_total"] = sum(one["quantity"] for one in items)
    record["items_shipped"] = sum(one["quantity_shipped"] for one in items)
    record["shipping_quotes"] = _link(shop, order, f"shippingaddresses/{row['id']}/shippingquotes")
    return record


@routes.on("GET", "/v2/orders/{order_id}/shipping_addresses/{address_id}/shipping_quotes")
def shipping_quotes(shop: Shop, call: Call, order_id: str, address_id: str) -> Answer:
    """Orders of the control panel and the API have none."""
    find(shop, order_id)
    return Answer(204, empty=True)


@routes.on("GET", "/v2/orders/{order_id}/coupons")
def list_coupons(shop: Shop, call: Call, order_id: str) -> Answer:
    return v2_page(call, find(shop, order_id).coupons)


@routes.on("GET", "/v2/orders/{order_id}/fees")
def list_fees(shop: Shop, call: Call, order_id: str) -> Answer:
    return v2_page(call, find(shop, order_id).fees, rendered)


@routes.on("GET", "/v2/orders/{order_id}/messages")
def list_messages(shop: Shop, call: Call, order_id: str) -> Answer:
    return v2_page(call, find(shop, order_id).messages, rendered)


@routes.on("GET", "/v2/orders/{order_id}/taxes")
def list_taxes(shop: Shop, call: Call, order_id: str) -> Answer:
    """Without `details`, what a row applies to is not shown; under automatic tax rows do not name their line."""
    order = find(shop, order_id)
    details = call.query.get("details") == "true"
    named = shop.switches["taxes_name_their_line"]

    def show(row: Record) -> Record:
        record: Record = rendered(row)
        if not details or not named:
            record.pop("order_product_id", None)
            record.pop("line_item_type", None)
        return record

    return v2_page(call, order.taxes, show)


@routes.on("GET", "/v2/orders/{order_id}/consignments")
def consignments(shop: Shop, call: Call, order_id: str) -> Answer:
    order = find(shop, order_id)
    shipping = []
    for row in order.addresses:
        record = {**shown_address(shop, order, row)}
        numbers = ("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "base_handling_cost", "handling_cost_ex_tax",
                   "handling_cost_inc_tax", "handling_cost_tax")  # fmt: skip
        record |= {name: row[name] for name in numbers}
        record["line_items"] = [_link(shop, order, f"products/{one['id']}") for one in order.products]
        shipping.append(record)
    return Answer(200, {"pickups": [], "shipping": shipping, "downloads": [], "email": {"gift_certificates": []}})


@routes.on("GET", "/v2/order_statuses")
def list_statuses(shop: Shop, call: Call) -> Answer:
    return Answer(200, [_status(status_id) for status_id in STATUSES])


@routes.on("GET", "/v2/order_statuses/{status_id}")
def get_status(shop: Shop, call: Call, status_id: str) -> Answer:
    if not status_id.isdigit() or int(status_id) not in STATUSES:
        raise not_found()
    return Answer(200, _status(int(status_id)))


def _status(status_id: int) -> Record:
    name = STATUSES[status_id]
    return {
        "id": status_id,
        "name": name,
        "system_label": name,
        "custom_label": name,
        "system_description": name,
        "order": status_id,
    }
