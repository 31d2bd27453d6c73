"""Restock: which of a refund's goods go back on a shelf, and on which."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RestockLine:
    """Units that a credit note puts back. Source: POST /sale/creditnote, Restock."""

    product_id: str
    sku: str
    quantity: Decimal
    location: str
