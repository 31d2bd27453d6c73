"""The three clocks of a return: money out, goods in, stock back. They are independent; a page shows which is behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.refund import Refund
from weighbridge.domain.values.money import Money, total
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.repositories.stock_levels import StockLevel
from weighbridge.persistence.repositories.transfers import State, Transfer

MOVING = (State.NEW, State.WAITING)


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the three clocks and its status."""

    name: str
    tone: str
    """good: done; busy: in progress; bad: a person must act; quiet: nothing to do."""
    says: str
    at: datetime | None
    lines: tuple[str, ...] = ()


def clocks_of(
    transfer: Transfer,
    refund: Refund | None,
    note: CreditNote | None,
    currency: str,
    levels: Sequence[StockLevel],
    exception_records: Sequence[ExceptionRecord],
) -> tuple[Clock, ...]:
    """The status of a refund's clocks. `levels` are those of the SKUs that the credit note restocks."""
    return (
        _money_out(transfer, refund, note, currency),
        _goods_in(transfer, note, exception_records),
        _stock_back(transfer, note, levels),
    )


def _money_out(transfer: Transfer, refund: Refund | None, note: CreditNote | None, currency: str) -> Clock:
    name, lines = "Money out", []
    for payment in refund.payments if refund else ():
        ending = "declined" if payment.declined else "paid back"
        lines.append(
            f"{Money(payment.amount, currency) if currency else payment.amount} {ending} by {payment.provider}"
        )
    at = refund.created_at if refund else None
    if transfer.state is State.NOT_CAPTURED:
        return Clock(name, "quiet", f"Nothing to credit: {transfer.reason}.", at, tuple(lines))
    if transfer.state is State.POSTED and note is not None:
        if not note.payouts:
            lines.append("credited; the design leaves the refund payment to the ledger")
        return Clock(name, "good", "Store and Cin7 agree that it was paid back.", at, tuple(lines))
    if transfer.state in MOVING:
        return Clock(name, "busy", "The credit note is posted automatically.", at, tuple(lines))
    if refund is None:
        return Clock(name, "bad", "Store and Cin7 differ.", transfer.created_at, tuple(lines))
    return Clock(name, "bad", "The shopper has the money; Cin7 has no credit note yet.", at, tuple(lines))


def _goods_in(transfer: Transfer, note: CreditNote | None, exception_records: Sequence[ExceptionRecord]) -> Clock:
    name = "Goods in"
    if note is None:
        return Clock(name, "quiet", "Not known before the refund is evaluated.", None)
    lines = [f"{_units(units)} of {sku} had not shipped" for sku, units in (note.never_dispatched or {}).items()]
    lines += [f"{_units(line.quantity)} of {line.sku} to {line.location}" for line in note.restock]
    not_restocked = [finding for finding in transfer.findings if finding["kind"] == FindingKind.NOT_RESTOCKED]
    lines += [finding["value"] for finding in not_restocked]
    if not_restocked:
        is_stated = any(
            exception_record.kind is FindingKind.NOT_RESTOCKED and exception_record.state == "closed"
            for exception_record in exception_records
        )
        says = "A user has stated the location." if is_stated else "No location: a user must state where the goods are."
        return Clock(
            name, "good" if is_stated else "bad", says, None if is_stated else transfer.posted_at, tuple(lines)
        )
    if note.restock:
        return Clock(name, "good", "Restocked as the design says.", transfer.posted_at, tuple(lines))
    if note.never_dispatched:
        return Clock(name, "good", "Not shipped, and must not be.", transfer.posted_at, tuple(lines))
    return Clock(name, "quiet", "No goods come back.", None)


def _stock_back(transfer: Transfer, note: CreditNote | None, levels: Sequence[StockLevel]) -> Clock:
    name, units = "Stock back", total(line.quantity for line in note.restock) if note else Decimal(0)
    if note is None or not units:
        return Clock(name, "quiet", "Nothing is restocked with this refund.", None)
    lines = tuple(f"{_units(line.quantity)} of {line.sku} in {line.location}" for line in note.restock)
    # The credit note restocks the goods, and a posted refund was read back with all of them restocked.
    posted = transfer.posted_at
    if posted is None:
        return Clock(name, "busy", "Restocked with the credit note.", None, lines)
    if levels and all(level.read_at >= posted and level.current_level == level.ats for level in levels):
        published_at = max((level.pushed_at for level in levels if level.pushed_at is not None), default=posted)
        says = "Restocked in Cin7, and the level is published."
        return Clock(name, "good", says, max(posted, published_at), lines)
    return Clock(name, "busy", "Restocked in Cin7; the level is published after the next reading.", posted, lines)


def _units(units: Decimal) -> str:
    return f"{units.normalize():f}"
