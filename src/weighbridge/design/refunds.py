"""The refund policy of a design."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.design.sections import Name, Section


class Refunds(Section):
    """How the store's refunds are processed."""

    mode: Literal["hold", "credit_note"] = "hold"
    """`hold` holds each refund for finance; `credit_note` posts its credit note and refund payments."""
    goodwill_product: Name = "Goodwill"
    """Cin7 Service product for amounts without a line: goodwill on an order, deductions, tax refunded alone."""
    restock: Literal["never", "dispatched"] = "never"
    """`dispatched` restocks dispatched goods with their credit note; with `never` people restock them."""
    restock_location: str = ""
    """Cin7 location that goods are restocked to; empty: the location that sales allocate from."""
    restock_reasons: dict[str, str] = Field(default_factory=dict)
    """Word in a refund's reason -> another Cin7 location for its goods, or `""` for no restock; first match."""
