"""Renders orders and their sub-resources as v2 does, with the corruptions of `corrupt_order`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.order_statuses import STATUSES, label
from weighbridge_twins.bigcommerce.records import Record, public
from weighbridge_twins.bigcommerce.rendering import rendered, rfc2822
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Call

LINKED: Final = (("products", "products"), ("shipping_addresses", "shippingaddresses"), ("coupons", "coupons"))
MOST_INCLUDED: Final = 50
SHIPPING_NUMBERS: Final = ("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "base_handling_cost",
                           "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax")  # fmt: skip


def render_order(store: Store, order: Order, call: Call) -> Record:
    """The order with links to its sub-resources.

    `include` embeds fees, and if consignment_structure is "object", also consignments and their lines.
    """
    fields = order.fields
    record: Record = rendered(fields)
    record |= {
        "date_shipped": rfc2822(fields["date_shipped"]),
        "status": STATUSES.get(order.status_id, "Unknown"),
        "custom_status": label(store, order.status_id),
        "currency_exchange_rate": f"{fields['currency_exchange_rate']:.10f}",
        "store_default_to_transactional_exchange_rate":
            f"{_exchange_rate(store, fields['store_default_to_transactional_exchange_rate']):.10f}",
        "payment_provider_id": fields["payment_provider_id"] or "",
        "credit_card_type": {} if store.switches["empty_object_for_null"] else None,
    }  # fmt: skip
    record |= {name: link(store, order, path) for name, path in LINKED}
    include = set(call.query.get("include", "").split(","))
    record["fees"] = render_fees(store, order) if "fees" in include else link(store, order, "fees")
    full_lines = "consignments.line_items" in include
    if ("consignments" in include or full_lines) and call.query.get("consignment_structure") == "object":
        record["consignments"] = apply_corruption(
            order, "consignments_", consignments(store, order, full_lines=full_lines)
        )
    else:
        record["consignments"] = link(store, order, "consignments")
    return apply_corruption(order, "", record)


def _exchange_rate(store: Store, rate: Decimal) -> Decimal:
    """`rate` is in units of the order's currency per unit of the store's; a switch inverts it."""
    if store.switches["exchange_rate_direction"] == "to_default" and rate:
        return 1 / rate
    return rate


def render_order_product(store: Store, order: Order, row: Record) -> Record:
    """An order product. Its refund_amount is always 0. Source: platform notes, bigcommerce 2.5."""
    record: Record = rendered(row)
    if not store.switches["discounted_total_present"]:
        record.pop("discounted_total_inc_tax")
    return apply_corruption(order, "product_", record)


def render_address(store: Store, order: Order, row: Record) -> Record:
    """A shipping address with its item counts."""
    record: Record = rendered(row) | _items(order, row)
    record["shipping_quotes"] = link(store, order, f"shippingaddresses/{row['id']}/shippingquotes")
    return apply_corruption(order, "address_", record)


def render_fees(store: Store, order: Order) -> list[Record]:
    """The fees; a switch misspells one field."""
    rows: list[Record] = [rendered(fee) for fee in order.fees]
    if store.switches["fee_cost_typo"]:
        for row in rows:
            row["cost_exc_tax"] = row.pop("cost_ex_tax")
    return [apply_corruption(order, "fee_", row) for row in rows]


def render_shipment(store: Store, order: Order, row: Record) -> Record:
    return apply_corruption(order, "shipment_", rendered(row))


def render_tax(store: Store, order: Order, row: Record, *, details: bool) -> Record:
    """A tax row. Without `details` it omits its line; with automatic tax it names neither line, address nor order."""
    record: Record = rendered(row)
    named = bool(store.switches["taxes_name_their_line"])
    if not details or not named:
        record.pop("order_product_id", None)
        record.pop("line_item_type", None)
    if not named:
        record.pop("order_id")
        record.pop("order_address_id")
    return apply_corruption(order, "tax_", record)


def consignments(store: Store, order: Order, *, full_lines: bool = False) -> Record:
    """The order's lines by delivery method: shipping, pickup, download, e-mail (gift certificates).

    Embeds at most 50 full lines, and adds a warning if there are more; switches count them for each consignment, and
    omit the warning. Source: platform notes, bigcommerce 1.4 and 2.6.
    """
    is_capped_alone = store.switches["included_lines_capped"] == "consignment"
    remaining, omitted = MOST_INCLUDED, 0

    def lines(is_included: Callable[[Record], bool]) -> list[Record]:
        nonlocal remaining, omitted
        rows = [row for row in order.products if is_included(row)]
        if not full_lines:
            return [link(store, order, f"products/{row['id']}") for row in rows]
        embedded = rows[: MOST_INCLUDED if is_capped_alone else remaining]
        remaining -= len(embedded)
        omitted += len(rows) - len(embedded)
        return [render_order_product(store, order, row) for row in embedded]

    result: Record = {
        "pickups": [
            {**public(row), "line_items": lines(lambda line, own=row["id"]: line["order_pickup_method_id"] == own)}  # type: ignore[misc]
            for row in order.pickups
        ],
        "shipping": [_shipping(store, order, row, lines) for row in order.addresses],
        "downloads": _mailed(order, lines, "digital"),
        "email": {"gift_certificates": _mailed(order, lines, "giftcertificate")},
    }
    if store.switches["included_lines_warn"] and omitted:
        result["__warning__"] = {"message": f"Only the first {MOST_INCLUDED} line items are included."}
    return result


def apply_corruption(order: Order, prefix: str, record: Record) -> Record:
    """Applies `corrupt_order` to a record; `prefix` is empty for the order itself, else product_, address_ ..."""
    if not order.corruption:
        return record
    dropped = order.corruption.get(f"{prefix}drop", [])
    record = record | order.corruption.get(f"{prefix}set", {})
    return {name: value for name, value in record.items() if name not in dropped}


def link(store: Store, order: Order, name: str) -> Record:
    """The link to a sub-resource. Its spelling differs from the documented path."""
    resource = f"/orders/{order.id}/{name}"
    return {"url": f"{store.base_url}/stores/{store.store_hash}/v2{resource}", "resource": resource}


def _items(order: Order, row: Record) -> Record:
    items = [line for line in order.products if line["order_address_id"] == row["id"]]
    return {
        "items_total": sum(line["quantity"] for line in items),
        "items_shipped": sum(line["quantity_shipped"] for line in items),
    }


def _shipping(
    store: Store, order: Order, row: Record, lines: Callable[[Callable[[Record], bool]], list[Record]]
) -> Record:
    """A shipping consignment; its costs are numbers, unlike elsewhere. Source: platform notes, bigcommerce 1.6."""
    record = public(row) | _items(order, row) | {name: row[name] for name in SHIPPING_NUMBERS}
    record.pop("order_id")
    record["line_items"] = lines(lambda line: bool(line["order_address_id"] == row["id"]))
    quotes: Any = link(store, order, f"consignments/shipping/{row['id']}/shipping_quotes")
    return apply_corruption(order, "address_", {**record, "shipping_quotes": quotes})


def _mailed(order: Order, lines: Callable[[Callable[[Record], bool]], list[Record]], kind: str) -> list[Record]:
    if all(row["type"] != kind for row in order.products):
        return []
    email = order.fields["billing_address"]["email"]
    return [{"recipient_email": email, "line_items": lines(lambda line: bool(line["type"] == kind))}]
