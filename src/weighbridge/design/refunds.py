"""What a design decides about refunds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.design.sections import Name, Part


class Refunds(Part):
    """What becomes of the shop's refunds."""

    mode: Literal["hold", "credit_note"] = "hold"
    """`hold` lets each refund wait for finance; `credit_note` posts its credit note and refund payments."""
    goodwill_product: Name = "Goodwill"
    """Cin7 Service product that carries what no line bears: goodwill on an order, deductions, tax refunded alone."""
    restock: Literal["never", "dispatched"] = "never"
    """`dispatched` puts goods that had left back with their credit note; `never` leaves that to people."""
    restock_location: str = ""
    """Cin7 location that takes them; empty: the location that sales allocate from."""
    restock_reasons: dict[str, str] = Field(default_factory=dict)
    """Word of a refund's reason -> another Cin7 location for its goods, or `""` for none; first match."""
