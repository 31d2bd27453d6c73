"""A line of an order: which goods, how many, where they go, and what was entered for their price."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from weighbridge_twins.bigcommerce.catalog_state import by_variant_id
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.records import ZERO, Record, decimal
from weighbridge_twins.bigcommerce.state import Product, Shop, Variant
from weighbridge_twins.bigcommerce.tax_arithmetic import order_tax_rules

NON_TAXABLE: Final = 1
SIZES: Final = ("weight", "width", "height", "depth")
ORDINARY_LINE: Final[Record] = {
    "order_pickup_method_id": 0, "quantity_shipped": 0, "quantity_refunded": 0, "is_refunded": False,
    "refund_amount": ZERO, "return_id": 0, "cost_price_inc_tax": ZERO, "cost_price_ex_tax": ZERO,
    "cost_price_tax": ZERO, "wrapping_id": 0, "wrapping_name": None, "wrapping_message": "", "event_name": None,
    "event_date": "", "fixed_shipping_cost": ZERO, "ebay_item_id": "", "ebay_transaction_id": "",
    "option_set_id": None, "bin_picking_number": "", "external_id": None, "gift_certificate_id": None,
    "configurable_fields": [],
}  # fmt: skip
"""What an order product has where nothing was said."""


def new_line(shop: Shop, order: Order, line: Record) -> Record:
    """A line of the order, with its inputs; pricing fills the figures. Raises KeyError without quantity or price."""
    product, variant = _goods(shop, line)
    sku = str(line.get("sku") or (variant.sku if variant else ""))
    name = str(line.get("name") or (product.fields["name"] if product else sku or "Custom item"))
    quantity = int(line["quantity"])
    kind = str(line.get("type") or (product.fields["type"] if product else "physical"))
    own = variant.fields if variant else {}
    fields = product.fields if product else {}
    class_id = int(line.get("tax_class_id", fields.get("tax_class_id", 0)) or 0)
    line_id = shop.next_id("order_product", 1000)
    cost = decimal(own.get("cost_price") or fields.get("cost_price"))
    row: Record = {
        **ORDINARY_LINE,
        "id": line_id,
        "order_id": order.id,
        "product_id": product.id if product else 0,
        "variant_id": variant.id if variant else 0,
        "order_address_id": _address_of(order, line, kind),
        "name": name,
        "name_customer": str(line.get("name_customer") or name),
        "name_merchant": str(line.get("name_merchant") or name),
        "sku": sku,
        "upc": str(line.get("upc") or own.get("upc") or fields.get("upc") or ""),
        "type": kind,
        "quantity": quantity,
        "base_cost_price": cost,
        "cost_price_ex_tax": cost,
        "cost_price_inc_tax": cost,
        **{size: decimal(own.get(size) or fields.get(size)) for size in SIZES},
        "brand": str(fields.get("brand_name") or ""),
        "parent_order_product_id": _parent_of(order, line),
        "is_bundled_product": line.get("parent") is not None,
        "product_options": _options(shop, line_id, line, variant),
        "_promotion": decimal(line.get("discount")),
        "_coupon_given": decimal(line.get("coupon")),
        "_coupon_code": line.get("coupon_code"),
        "_manual": ZERO,
        "_wrapping": ZERO,
        "_tax_class_id": NON_TAXABLE if kind == "giftcertificate" else class_id,
    }
    if order.pickups and kind == "physical":
        row["order_pickup_method_id"] = order.pickups[0]["id"]
    wrap(shop, row, line.get("wrapping") or {})
    enter_price(shop, order, row, line, _catalogue_price(product, variant))
    return row


def enter_price(shop: Shop, order: Order, row: Record, line: Record, catalogue: Decimal | None) -> None:
    """What the line costs: a line total, a unit price, both prices (the API's override), or the catalogue's.

    Raises KeyError where none of them is known.
    """
    quantity = row["quantity"]
    rules = order_tax_rules(shop, order)
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


def requantify(shop: Shop, order: Order, row: Record, quantity: int) -> None:
    """Another quantity of a line: what was entered for it changes in proportion, to the coin."""
    rules = order_tax_rules(shop, order)
    share = Decimal(quantity) / row["quantity"] if row["quantity"] else ZERO
    for name in ("_total", "_promotion", "_coupon_given", "_wrapping"):
        row[name] = rules.rounded(row[name] * share)
    if "_override" in row:
        row["_override"] = tuple(rules.rounded(side * share) for side in row["_override"])
    row["quantity"] = quantity


def wrap(shop: Shop, row: Record, wrapping: Record) -> None:
    """Gift-wraps a line: cost (for the whole line, as prices are entered), name, message."""
    if wrapping:
        row |= {
            "_wrapping": decimal(wrapping.get("cost")),
            "wrapping_id": int(wrapping.get("id") or shop.next_id("wrapping")),
            "wrapping_name": str(wrapping.get("name") or "Gift wrap"),
            "wrapping_message": str(wrapping.get("message") or ""),
        }


def _goods(shop: Shop, line: Record) -> tuple[Product | None, Variant | None]:
    found = shop.variant_by_sku(str(line["sku"])) if line.get("sku") else None
    if found is None and line.get("variant_id"):
        found = by_variant_id(shop, line["variant_id"])
    if found is None and line.get("product_id"):
        product = shop.products.get(int(line["product_id"]))
        return product, product.variants[0] if product and product.variants else None
    return found or (None, None)


def _catalogue_price(product: Product | None, variant: Variant | None) -> Decimal | None:
    if variant is not None and variant.price is not None:
        return variant.price
    return decimal(product.fields["price"]) if product else None


def _address_of(order: Order, line: Record, kind: str) -> int:
    """Goods ship to the address they name, else to the first; what is not shipped has address 0."""
    if kind != "physical" or not order.addresses:
        return 0
    return int(order.addresses[int(line.get("address") or 0)]["id"])


def _parent_of(order: Order, line: Record) -> int | None:
    return int(order.products[int(line["parent"])]["id"]) if line.get("parent") is not None else None


def _options(shop: Shop, line_id: int, line: Record, variant: Variant | None) -> list[Record]:
    """What makes the variant, then what the shopper chose or wrote besides; one list, as the vendor shows it."""
    own = [
        {"display_name": one.get("option_display_name"), "display_value": one.get("label"), "value": one.get("id"),
         "option_id": one.get("option_id"), "type": "Multiple choice"}
        for one in (variant.option_values if variant else [])
    ]  # fmt: skip
    return [_option(shop, line_id, given) for given in [*own, *(line.get("product_options") or [])]]


def _option(shop: Shop, line_id: int, given: Record) -> Record:
    name, value = str(given.get("display_name") or ""), str(given.get("display_value") or given.get("value") or "")
    return {
        "id": shop.next_id("order_product_option"),
        "option_id": int(given.get("option_id") or 0),
        "order_product_id": line_id,
        "product_option_id": int(given.get("product_option_id") or given.get("id") or 0),
        "display_name": name,
        "display_name_customer": name,
        "display_name_merchant": name,
        "display_value": value,
        "display_value_customer": value,
        "display_value_merchant": value,
        "value": str(given.get("value") or value),
        "type": str(given.get("type") or "Text field"),
        "name": str(given.get("name") or name),
        "display_style": str(given.get("display_style") or ""),
    }
