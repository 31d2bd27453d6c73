"""Cancellation: what becomes of the sale of an order that ended at the shop, at each stage of the sale."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.orders.sale_policy import CancelPolicy
from weighbridge.domain.orders.sale_stage import Funds, Goods, Move, Paper, Stage, may


class Ending(StrEnum):
    """How a sale ends."""

    NOTHING = "nothing"
    """There is nothing left to end."""
    VOID = "void"
    """The sale is voided: its stock is free and its unpaid invoice gone."""
    HOLD = "hold"
    """A person ends it."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What is done about a cancelled order."""

    ending: Ending
    finding: Finding | None = None
    """Who must do what; with HOLD alone."""


def cancellation(stage: Stage, policy: CancelPolicy, sale_number: str) -> Cancellation:
    """How the sale at `stage` ends now that its order has.

    What nobody picked and nobody paid is voided. Where goods are in somebody's hands the warehouse acts, where money
    is in the books finance does; once they have, the sale ends by itself.
    Source: platform notes, cin7 2.2 (void) and trap 28; a paid or credited sale is not voided.
    """
    if stage.paper is Paper.VOIDED:
        return Cancellation(Ending.NOTHING)
    if stage.left:
        return _held(
            FindingKind.CANCELLED_AFTER_DISPATCH, "sale.shipping", str(stage.goods), _after_dispatch(stage, sale_number)
        )
    if stage.touched:
        expected = (
            f"goods on their shelf: take {sale_number} out of the packing area, put the goods back and void its "
            "fulfilment in Cin7; the sale is then voided by itself"
        )
        return _held(FindingKind.CANCELLED_AFTER_PICKING, "sale.picking", str(stage.goods), expected)
    if stage.funds in (Funds.CREDITED, Funds.PAID_CREDITED):
        expected = f"free stock: {sale_number} is credited, and its order still holds the goods. Close it in Cin7"
        return _held(FindingKind.CANCELLED_AFTER_PICKING, "sale.credit", str(stage.funds), expected)
    if not may(stage, Move.VOID):
        expected = (
            f"a sale without payments: refund the shopper at the shop and credit {sale_number}, or remove its "
            "payments in Cin7; a sale without payments is then voided by itself"
        )
        return _held(FindingKind.CANCELLED_AFTER_PAYMENT, "sale.payments", str(stage.funds), expected)
    if policy is CancelPolicy.HOLD:
        expected = f"{sale_number} voided in Cin7; the design lets nothing be voided by itself"
        return _held(FindingKind.CANCELLED_AFTER_POSTING, "sale", str(stage), expected)
    return Cancellation(Ending.VOID)


def _after_dispatch(stage: Stage, number: str) -> str:
    if stage.goods is Goods.PART_SHIPPED:
        return f"goods in the warehouse: stop the rest of {number}, call back what left, and credit what comes back"
    return f"goods in the warehouse: {number} left. Call the parcel back, and credit what comes back"


def _held(kind: FindingKind, field: str, value: str, expected: str) -> Cancellation:
    return Cancellation(Ending.HOLD, hold(kind, field, value.replace("_", " "), expected))
