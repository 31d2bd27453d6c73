"""What a design decides about refunds."""

from __future__ import annotations

from typing import Literal

from weighbridge.design.parts import Name, Part


class Refunds(Part):
    """What becomes of the shop's refunds."""

    mode: Literal["hold", "credit_note"] = "hold"
    """`hold` lets each refund wait for finance; `credit_note` posts its credit note and refund payments."""
    goodwill_product: Name = "Goodwill"
    """Cin7 Service product that carries what no line bears: goodwill on an order, deductions, tax refunded alone."""
