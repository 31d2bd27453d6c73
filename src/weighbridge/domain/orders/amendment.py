"""Amendments: what changed about an order after its sale was posted, and what that asks of the sale.

The shop's order is never written: its money is right by definition, and the sale follows it or waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.orders.order import Address
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_policy import Depth, EditPolicy
from weighbridge.domain.orders.sale_stage import Funds, Move, Paper, Stage, may
from weighbridge.domain.values.money import ZERO


class Part(StrEnum):
    """What of an order a change concerns."""

    CURRENCY = "currency"
    LINES = "lines"
    """Other goods, or another number of them."""
    PRICES = "prices"
    """The same goods for other money: discounts, prices, tax."""
    CHARGES = "charges"
    """Shipping, handling, wrapping, fees, gift certificates sold."""
    REMARKS = "remarks"
    """What stands beside a line: its discount, where it goes."""
    SHIPPING_ADDRESS = "shipping address"
    BILLING_ADDRESS = "billing address"
    CONTACT = "contact"
    PAYMENTS = "payments"


IN_THE_ORDER = frozenset({Part.LINES, Part.PRICES, Part.CHARGES, Part.REMARKS})
"""Parts that stand in the order document and on the invoice."""
IN_THE_HEADER = frozenset({Part.SHIPPING_ADDRESS, Part.BILLING_ADDRESS, Part.CONTACT})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the sale as it was posted and as the order now wants it."""

    part: Part
    what: str
    """In plain words: `MUG 2 -> 3`."""

    def __str__(self) -> str:
        return f"{self.part}: {self.what}"


class Way(StrEnum):
    """How a sale follows its order."""

    NOTHING = "nothing"
    """The documents stay as they are; payments may be added."""
    CHANGE_HEADER = "change the header"
    AMEND = "amend"
    """Undo, post, authorise."""
    REBILL = "rebill"
    """Payments and invoice are taken back, then as AMEND, then billed and paid again."""
    HOLD = "hold"
    """A person decides."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is done about a changed order."""

    way: Way
    changes: tuple[Change, ...]
    finding: Finding | None = None
    """Why it waits, for whom and for what; with HOLD alone."""


def changes_between(posted: Sale, present: Sale, rounding_product: str) -> tuple[Change, ...]:
    """What differs between two sales of one order, in the words of the shop. Our own rounding line does not count."""
    return (*_in_the_order(posted, present, rounding_product), *_in_the_header(posted, present))


def amendment(
    changes: tuple[Change, ...], stage: Stage, policy: EditPolicy, depth: Depth, sale_number: str
) -> Amendment:
    """How the sale at `stage` follows `changes` under `policy`.

    Nothing that the warehouse has begun on, and nothing that is billed, is touched unless the policy allows it and
    every gate on the way is open. Source: platform notes, cin7 trap 44 (undo, post, authorise) and 2.5 (an invoice is
    voided on Advanced sales only).
    """
    parts = {change.part for change in changes}
    if not parts & (IN_THE_ORDER | IN_THE_HEADER | {Part.CURRENCY}):
        return Amendment(Way.NOTHING, changes)
    told = "; ".join(str(change) for change in changes)
    kind, reason = _obstacle(parts, stage, policy, depth, sale_number)
    if reason:
        return Amendment(Way.HOLD, changes, hold(kind, "order", told, reason))
    if not parts & IN_THE_ORDER:
        return Amendment(Way.CHANGE_HEADER, changes)
    return Amendment(Way.AMEND if stage.funds is Funds.UNBILLED else Way.REBILL, changes)


def _obstacle(parts: set[Part], stage: Stage, policy: EditPolicy, depth: Depth, number: str) -> tuple[FindingKind, str]:
    """What stands in the way and who moves it; empty words where nothing does."""
    former = f"the order as it was posted to {number}"
    if stage.paper is Paper.VOIDED:
        return FindingKind.CHANGED_AFTER_POSTING, f"{former}, which was voided in Cin7 by hand: decide what is owed"
    if policy is EditPolicy.HOLD:
        expected = f"{former}; the design lets no edit through: change {number} in Cin7 or put the order back"
        return FindingKind.CHANGED_AFTER_POSTING, expected
    if Part.CURRENCY in parts:
        return FindingKind.CHANGED_AFTER_POSTING, f"{former}: Cin7 never changes the currency of a sale"
    if stage.left:
        expected = f"{former}: goods left with it. Credit what comes back, send what is missing by a new order"
        return FindingKind.CHANGED_AFTER_PICKING, expected
    if stage.touched:
        expected = (
            f"{former}: {stage.goods} already. Stop its parcel, put the goods back and void the fulfilment in Cin7; "
            "the change then crosses by itself"
        )
        return FindingKind.CHANGED_AFTER_PICKING, expected
    on_invoice = parts & IN_THE_ORDER or (Part.BILLING_ADDRESS in parts and stage.funds is not Funds.UNBILLED)
    if on_invoice and stage.funds is not Funds.UNBILLED:
        return FindingKind.CHANGED_AFTER_BILLING, _bill_obstacle(parts, stage, policy, depth, number)
    return FindingKind.CHANGED_AFTER_POSTING, ""


def _bill_obstacle(parts: set[Part], stage: Stage, policy: EditPolicy, depth: Depth, number: str) -> str:
    former = f"the order as {number} was billed"
    after_payment = Stage(stage.kind, stage.paper, stage.goods, Funds.BILLED)
    if stage.funds in (Funds.CREDITED, Funds.PAID_CREDITED):
        return f"{former}: it has a credit note. Credit or bill the difference in Cin7"
    if policy is not EditPolicy.REBILL:
        return f"{former}: credit it and bill anew in Cin7, or let the design rebill"
    if depth is Depth.ORDER:
        return f"{former}, by hand: void its invoice in Cin7; the change then crosses by itself"
    if not may(after_payment, Move.VOID_INVOICE):
        return f"{former}: Cin7 voids no invoice of a {stage.kind} sale. Credit it and bill anew in Cin7"
    if not parts & IN_THE_ORDER:
        return f"{former}: the printed billing address stays; credit it and bill anew in Cin7 if it must change"
    return ""


def _in_the_order(posted: Sale, present: Sale, rounding_product: str) -> Iterator[Change]:
    if posted.currency != present.currency:
        yield Change(Part.CURRENCY, f"{posted.currency} -> {present.currency}")
    before, now = _units(posted), _units(present)
    moved = [sku for sku in _keys(before, now) if before.get(sku, ZERO) != now.get(sku, ZERO)]
    for sku in moved:
        yield Change(Part.LINES, f"{sku} {before.get(sku, ZERO):f} -> {now.get(sku, ZERO):f}")
    cost_before, cost_now = _worth(posted), _worth(present)
    for sku in _keys(cost_before, cost_now):
        if sku not in moved and cost_before.get(sku) != cost_now.get(sku):
            yield Change(Part.PRICES, f"{sku} {_money(cost_before, sku)} -> {_money(cost_now, sku)}")
    if changes_remarks := sorted(_remarks(posted) ^ _remarks(present)):
        for sku in dict.fromkeys(sku for sku, _ in changes_remarks):
            if sku not in moved and cost_before.get(sku) == cost_now.get(sku):
                yield Change(Part.REMARKS, sku)
    if posted.tax_inclusive != present.tax_inclusive:
        yield Change(Part.PRICES, f"tax {'in' if present.tax_inclusive else 'on top of'} the prices")
    charged, charges = _charged(posted, rounding_product), _charged(present, rounding_product)
    for name in _keys(charged, charges):
        if charged.get(name) != charges.get(name):
            yield Change(Part.CHARGES, f"{name} {_money(charged, name)} -> {_money(charges, name)}")


def _in_the_header(posted: Sale, present: Sale) -> Iterator[Change]:
    for part, before, now in (
        (Part.SHIPPING_ADDRESS, posted.shipping, present.shipping),
        (Part.BILLING_ADDRESS, posted.billing, present.billing),
    ):
        if _place(before) != _place(now):
            fields = [name for name in ADDRESS_FIELDS if getattr(before, name) != getattr(now, name)]
            yield Change(part, ", ".join(fields).replace("_", " "))
    for name in ("contact", "email", "phone"):
        if getattr(posted, name) != getattr(present, name):
            yield Change(Part.CONTACT, name)
    if {tender.reference: tender.amount for tender in posted.tenders} != {
        tender.reference: tender.amount for tender in present.tenders
    }:
        before_paid, now_paid = (sum((one.amount for one in sale.tenders), ZERO) for sale in (posted, present))
        yield Change(Part.PAYMENTS, f"{before_paid} -> {now_paid} received")


ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "street_1", "street_2", "city", "state", "postcode", "country",
)  # fmt: skip
"""What of an address the books are told. Values stay out of the words: they are personal."""


def _place(address: Address) -> tuple[str, ...]:
    return tuple(getattr(address, name) for name in ADDRESS_FIELDS)


Worth = dict[str, tuple[Decimal, Decimal, str]]
"""By SKU or charge: money without its tax (or with it, as the sale is), tax, tax rules."""


def _units(sale: Sale) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in sale.lines:
        units[line.sku] = units.get(line.sku, ZERO) + line.quantity
    return units


def _remarks(sale: Sale) -> set[tuple[str, str]]:
    return {(line.sku, line.comment) for line in sale.lines}


def _worth(sale: Sale) -> Worth:
    return _summed((line.sku, line.line_total, line.tax, line.tax_rule) for line in sale.lines)


def _charged(sale: Sale, rounding_product: str) -> Worth:
    rows = ((one.product_name, one.price, one.tax, one.tax_rule) for one in sale.charges)
    return _summed(row for row in rows if row[0] != rounding_product)


def _summed(rows: Iterable[tuple[str, Decimal, Decimal, str]]) -> Worth:
    worth: Worth = {}
    for name, amount, tax, rule in rows:
        before = worth.get(name, (ZERO, ZERO, ""))
        rules = sorted({*filter(None, before[2].split(", ")), rule})
        worth[name] = (before[0] + amount, before[1] + tax, ", ".join(rules))
    return worth


def _keys(before: dict[str, Decimal] | Worth, now: dict[str, Decimal] | Worth) -> list[str]:
    return sorted(before.keys() | now.keys())


def _money(worth: Worth, name: str) -> str:
    if name not in worth:
        return "none"
    amount, tax, rule = worth[name]
    return f"{amount} + {tax} {rule}" if tax else f"{amount}"
