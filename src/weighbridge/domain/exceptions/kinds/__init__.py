"""The catalogue of exceptions: everything that can wait for a person, in plain words, with its safe way out."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    BACKUP,
    Autonomy,
    ExceptionKind,
    Grouping,
    Remedy,
    Urgency,
)
from weighbridge.domain.exceptions.kinds.listings import LISTINGS
from weighbridge.domain.exceptions.kinds.money import MONEY
from weighbridge.domain.exceptions.kinds.monitoring import WATCHING
from weighbridge.domain.exceptions.kinds.orders import ORDERS
from weighbridge.domain.exceptions.kinds.platforms import PLATFORMS
from weighbridge.domain.exceptions.kinds.returns import RETURNS
from weighbridge.domain.exceptions.kinds.sales import SALES
from weighbridge.domain.exceptions.kinds.stock import STOCK
from weighbridge.domain.findings.finding import FindingKind

__all__ = [
    "BACKUP",
    "BY_AREA",
    "CATALOGUE",
    "DEFAULT_AUTONOMY",
    "MENDED_IN_CIN7",
    "Autonomy",
    "ExceptionKind",
    "Grouping",
    "Remedy",
    "Urgency",
]

BY_AREA: dict[str, tuple[ExceptionKind, ...]] = {
    "Orders": ORDERS,
    "Money": MONEY,
    "Sales": SALES,
    "Returns": RETURNS,
    "Stock": STOCK,
    "Catalogue": LISTINGS,
    "Platforms": PLATFORMS,
    "Monitors": WATCHING,
}
"""Every kind, by the part of the business it belongs to; a monitor's kinds get an area of their own here."""

CATALOGUE: dict[FindingKind, ExceptionKind] = {one.kind: one for area in BY_AREA.values() for one in area}
"""Every kind by its name. A test proves that no kind of finding is missing."""

MENDED_IN_CIN7 = frozenset(
    {
        FindingKind.PRODUCT_NOT_SELLABLE,
        FindingKind.TAX_RULE_MISSING,
        FindingKind.CHARGE_UNMAPPED,
        FindingKind.CURRENCY_UNKNOWN,
        FindingKind.RETURNS_NOT_VERIFIED,
    }
)
"""Kinds of which another look alone finds nothing new: they end with what Cin7 says about its tax rules, products and
customers, and that is read anew before their objects are looked at."""

DEFAULT_AUTONOMY: dict[FindingKind, Autonomy] = {FindingKind.DUPLICATE_SALES: Autonomy.ACT}
"""Kinds whose first safe action goes further by itself than to be suggested, unless the design says otherwise."""
