"""The store's state as JSON, and back; moments and decimals are marked so that they survive."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge_twins.bigcommerce.state import Order, OrderBook, Product, Record, Shop, Variant

PLAIN = ("settings", "customers", "addresses", "groups", "product_names", "locations", "pending_adjustments", "hooks",
         "pending_events", "pending_payments", "sends", "blocked_until", "price_lists", "counters")  # fmt: skip
BY_NUMBER = ("customers", "addresses", "groups", "locations", "hooks", "price_lists")


def dump(shop: Shop) -> Record:
    """Everything a restart needs."""
    state: Record = {name: _marked(getattr(shop, name)) for name in PLAIN}
    state["orders"] = [_marked(asdict(order)) for order in shop.orders.values()]
    state["products"] = [_marked(asdict(product)) for product in shop.products.values()]
    state["sku_index"] = {sku: list(ids) for sku, ids in shop.sku_index.items()}
    state["location_stock"] = [[*key, units] for key, units in shop.location_stock.items()]
    version, numbers, gauss = shop.random.getstate()
    state["random"] = [version, list(numbers), gauss]
    return state


def restore(shop: Shop, state: Record) -> None:
    """Takes back what `dump` gave."""
    for name in PLAIN:
        value = _unmarked(state[name])
        setattr(shop, name, {int(key): one for key, one in value.items()} if name in BY_NUMBER else value)
    for event in shop.pending_events:
        event["out"] = False
    shop.orders = OrderBook(Order(**_unmarked(fields)) for fields in state["orders"])
    for order in shop.orders.values():
        for row in order.products:
            if "_override" in row:
                row["_override"] = tuple(row["_override"])
    shop.products = {}
    for fields in state["products"]:
        plain = _unmarked(fields)
        product = Product(plain["id"], plain["fields"], [Variant(**one) for one in plain["variants"]])
        shop.products[product.id] = product
    shop.sku_index = {sku: (int(ids[0]), int(ids[1])) for sku, ids in state["sku_index"].items()}
    shop.location_stock = {(int(row[0]), int(row[1])): int(row[2]) for row in state["location_stock"]}
    version, numbers, gauss = state["random"]
    shop.random.setstate((int(version), tuple(int(number) for number in numbers), gauss))


def _marked(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$moment": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dict):
        return {str(name): _marked(inner) for name, inner in value.items()}
    return [_marked(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if "$moment" in value:
            return datetime.fromisoformat(value["$moment"])
        if "$decimal" in value:
            return Decimal(value["$decimal"])
        return {name: _unmarked(inner) for name, inner in value.items()}
    return [_unmarked(inner) for inner in value] if isinstance(value, list) else value
