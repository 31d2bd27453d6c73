"""The plain values that the store's state is made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

Record = dict[str, Any]
"""A resource under the vendor's names; names that begin with an underscore never leave the store."""

ZERO: Final = Decimal(0)


def public(row: Record) -> Record:
    """The record without what never leaves the store."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def decimal(value: Any) -> Decimal:
    """An amount as a request or an act gave it; nothing is zero. Raises ValueError."""
    if value is None or value == "":
        return ZERO
    try:
        amount = Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError(f"'{value}' is not an amount") from error
    if not amount.is_finite():
        raise ValueError(f"'{value}' is not an amount")
    return amount
