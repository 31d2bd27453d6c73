"""Kits: how many can be built from the components at one location, and from what. Nobody moves stock here.

Only components at the location of the sale count, and a kit among the components is built itself where it is
assembled automatically. Source: platform notes, cin7 3.4.
"""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7.state import ZERO, Company, Record

DEEPEST = 5
"""Levels of kits in kits; a product that is its own component ends here."""


def free_at(company: Company, product_id: str, location: str) -> Decimal:
    """Units at a location that nobody has; never negative."""
    return max(sum((row.available for row in company.rows_of(product_id, location)), ZERO), ZERO)


def component_needs(product: Record) -> dict[str, Decimal]:
    """Units of each component for one kit, waste included."""
    made = Decimal(str(product["QuantityToProduce"] or 1))
    needs: dict[str, Decimal] = {}
    for line in product["BillOfMaterialsProducts"]:
        quantity = Decimal(str(line["Quantity"]))
        share = Decimal(str(line.get("WastagePercent") or 0)) / 100
        wasted = quantity * share + Decimal(str(line.get("WastageQuantity") or 0))
        part = str(line["ComponentProductID"])
        needs[part] = needs.get(part, ZERO) + (quantity + wasted) / made
    return needs


def parts_for(company: Company, product: Record, kits: Decimal, location: str) -> dict[str, Decimal] | None:
    """What to take from the shelves for so many kits; None when the location cannot build all of them."""
    free: dict[str, Decimal] = {}
    used: dict[str, Decimal] = {}
    return used if _explode(company, product, kits, location, free, used, DEEPEST) else None


def buildable(company: Company, product: Record, location: str) -> Decimal:
    """Whole kits that the components at a location make."""
    needs = component_needs(product)
    if not needs:
        return ZERO
    if not any(company.products[part]["AutoAssembly"] for part in needs):
        goods = [part for part in needs if company.products[part]["Type"] != "Service"]
        return min((free_at(company, part, location) // needs[part] for part in goods), default=ZERO)
    low, high = 0, 1
    while high < 1_000_000 and parts_for(company, product, Decimal(high), location) is not None:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        fits = parts_for(company, product, Decimal(middle), location) is not None
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
    for part, need in needs.items():
        component = company.products[part]
        if component["Type"] == "Service":
            continue
        wanted = need * kits
        held = free.setdefault(part, free_at(company, part, location))
        taken = min(held, wanted)
        free[part] = held - taken
        if taken:
            used[part] = used.get(part, ZERO) + taken
        short = wanted - taken
        if short > 0 and not (
            component["AutoAssembly"] and _explode(company, component, short, location, free, used, levels - 1)
        ):
            return False
    return True
