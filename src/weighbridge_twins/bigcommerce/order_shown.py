"""How orders and their parts look in v2: sub-resources as links unless asked for, and whatever was spoiled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.order_statuses import STATUSES, label
from weighbridge_twins.bigcommerce.records import Record, public
from weighbridge_twins.bigcommerce.rendering import rendered, rfc2822
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Call

LINKED: Final = (("products", "products"), ("shipping_addresses", "shippingaddresses"), ("coupons", "coupons"))
MOST_INCLUDED: Final = 50
SHIPPING_NUMBERS: Final = ("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "base_handling_cost",
                           "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax")  # fmt: skip


def shown(shop: Shop, order: Order, call: Call) -> Record:
    """The order; `include` embeds fees, and with consignment_structure=object consignments and their lines."""
    fields = order.fields
    record: Record = rendered(fields)
    record |= {
        "date_shipped": rfc2822(fields["date_shipped"]),
        "status": STATUSES.get(order.status_id, "Unknown"),
        "custom_status": label(shop, order.status_id),
        "currency_exchange_rate": f"{fields['currency_exchange_rate']:.10f}",
        "store_default_to_transactional_exchange_rate":
            f"{_shown_rate(shop, fields['store_default_to_transactional_exchange_rate']):.10f}",
        "payment_provider_id": fields["payment_provider_id"] or "",
        "credit_card_type": {} if shop.switches["empty_object_for_null"] else None,
    }  # fmt: skip
    record |= {name: link(shop, order, path) for name, path in LINKED}
    include = set(call.query.get("include", "").split(","))
    record["fees"] = shown_fees(shop, order) if "fees" in include else link(shop, order, "fees")
    wanted = include & {"consignments", "consignments.line_items"}
    if wanted and call.query.get("consignment_structure") == "object":
        record["consignments"] = consignments(shop, order, full_lines="consignments.line_items" in wanted)
    else:
        record["consignments"] = link(shop, order, "consignments")
    return spoiled(order, "", record)


def _shown_rate(shop: Shop, rate: Decimal) -> Decimal:
    """`rate` is units of the order's currency for one of the store's; shown so or the other way round."""
    if shop.switches["exchange_rate_direction"] == "to_default" and rate:
        return 1 / rate
    return rate


def shown_product(shop: Shop, order: Order, row: Record) -> Record:
    """A line. The amount of a refund on it is always 0. Source: platform notes, bigcommerce 2.5."""
    record: Record = rendered(row)
    if not shop.switches["discounted_total_present"]:
        record.pop("discounted_total_inc_tax")
    return spoiled(order, "product_", record)


def shown_address(shop: Shop, order: Order, row: Record) -> Record:
    """A shipping address with what ships to it and what that costs."""
    record: Record = rendered(row) | _items(order, row)
    record["shipping_quotes"] = link(shop, order, f"shippingaddresses/{row['id']}/shippingquotes")
    return spoiled(order, "address_", record)


def shown_fees(shop: Shop, order: Order) -> list[Record]:
    """The fees, some of them misspelt where the switch says so."""
    rows: list[Record] = [rendered(fee) for fee in order.fees]
    if shop.switches["fee_cost_typo"]:
        for row in rows:
            row["cost_exc_tax"] = row.pop("cost_ex_tax")
    return [spoiled(order, "fee_", row) for row in rows]


def shown_shipment(shop: Shop, order: Order, row: Record) -> Record:
    return spoiled(order, "shipment_", rendered(row))


def shown_tax(shop: Shop, order: Order, row: Record, *, details: bool) -> Record:
    """A tax row; without `details`, what it applies to is not shown; under automatic tax rows name no owner at all."""
    record: Record = rendered(row)
    named = bool(shop.switches["taxes_name_their_line"])
    if not details or not named:
        record.pop("order_product_id", None)
        record.pop("line_item_type", None)
    if not named:
        record.pop("order_id")
        record.pop("order_address_id")
    return spoiled(order, "tax_", record)


def consignments(shop: Shop, order: Order, *, full_lines: bool = False) -> Record:
    """The order by how it reaches its people: shipped, picked up, downloaded, mailed as gift certificates.

    At most 50 full lines are embedded, with a warning beside them. Source: platform notes, bigcommerce 1.4 and 2.6.
    """
    left = [MOST_INCLUDED]

    def lines(fits: Callable[[Record], bool]) -> list[Record]:
        rows = [row for row in order.products if fits(row)]
        if not full_lines:
            return [link(shop, order, f"products/{row['id']}") for row in rows]
        chosen = rows[: left[0]]
        left[0] -= len(chosen)
        return [shown_product(shop, order, row) for row in chosen]

    parts: Record = {
        "pickups": [
            {**public(row), "line_items": lines(lambda line, own=row["id"]: line["order_pickup_method_id"] == own)}  # type: ignore[misc]
            for row in order.pickups
        ],
        "shipping": [_shipping(shop, order, row, lines) for row in order.addresses],
        "downloads": _mailed(order, lines, "digital"),
        "email": {"gift_certificates": _mailed(order, lines, "giftcertificate")},
    }
    if full_lines and len(order.products) > MOST_INCLUDED:
        parts["__warning__"] = {"message": f"Only the first {MOST_INCLUDED} line items are included."}
    return parts


def spoiled(order: Order, part: str, record: Record) -> Record:
    """The record as `corrupt_order` wants it; `part` is empty for the order itself, else product_, address_ ..."""
    if not order.corruption:
        return record
    dropped = order.corruption.get(f"{part}drop", [])
    record = record | order.corruption.get(f"{part}set", {})
    return {name: value for name, value in record.items() if name not in dropped}


def link(shop: Shop, order: Order, name: str) -> Record:
    """Where a sub-resource is; the links' spelling is not that of the documented paths."""
    resource = f"/orders/{order.id}/{name}"
    return {"url": f"{shop.base_url}/stores/{shop.store_hash}/v2{resource}", "resource": resource}


def _items(order: Order, row: Record) -> Record:
    items = [one for one in order.products if one["order_address_id"] == row["id"]]
    return {
        "items_total": sum(one["quantity"] for one in items),
        "items_shipped": sum(one["quantity_shipped"] for one in items),
    }


def _shipping(
    shop: Shop, order: Order, row: Record, lines: Callable[[Callable[[Record], bool]], list[Record]]
) -> Record:
    """Costs are numbers here and texts elsewhere. Source: platform notes, bigcommerce 1.6."""
    record = public(row) | _items(order, row) | {name: row[name] for name in SHIPPING_NUMBERS}
    record.pop("order_id")
    record["line_items"] = lines(lambda line: bool(line["order_address_id"] == row["id"]))
    quotes: Any = link(shop, order, f"consignments/shipping/{row['id']}/shipping_quotes")
    return {**record, "shipping_quotes": quotes}


def _mailed(order: Order, lines: Callable[[Callable[[Record], bool]], list[Record]], kind: str) -> list[Record]:
    if all(row["type"] != kind for row in order.products):
        return []
    email = order.fields["billing_address"]["email"]
    return [{"recipient_email": email, "line_items": lines(lambda line: bool(line["type"] == kind))}]
