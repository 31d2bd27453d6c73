"""Saves the store's state as JSON and restores it; datetimes and decimals are tagged to keep their types."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge_twins.bigcommerce.state import Order, OrderIndex, Product, Record, Store, Variant

PLAIN = ("settings", "customers", "addresses", "groups", "product_names", "locations", "pending_adjustments",
         "webhooks", "pending_events", "pending_payments", "sends", "blocked_until", "price_lists",
         "counters")  # fmt: skip
BY_NUMBER = ("customers", "addresses", "groups", "locations", "webhooks", "price_lists")


def dump(store: Store) -> Record:
    """The whole state that a restart needs."""
    state: Record = {name: _marked(getattr(store, name)) for name in PLAIN}
    state["orders"] = [_marked(asdict(order)) for order in store.orders.values()]
    state["products"] = [_marked(asdict(product)) for product in store.products.values()]
    state["sku_index"] = {sku: list(ids) for sku, ids in store.sku_index.items()}
    state["location_stock"] = [[*key, units] for key, units in store.location_stock.items()]
    version, numbers, gauss = store.random.getstate()
    state["random"] = [version, list(numbers), gauss]
    return state


def restore(store: Store, state: Record) -> None:
    """Restores a state that `dump` returned."""
    for name in PLAIN:
        value = _unmarked(state[name])
        setattr(store, name, {int(key): row for key, row in value.items()} if name in BY_NUMBER else value)
    for event in store.pending_events:
        event["out"] = False
    store.orders = OrderIndex(Order(**_unmarked(fields)) for fields in state["orders"])
    for order in store.orders.values():
        for row in order.products:
            if "_override" in row:
                row["_override"] = tuple(row["_override"])
    store.products = {}
    for fields in state["products"]:
        plain = _unmarked(fields)
        product = Product(plain["id"], plain["fields"], [Variant(**variant) for variant in plain["variants"]])
        store.products[product.id] = product
    store.sku_index = {sku: (int(ids[0]), int(ids[1])) for sku, ids in state["sku_index"].items()}
    store.location_stock = {(int(row[0]), int(row[1])): int(row[2]) for row in state["location_stock"]}
    version, numbers, gauss = state["random"]
    store.random.setstate((int(version), tuple(int(number) for number in numbers), gauss))


def _marked(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dict):
        return {str(name): _marked(inner) for name, inner in value.items()}
    return [_marked(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        if "$decimal" in value:
            return Decimal(value["$decimal"])
        return {name: _unmarked(inner) for name, inner in value.items()}
    return [_unmarked(inner) for inner in value] if isinstance(value, list) else value
