"""Order lines: product, quantity, destination and the entered price."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import by_variant_id
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.state import Product, Store, Variant
from weighbridge_twins.bigcommerce.tax_arithmetic import order_tax_rules

NON_TAXABLE: Final = 1
SIZES: Final = ("weight", "width", "height", "depth")
LINE_DEFAULTS: Final[Record] = {
    "order_pickup_method_id": 0, "quantity_shipped": 0, "quantity_refunded": 0, "is_refunded": False,
    "refund_amount": ZERO, "return_id": 0, "cost_price_inc_tax": ZERO, "cost_price_ex_tax": ZERO,
    "cost_price_tax": ZERO, "wrapping_id": 0, "wrapping_name": None, "wrapping_message": "", "event_name": None,
    "event_date": "", "fixed_shipping_cost": ZERO, "ebay_item_id": "", "ebay_transaction_id": "",
    "option_set_id": None, "bin_picking_number": "", "external_id": None, "gift_certificate_id": None,
    "configurable_fields": [],
}  # fmt: skip
"""The fields of an order product unless the request sets them."""


def new_line(store: Store, order: Order, line: Record) -> Record:
    """Creates a line with its inputs; pricing computes the amounts. Raises KeyError without quantity or price."""
    product, variant = _product_and_variant(store, line)
    sku = str(line.get("sku") or (variant.sku if variant else ""))
    name = str(line.get("name") or (product.fields["name"] if product else sku or "Custom item"))
    quantity = int(line["quantity"])
    kind = str(line.get("type") or (product.fields["type"] if product else "physical"))
    variant_fields = variant.fields if variant else {}
    fields = product.fields if product else {}
    class_id = int(line.get("tax_class_id", fields.get("tax_class_id", 0)) or 0)
    line_id = store.next_id("order_product", 1000)
    cost = decimal(variant_fields.get("cost_price") or fields.get("cost_price"))
    row: Record = {
        **LINE_DEFAULTS,
        "id": line_id,
        "order_id": order.id,
        "product_id": product.id if product else 0,
        "variant_id": variant.id if variant else 0,
        "order_address_id": _address_of(order, line, kind),
        "name": name,
        "name_customer": str(line.get("name_customer") or name),
        "name_merchant": str(line.get("name_merchant") or name),
        "sku": sku,
        "upc": str(line.get("upc") or variant_fields.get("upc") or fields.get("upc") or ""),
        "type": kind,
        "quantity": quantity,
        "base_cost_price": cost,
        "cost_price_ex_tax": cost,
        "cost_price_inc_tax": cost,
        **{size: decimal(variant_fields.get(size) or fields.get(size)) for size in SIZES},
        "brand": str(fields.get("brand_name") or ""),
        "parent_order_product_id": _parent_of(order, line),
        "is_bundled_product": line.get("parent") is not None,
        "product_options": _options(store, line_id, line, variant),
        "_promotion": decimal(line.get("discount")),
        "_coupon_given": decimal(line.get("coupon")),
        "_coupon_code": line.get("coupon_code"),
        "_manual": ZERO,
        "_wrapping": ZERO,
        "_tax_class_id": NON_TAXABLE if kind == "giftcertificate" else class_id,
    }
    if order.pickups and kind == "physical":
        row["order_pickup_method_id"] = order.pickups[0]["id"]
    wrap(store, row, line.get("wrapping") or {})
    enter_price(store, order, row, line, _catalogue_price(product, variant))
    return row


def enter_price(store: Store, order: Order, row: Record, line: Record, catalogue: Decimal | None) -> None:
    """Enters the price of a line: a line total, a unit price, both prices (API override), or the catalogue price.

    Raises KeyError if there is none of them.
    """
    quantity = row["quantity"]
    rules = order_tax_rules(store, order)
    inclusive = rules.inclusive
    if line.get("price_ex_tax") is not None and line.get("price_inc_tax") is not None:
        ex = rules.rounded(decimal(line["price_ex_tax"]) * quantity)
        inc = rules.rounded(decimal(line["price_inc_tax"]) * quantity)
        row |= {"_override": (ex, inc), "_total": inc if inclusive else ex}
        return
    row.pop("_override", None)
    if line.get("line_total") is not None:
        row["_total"] = decimal(line["line_total"])
        return
    own_side = "price_inc_tax" if inclusive else "price_ex_tax"
    price = next((line[name] for name in ("price", own_side) if line.get(name) is not None), catalogue)
    if price is None:
        raise KeyError("price")
    row["_total"] = rules.rounded(decimal(price) * quantity)


def requantify(store: Store, order: Order, row: Record, quantity: int) -> None:
    """Changes the quantity of a line; the entered amounts change in proportion, rounded to the smallest unit."""
    rules = order_tax_rules(store, order)
    share = Decimal(quantity) / row["quantity"] if row["quantity"] else ZERO
    for name in ("_total", "_promotion", "_coupon_given", "_wrapping"):
        row[name] = rules.rounded(row[name] * share)
    if "_override" in row:
        row["_override"] = tuple(rules.rounded(side * share) for side in row["_override"])
    row["quantity"] = quantity


def wrap(store: Store, row: Record, wrapping: Record) -> None:
    """Gift-wraps a line: cost (for the whole line, entered like prices), name, message."""
    if wrapping:
        row |= {
            "_wrapping": decimal(wrapping.get("cost")),
            "wrapping_id": int(wrapping.get("id") or store.next_id("wrapping")),
            "wrapping_name": str(wrapping.get("name") or "Gift wrap"),
            "wrapping_message": str(wrapping.get("message") or ""),
        }


def _product_and_variant(store: Store, line: Record) -> tuple[Product | None, Variant | None]:
    item = store.variant_by_sku(str(line["sku"])) if line.get("sku") else None
    if item is None and line.get("variant_id"):
        item = by_variant_id(store, line["variant_id"])
    if item is None and line.get("product_id"):
        product = store.products.get(int(line["product_id"]))
        return product, product.variants[0] if product and product.variants else None
    return item or (None, None)


def _catalogue_price(product: Product | None, variant: Variant | None) -> Decimal | None:
    if variant is not None and variant.price is not None:
        return variant.price
    return decimal(product.fields["price"]) if product else None


def _address_of(order: Order, line: Record, kind: str) -> int:
    """The address that the line names, by default the first; 0 for a line that is not shipped."""
    if kind != "physical" or not order.addresses:
        return 0
    return int(order.addresses[int(line.get("address") or 0)]["id"])


def _parent_of(order: Order, line: Record) -> int | None:
    return int(order.products[int(line["parent"])]["id"]) if line.get("parent") is not None else None


def _options(store: Store, line_id: int, line: Record, variant: Variant | None) -> list[Record]:
    """The options of the variant, followed by the options that the shopper chose; the vendor returns one list."""
    variant_options = [
        {"display_name": value.get("option_display_name"), "display_value": value.get("label"),
         "value": value.get("id"), "option_id": value.get("option_id"), "type": "Multiple choice"}
        for value in (variant.option_values if variant else [])
    ]  # fmt: skip
    return [_option(store, line_id, option) for option in [*variant_options, *(line.get("product_options") or [])]]


def _option(store: Store, line_id: int, values: Record) -> Record:
    name, value = str(values.get("display_name") or ""), str(values.get("display_value") or values.get("value") or "")
    return {
        "id": store.next_id("order_product_option"),
        "option_id": int(values.get("option_id") or 0),
        "order_product_id": line_id,
        "product_option_id": int(values.get("product_option_id") or values.get("id") or 0),
        "display_name": name,
        "display_name_customer": name,
        "display_name_merchant": name,
        "display_value": value,
        "display_value_customer": value,
        "display_value_merchant": value,
        "value": str(values.get("value") or value),
        "type": str(values.get("type") or "Text field"),
        "name": str(values.get("name") or name),
        "display_style": str(values.get("display_style") or ""),
    }
