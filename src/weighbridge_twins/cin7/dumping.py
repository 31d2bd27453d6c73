"""The company's state as JSON, and back."""

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
"""Members that are computed with; JSON brings whole ones back as int."""


def dump(company: Company) -> Record:
    """Everything a restart needs; random state too, so that ids go on as they would have."""
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
    """Takes back what `dump` gave, also after it went through JSON."""
    blank = Company(company.clock, 0)
    for name in PLAIN:
        setattr(blank, name, _exact(state[name]))
    for product in state["products"]:
        blank.put_product(_exact(product))
    for row in state["stock"]:
        amounts = {name: Decimal(str(row[name])) for name in ("on_hand", "allocated", "unit_cost")}
        kept = StockRow(**{**row, **amounts})
        blank.stock[kept.key] = kept
    for one in state["sales"]:
        blank.add_sale(_restored(one))
    blank.pending_events = [{**event, "due": datetime.fromisoformat(event["due"])} for event in state["pending_events"]]
    version, numbers, gauss = state["random"]
    blank.random.setstate((int(version), tuple(int(number) for number in numbers), gauss))
    blank.index_stock()
    # The switches are the platform's, not the company's: whoever holds them goes on holding them.
    vars(company).update({**vars(blank), "switches": company.switches})


def _sale(sale: Sale) -> Record:
    kept = {one.name: copy.deepcopy(getattr(sale, one.name)) for one in fields(sale) if one.name != "derived"}
    kept["created_at"], kept["updated_at"] = sale.created_at.isoformat(), sale.updated_at.isoformat()
    return kept


def _restored(kept: Record) -> Sale:
    moments = {name: datetime.fromisoformat(kept[name]) for name in ("created_at", "updated_at")}
    allocations = [((key[0], key[1], key[2], key[3]), Decimal(str(part))) for key, part in kept["allocations"]]
    return Sale(**{**_exact(kept), **moments, "allocations": allocations})


def _exact(value: Any) -> Any:
    """A copy in which amounts are decimals."""
    if isinstance(value, dict):
        return {name: _amount(inner) if name in AMOUNTS else _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def _amount(value: Any) -> Any:
    whole = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return Decimal(str(value)) if whole else _exact(value)
