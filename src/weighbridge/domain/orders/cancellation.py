"""Cancellation: what happens to a sale whose order was cancelled or declined in the store, by stage of the sale."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.sale_policy import CancelPolicy
from weighbridge.domain.orders.sale_stage import BillingStatus, DocumentStatus, FulfilmentStatus, Move, Stage, may


class CancellationAction(StrEnum):
    """What happens to the sale of a cancelled order."""

    NOTHING = "nothing"
    """The sale is already voided."""
    VOID = "void"
    """The sale is voided: its stock is released and its unpaid invoice removed."""
    HOLD = "hold"
    """A person decides."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What is done about a cancelled order."""

    action: CancellationAction
    finding: Finding | None = None
    """Who must do what; only with HOLD."""


def cancellation(stage: Stage, policy: CancelPolicy, sale_number: str) -> Cancellation:
    """What happens to the sale at `stage` now that its order is cancelled.

    A sale that is neither picked nor paid is voided. If goods are picked, the warehouse acts first; if Cin7 has a
    payment, finance does. After that, the sale is voided automatically.
    Source: platform notes, cin7 2.2 (void) and trap 28; a paid or credited sale is not voided.
    """
    if stage.document is DocumentStatus.VOIDED:
        return Cancellation(CancellationAction.NOTHING)
    if stage.has_dispatched:
        return _held(
            FindingKind.CANCELLED_AFTER_DISPATCH,
            "sale.shipping",
            str(stage.fulfilment),
            _after_dispatch(stage, sale_number),
        )
    if stage.has_fulfilment_started:
        expected = (
            f"goods back in stock: take {sale_number} out of the packing area, put the goods back and void its "
            "fulfilment in Cin7; the sale is then voided automatically"
        )
        return _held(FindingKind.CANCELLED_AFTER_PICKING, "sale.picking", str(stage.fulfilment), expected)
    if stage.billing in (BillingStatus.CREDITED, BillingStatus.PAID_CREDITED):
        expected = f"released stock: {sale_number} is credited, but its order still holds the goods. Close it in Cin7"
        return _held(FindingKind.CANCELLED_AFTER_PICKING, "sale.credit", str(stage.billing), expected)
    if not may(stage, Move.VOID):
        expected = (
            f"a sale without payments: refund the order in BigCommerce and credit {sale_number}, or remove its "
            "payments in Cin7; a sale without payments is then voided automatically"
        )
        return _held(FindingKind.CANCELLED_AFTER_PAYMENT, "sale.payments", str(stage.billing), expected)
    if policy is CancelPolicy.HOLD:
        expected = f"{sale_number} voided in Cin7; the design voids no sale automatically"
        return _held(FindingKind.CANCELLED_AFTER_POSTING, "sale", str(stage), expected)
    return Cancellation(CancellationAction.VOID)


def _after_dispatch(stage: Stage, number: str) -> str:
    if stage.fulfilment is FulfilmentStatus.PART_SHIPPED:
        return f"goods in the warehouse: stop the rest of {number}, call back what left, and credit what is returned"
    return f"goods in the warehouse: {number} was shipped. Call the parcel back, and credit what is returned"


def _held(kind: FindingKind, field: str, value: str, expected: str) -> Cancellation:
    return Cancellation(CancellationAction.HOLD, hold(kind, field, value.replace("_", " "), expected))
