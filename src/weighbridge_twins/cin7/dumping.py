"""Dumps the company's state as JSON and restores it."""

from __future__ import annotations

import copy
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7.state import Company, Record, Sale, StockRow

PLAIN = (
    "me", "locations", "tax_rules", "accounts", "terms", "tiers", "carriers", "categories", "brands", "units",
    "contacts", "families", "attachments", "customers", "credits", "on_order", "sale_of_task", "backordered",
    "journals", "adjustments", "finished_goods", "webhooks", "counters",
)  # fmt: skip
AMOUNTS = frozenset(
    (
        "Quantity", "Price", "Tax", "Total", "TotalBeforeTax", "Discount", "Amount", "BaseAmount", "RemainingAmount",
        "BackorderQuantity", "AverageCost", "COGS", "Cost", "UnitCost", "QuantityOnHand", "Available", "Adjustment",
        "TaxPercent", "CurrencyRate",
    )
)  # fmt: skip
"""Numeric members: JSON returns whole numbers as int, so they are converted to Decimal."""


def dump(company: Company) -> Record:
    """Dumps the whole state, with the random state, so that the next ids are the same after a restore."""
    state: Record = {name: copy.deepcopy(getattr(company, name)) for name in PLAIN}
    state["products"] = [copy.deepcopy(product) for product in company.products.values()]
    state["stock"] = [asdict(row) for row in company.stock.values()]
    state["sales"] = [_sale(sale) for sale in company.sales.values()]
    state["pending_events"] = [
        {**event, "due": event["due"].isoformat(), "out": False} for event in company.pending_events
    ]
    version, numbers, gauss = company.random.getstate()
    state["random"] = [version, list(numbers), gauss]
    return state


def restore(company: Company, state: Record) -> None:
    """Restores a state that `dump` returned, also after a round trip through JSON."""
    blank = Company(company.clock, 0)
    for name in PLAIN:
        setattr(blank, name, _exact(state[name]))
    for product in state["products"]:
        blank.put_product(_exact(product))
    for row in state["stock"]:
        amounts = {name: Decimal(str(row[name])) for name in ("on_hand", "allocated", "unit_cost")}
        stock_row = StockRow(**{**row, **amounts})
        blank.stock[stock_row.key] = stock_row
    for sale in state["sales"]:
        blank.add_sale(_restored_sale(sale))
    blank.pending_events = [{**event, "due": datetime.fromisoformat(event["due"])} for event in state["pending_events"]]
    version, numbers, gauss = state["random"]
    blank.random.setstate((int(version), tuple(int(number) for number in numbers), gauss))
    blank.index_stock()
    # The switches belong to the platform, which keeps its reference to them.
    vars(company).update({**vars(blank), "switches": company.switches})


def _sale(sale: Sale) -> Record:
    members = {
        field.name: copy.deepcopy(getattr(sale, field.name)) for field in fields(sale) if field.name != "derived"
    }
    members["created_at"], members["updated_at"] = sale.created_at.isoformat(), sale.updated_at.isoformat()
    return members


def _restored_sale(saved: Record) -> Sale:
    timestamps = {name: datetime.fromisoformat(saved[name]) for name in ("created_at", "updated_at")}
    allocations = [((key[0], key[1], key[2], key[3]), Decimal(str(units))) for key, units in saved["allocations"]]
    return Sale(**{**_exact(saved), **timestamps, "allocations": allocations})


def _exact(value: Any) -> Any:
    """Returns a copy in which amounts are Decimal."""
    if isinstance(value, dict):
        return {name: _amount(inner) if name in AMOUNTS else _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def _amount(value: Any) -> Any:
    whole = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return Decimal(str(value)) if whole else _exact(value)
