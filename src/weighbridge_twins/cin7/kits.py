"""Kits: how many can be assembled from the components at one location, and which components they need.

This module moves no stock. Only components at the location of the sale count. A component that is an automatically
assembled kit is assembled itself. Source: platform notes, cin7 3.4.
"""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7.state import ZERO, Company, Record

DEEPEST = 5
"""Deepest nesting of kits in kits; ends the search in a product that is its own component."""


def free_at(company: Company, product_id: str, location: str) -> Decimal:
    """Returns the unallocated units at a location; never negative."""
    return max(sum((row.available for row in company.rows_of(product_id, location)), ZERO), ZERO)


def component_needs(product: Record) -> dict[str, Decimal]:
    """Returns the units of each component for one kit, including waste."""
    made = Decimal(str(product["QuantityToProduce"] or 1))
    needs: dict[str, Decimal] = {}
    for line in product["BillOfMaterialsProducts"]:
        quantity = Decimal(str(line["Quantity"]))
        share = Decimal(str(line.get("WastagePercent") or 0)) / 100
        wasted = quantity * share + Decimal(str(line.get("WastageQuantity") or 0))
        component_id = str(line["ComponentProductID"])
        needs[component_id] = needs.get(component_id, ZERO) + (quantity + wasted) / made
    return needs


def components_for(company: Company, product: Record, kits: Decimal, location: str) -> dict[str, Decimal] | None:
    """Returns the components to consume for `kits`; None when the location cannot build all of them."""
    free: dict[str, Decimal] = {}
    used: dict[str, Decimal] = {}
    return used if _explode(company, product, kits, location, free, used, DEEPEST) else None


def buildable(company: Company, product: Record, location: str) -> Decimal:
    """Returns how many whole kits can be assembled from the components at a location."""
    needs = component_needs(product)
    if not needs:
        return ZERO
    if not any(company.products[component_id]["AutoAssembly"] for component_id in needs):
        goods = [component_id for component_id in needs if company.products[component_id]["Type"] != "Service"]
        return min(
            (free_at(company, component_id, location) // needs[component_id] for component_id in goods), default=ZERO
        )
    low, high = 0, 1
    while high < 1_000_000 and components_for(company, product, Decimal(high), location) is not None:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        fits = components_for(company, product, Decimal(middle), location) is not None
        low, high = (middle, high) if fits else (low, middle)
    return Decimal(low)


def _explode(
    company: Company,
    product: Record,
    kits: Decimal,
    location: str,
    free: dict[str, Decimal],
    used: dict[str, Decimal],
    levels: int,
) -> bool:
    needs = component_needs(product)
    if not needs or levels == 0:
        return False
    for component_id, need in needs.items():
        component = company.products[component_id]
        if component["Type"] == "Service":
            continue
        needed = need * kits
        free_units = free.setdefault(component_id, free_at(company, component_id, location))
        used_units = min(free_units, needed)
        free[component_id] = free_units - used_units
        if used_units:
            used[component_id] = used.get(component_id, ZERO) + used_units
        short = needed - used_units
        if short > 0 and not (
            component["AutoAssembly"] and _explode(company, component, short, location, free, used, levels - 1)
        ):
            return False
    return True
