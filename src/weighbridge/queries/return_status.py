"""The three clocks of a return: money out, goods in, stock back. Each runs by itself; a page shows which is behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.refund import Refund
from weighbridge.domain.values.money import Money, total
from weighbridge.exceptions.records import Case
from weighbridge.persistence.repositories.stock_levels import StockLevel
from weighbridge.persistence.repositories.transfers import State, Transfer

MOVING = (State.NEW, State.WAITING)


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the three, and where it stands."""

    name: str
    tone: str
    """good: done; busy: on its way; bad: a person has to look; quiet: nothing is to be done."""
    says: str
    at: datetime | None
    lines: tuple[str, ...] = ()


def clocks_of(
    transfer: Transfer,
    shop: Refund | None,
    note: CreditNote | None,
    currency: str,
    levels: Sequence[StockLevel],
    cases: Sequence[Case],
) -> tuple[Clock, ...]:
    """Where the clocks of a refund stand. `levels` are those of the SKUs that the credit note puts back."""
    return (
        _money_out(transfer, shop, note, currency),
        _goods_in(transfer, note, cases),
        _stock_back(transfer, note, levels),
    )


def _money_out(transfer: Transfer, shop: Refund | None, note: CreditNote | None, currency: str) -> Clock:
    name, lines = "Money out", []
    for payment in shop.payments if shop else ():
        ending = "declined" if payment.declined else "paid back"
        lines.append(
            f"{Money(payment.amount, currency) if currency else payment.amount} {ending} by {payment.provider}"
        )
    at = shop.created_at if shop else None
    if transfer.state is State.NOT_CAPTURED:
        return Clock(name, "quiet", f"Nothing to credit: {transfer.reason}.", at, tuple(lines))
    if transfer.state is State.POSTED and note is not None:
        if not note.payouts:
            lines.append("credited; the design leaves the refund payment to the ledger")
        return Clock(name, "good", "Shop and books agree that it went back.", at, tuple(lines))
    if transfer.state in MOVING:
        return Clock(name, "busy", "The books follow by themselves.", at, tuple(lines))
    if shop is None:
        return Clock(name, "bad", "Shop and books do not tell the same.", transfer.created_at, tuple(lines))
    return Clock(name, "bad", "The shopper has the money; the books do not say so yet.", at, tuple(lines))


def _goods_in(transfer: Transfer, note: CreditNote | None, cases: Sequence[Case]) -> Clock:
    name = "Goods in"
    if note is None:
        return Clock(name, "quiet", "Not known before the refund is weighed.", None)
    lines = [f"{_units(units)} of {sku} had not left" for sku, units in (note.never_left or {}).items()]
    lines += [f"{_units(line.quantity)} of {line.sku} to {line.location}" for line in note.restock]
    missing = [one for one in transfer.findings if one["kind"] == FindingKind.NOT_RESTOCKED]
    lines += [one["value"] for one in missing]
    if missing:
        stated = any(case.kind is FindingKind.NOT_RESTOCKED and case.state == "closed" for case in cases)
        says = "A person has stated where they are." if stated else "On no shelf: somebody has to say where they are."
        return Clock(name, "good" if stated else "bad", says, None if stated else transfer.posted_at, tuple(lines))
    if note.restock:
        return Clock(name, "good", "The design counts them as back.", transfer.posted_at, tuple(lines))
    if note.never_left:
        return Clock(name, "good", "They must not be sent any more.", transfer.posted_at, tuple(lines))
    return Clock(name, "quiet", "No goods come back.", None)


def _stock_back(transfer: Transfer, note: CreditNote | None, levels: Sequence[StockLevel]) -> Clock:
    name, units = "Stock back", total(line.quantity for line in note.restock) if note else Decimal(0)
    if note is None or not units:
        return Clock(name, "quiet", "Nothing goes on a shelf with this refund.", None)
    lines = tuple(f"{_units(line.quantity)} of {line.sku} on {line.location}" for line in note.restock)
    # The credit note puts them there, and a posted refund was read back with all of them on their shelf.
    posted = transfer.posted_at
    if posted is None:
        return Clock(name, "busy", "The shelf follows with the credit note.", None, lines)
    if levels and all(level.read_at >= posted and level.shown == level.ats for level in levels):
        told = max((level.pushed_at for level in levels if level.pushed_at is not None), default=posted)
        says = "On the shelf in Cin7, and the shop shows what may be sold."
        return Clock(name, "good", says, max(posted, told), lines)
    return Clock(name, "busy", "On the shelf in Cin7; the next reading lets the shop be told.", posted, lines)


def _units(units: Decimal) -> str:
    return f"{units.normalize():f}"
