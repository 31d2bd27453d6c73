"""The company's state as JSON, and back."""

from __future__ import annotations

import copy
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge.twins.cin7.state import Company, Record, Sale, StockRow

PLAIN = (
    "me", "locations", "tax_rules", "accounts", "terms", "tiers", "carriers", "categories", "brands", "units", "contacts",
    "products", "families", "attachments", "customers", "sales_by_external", "sale_of_task", "journals", "adjustments",
    "finished_goods", "webhooks", "backordered", "counters", "sku_index",
)  # fmt: skip


def dump(company: Company) -> Record:
    """Everything a restart needs; random state too, so that ids go on as they would have."""
    state: Record = {name: copy.deepcopy(getattr(company, name)) for name in PLAIN}
    state["stock"] = [asdict(row) for row in company.stock.values()]
    state["sales"] = [_sale(sale) for sale in company.sales.values()]
    state["pending_events"] = [
        {**event, "due": event["due"].isoformat(), "out": False} for event in company.pending_events
    ]
    version, numbers, gauss = company.random.getstate()
    state["random"] = [version, list(numbers), gauss]
    return state


def restore(company: Company, state: Record) -> None:
    """Takes back what `dump` gave."""
    for name in PLAIN:
        setattr(company, name, copy.deepcopy(state[name]))
    company.stock, company.stock_keys = {}, {}
    for fields in state["stock"]:
        row = StockRow(**{**fields, **{n: Decimal(str(fields[n])) for n in ("on_hand", "allocated", "unit_cost")}})
        company.stock[row.key] = row
        company.stock_keys.setdefault(row.product_id, []).append(row.key)
    company.sales = {}
    for fields in state["sales"]:
        sale = Sale(**_exact(copy.deepcopy(fields)))
        sale.created_at = datetime.fromisoformat(fields["created_at"])
        sale.updated_at = datetime.fromisoformat(fields["updated_at"])
        sale.allocations = [
            ((key[0], key[1], key[2], key[3]), Decimal(str(quantity))) for key, quantity in fields["allocations"]
        ]
        company.sales[sale.id] = sale
    company.pending_events = [
        {**event, "due": datetime.fromisoformat(event["due"])} for event in state["pending_events"]
    ]
    version, numbers, gauss = state["random"]
    company.random.setstate((int(version), tuple(int(number) for number in numbers), gauss))


def _sale(sale: Sale) -> Record:
    fields = asdict(sale)
    fields["created_at"], fields["updated_at"] = sale.created_at.isoformat(), sale.updated_at.isoformat()
    return fields


def _exact(value: Any) -> Any:
    """Numbers of documents are decimals again after they went through JSON as whole numbers."""
    if isinstance(value, dict):
        money = ("Quantity", "Price", "Tax", "Total", "TotalBeforeTax", "Discount", "Amount", "BackorderQuantity")
        return {
            name: Decimal(str(inner)) if name in money and isinstance(inner, (int, float, Decimal)) else _exact(inner)
            for name, inner in value.items()
        }
    return [_exact(inner) for inner in value] if isinstance(value, list) else value
