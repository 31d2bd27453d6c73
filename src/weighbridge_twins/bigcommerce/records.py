"""Plain values of the store's state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

Record = dict[str, Any]
"""A resource under the vendor's names; members with a leading underscore are internal."""

ZERO: Final = Decimal(0)


def public(row: Record) -> Record:
    """The record without internal members."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def decimal(value: Any) -> Decimal:
    """An amount of a request or action; missing or empty is zero. Raises ValueError."""
    if value is None or value == "":
        return ZERO
    try:
        amount = Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError(f"'{value}' is not an amount") from error
    if not amount.is_finite():
        raise ValueError(f"'{value}' is not an amount")
    return amount
