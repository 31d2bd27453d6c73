"""The catalogue of exceptions: every problem that can wait for a person, with its cause, advice and safe actions."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    Autonomy,
    ExceptionKind,
    Grouping,
    Playbook,
    Urgency,
)
from weighbridge.domain.exceptions.kinds.listings import LISTINGS
from weighbridge.domain.exceptions.kinds.money import MONEY
from weighbridge.domain.exceptions.kinds.monitoring import MONITORING
from weighbridge.domain.exceptions.kinds.orders import ORDERS
from weighbridge.domain.exceptions.kinds.platforms import PLATFORMS
from weighbridge.domain.exceptions.kinds.returns import RETURNS
from weighbridge.domain.exceptions.kinds.sales import SALES
from weighbridge.domain.exceptions.kinds.stock import STOCK
from weighbridge.domain.findings.kind import FindingKind

__all__ = [
    "BY_AREA",
    "CATALOGUE",
    "DEFAULT_AUTONOMY",
    "FIXED_IN_CIN7",
    "Autonomy",
    "ExceptionKind",
    "Grouping",
    "Playbook",
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
    "Monitors": MONITORING,
}
"""Every kind, by business area; kinds that only monitors find have an area of their own."""

CATALOGUE: dict[FindingKind, ExceptionKind] = {
    exception_kind.kind: exception_kind for area in BY_AREA.values() for exception_kind in area
}
"""Every kind by its finding kind. A test proves that none is missing."""

FIXED_IN_CIN7 = frozenset(
    {
        FindingKind.PRODUCT_NOT_SELLABLE,
        FindingKind.TAX_RULE_MISSING,
        FindingKind.CHARGE_UNMAPPED,
        FindingKind.CURRENCY_UNKNOWN,
        FindingKind.RETURNS_NOT_VERIFIED,
    }
)
"""Kinds that are fixed in Cin7's tax rules, products or customers: this reference data is read again before their
objects are re-checked."""

DEFAULT_AUTONOMY: dict[FindingKind, Autonomy] = {FindingKind.DUPLICATE_SALES: Autonomy.ACT}
"""Kinds whose first safe action is more than suggested, unless the design says otherwise."""
