"""Amendments: how an order changed after its sale was posted, and what that means for the sale.

The order in the store is never written: its amounts are right by definition. The sale is changed to match it, or waits
for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import Address
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_policy import Depth, EditPolicy
from weighbridge.domain.orders.sale_stage import BillingStatus, DocumentStatus, Move, Stage, may
from weighbridge.domain.values.money import ZERO, total


class ChangeKind(StrEnum):
    """What a change of an order concerns."""

    CURRENCY = "currency"
    LINES = "lines"
    """Other goods, or other quantities."""
    PRICES = "prices"
    """The same goods for other amounts: discounts, prices, tax."""
    CHARGES = "charges"
    """Shipping, handling, wrapping, fees, sold gift certificates."""
    REMARKS = "remarks"
    """The comment of a line: its discount or its destination."""
    SHIPPING_ADDRESS = "shipping address"
    BILLING_ADDRESS = "billing address"
    CONTACT = "contact"
    PAYMENTS = "payments"


ORDER_CHANGES = frozenset({ChangeKind.LINES, ChangeKind.PRICES, ChangeKind.CHARGES, ChangeKind.REMARKS})
"""Changes of the order document and the invoice."""
HEADER_CHANGES = frozenset({ChangeKind.SHIPPING_ADDRESS, ChangeKind.BILLING_ADDRESS, ChangeKind.CONTACT})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the posted sale and the sale that the order becomes now."""

    kind: ChangeKind
    description: str
    """For people, such as `MUG 2 -> 3`."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.description}"


class AmendmentAction(StrEnum):
    """How a sale is changed to match its order."""

    NOTHING = "nothing"
    """The documents are unchanged; payments may be added."""
    CHANGE_HEADER = "change the header"
    AMEND = "amend"
    """Undo the order, post it again, authorise it."""
    REBILL = "rebill"
    """Revert payments and invoice, then as AMEND, then bill and pay again."""
    HOLD = "hold"
    """A person decides."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is done about a changed order."""

    action: AmendmentAction
    changes: tuple[Change, ...]
    finding: Finding | None = None
    """Why it waits, and who must do what; only with HOLD."""


def changes_between(posted: Sale, present: Sale, rounding_product: str) -> tuple[Change, ...]:
    """The differences between two sales of one order. The rounding line does not count."""
    return (*_order_changes(posted, present, rounding_product), *_header_changes(posted, present))


def amendment(
    changes: tuple[Change, ...], stage: Stage, policy: EditPolicy, depth: Depth, sale_number: str
) -> Amendment:
    """How the sale at `stage` is changed by `changes` under `policy`.

    A sale that is being picked is never changed. A billed sale is changed only if the policy allows it and Cin7 allows
    every move. Source: platform notes, cin7 trap 44 (undo, post, authorise) and 2.5 (an invoice is voided on Advanced
    sales only).
    """
    kinds = {change.kind for change in changes}
    if not kinds & (ORDER_CHANGES | HEADER_CHANGES | {ChangeKind.CURRENCY}):
        return Amendment(AmendmentAction.NOTHING, changes)
    value = "; ".join(str(change) for change in changes)
    kind, reason = _obstacle(kinds, stage, policy, depth, sale_number)
    if reason:
        return Amendment(AmendmentAction.HOLD, changes, hold(kind, "order", value, reason))
    if not kinds & ORDER_CHANGES:
        return Amendment(AmendmentAction.CHANGE_HEADER, changes)
    return Amendment(
        AmendmentAction.AMEND if stage.billing is BillingStatus.UNBILLED else AmendmentAction.REBILL, changes
    )


def _obstacle(
    kinds: set[ChangeKind], stage: Stage, policy: EditPolicy, depth: Depth, number: str
) -> tuple[FindingKind, str]:
    """Why the sale cannot be changed and what must be done; an empty text when it can be changed."""
    posted_order = f"the order as it was posted to {number}"
    if stage.document is DocumentStatus.VOIDED:
        return FindingKind.CHANGED_AFTER_POSTING, f"{posted_order}, which was voided by hand: decide what is owed"
    if policy is EditPolicy.HOLD:
        expected = f"{posted_order}; the design holds every edit: change {number} in Cin7, or undo the edit"
        return FindingKind.CHANGED_AFTER_POSTING, expected
    if ChangeKind.CURRENCY in kinds:
        return FindingKind.CHANGED_AFTER_POSTING, f"{posted_order}: Cin7 cannot change the currency of a sale"
    if stage.has_dispatched:
        expected = f"{posted_order}: its goods were shipped. Credit what is returned, and send the rest by a new order"
        return FindingKind.CHANGED_AFTER_PICKING, expected
    if stage.has_fulfilment_started:
        expected = (
            f"{posted_order}: it is {stage.fulfilment} already. Stop its parcel, put the goods back and void the "
            "fulfilment in Cin7; the change is then posted automatically"
        )
        return FindingKind.CHANGED_AFTER_PICKING, expected
    on_invoice = kinds & ORDER_CHANGES or (
        ChangeKind.BILLING_ADDRESS in kinds and stage.billing is not BillingStatus.UNBILLED
    )
    if on_invoice and stage.billing is not BillingStatus.UNBILLED:
        return FindingKind.CHANGED_AFTER_BILLING, _billing_obstacle(kinds, stage, policy, depth, number)
    return FindingKind.CHANGED_AFTER_POSTING, ""


def _billing_obstacle(kinds: set[ChangeKind], stage: Stage, policy: EditPolicy, depth: Depth, number: str) -> str:
    billed_order = f"the order as {number} was billed"
    after_payment = Stage(stage.kind, stage.document, stage.fulfilment, BillingStatus.BILLED)
    if stage.billing in (BillingStatus.CREDITED, BillingStatus.PAID_CREDITED):
        return f"{billed_order}: it has a credit note. Credit or bill the difference in Cin7"
    if policy is not EditPolicy.REBILL:
        return f"{billed_order}: credit it and bill it again in Cin7, or allow rebill in the design"
    if depth is Depth.ORDER:
        return f"{billed_order}, by hand: void its invoice in Cin7; the change is then posted automatically"
    if not may(after_payment, Move.VOID_INVOICE):
        return f"{billed_order}: Cin7 voids no invoice of a {stage.kind} sale. Credit it and bill it again in Cin7"
    if not kinds & ORDER_CHANGES:
        return f"{billed_order}: the printed billing address stays; credit it and bill it again if it must change"
    return ""


def _order_changes(posted: Sale, present: Sale, rounding_product: str) -> Iterator[Change]:
    if posted.currency != present.currency:
        yield Change(ChangeKind.CURRENCY, f"{posted.currency} -> {present.currency}")
    before, now = _units(posted), _units(present)
    moved = [sku for sku in _keys(before, now) if before.get(sku, ZERO) != now.get(sku, ZERO)]
    for sku in moved:
        yield Change(ChangeKind.LINES, f"{sku} {before.get(sku, ZERO):f} -> {now.get(sku, ZERO):f}")
    cost_before, cost_now = _amounts(posted), _amounts(present)
    for sku in _keys(cost_before, cost_now):
        if sku not in moved and cost_before.get(sku) != cost_now.get(sku):
            yield Change(ChangeKind.PRICES, f"{sku} {_amount_text(cost_before, sku)} -> {_amount_text(cost_now, sku)}")
    if changes_remarks := sorted(_remarks(posted) ^ _remarks(present)):
        for sku in dict.fromkeys(sku for sku, _ in changes_remarks):
            if sku not in moved and cost_before.get(sku) == cost_now.get(sku):
                yield Change(ChangeKind.REMARKS, sku)
    if posted.tax_inclusive != present.tax_inclusive:
        yield Change(ChangeKind.PRICES, f"tax {'in' if present.tax_inclusive else 'on top of'} the prices")
    charged, charges = _charged(posted, rounding_product), _charged(present, rounding_product)
    for name in _keys(charged, charges):
        if charged.get(name) != charges.get(name):
            yield Change(ChangeKind.CHARGES, f"{name} {_amount_text(charged, name)} -> {_amount_text(charges, name)}")


def _header_changes(posted: Sale, present: Sale) -> Iterator[Change]:
    for kind, before, now in (
        (ChangeKind.SHIPPING_ADDRESS, posted.shipping, present.shipping),
        (ChangeKind.BILLING_ADDRESS, posted.billing, present.billing),
    ):
        if _address_values(before) != _address_values(now):
            fields = [name for name in ADDRESS_FIELDS if getattr(before, name) != getattr(now, name)]
            yield Change(kind, ", ".join(fields).replace("_", " "))
    for name in ("contact", "email", "phone"):
        if getattr(posted, name) != getattr(present, name):
            yield Change(ChangeKind.CONTACT, name)
    if {tender.reference: tender.amount for tender in posted.tenders} != {
        tender.reference: tender.amount for tender in present.tenders
    }:
        before_paid, now_paid = (total(tender.amount for tender in sale.tenders) for sale in (posted, present))
        yield Change(ChangeKind.PAYMENTS, f"{before_paid} -> {now_paid} received")


ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "street_1", "street_2", "city", "state", "postcode", "country",
)  # fmt: skip
"""The fields of an address that are sent to Cin7. Change texts never contain their values, which are personal data."""


def _address_values(address: Address) -> tuple[str, ...]:
    return tuple(getattr(address, name) for name in ADDRESS_FIELDS)


Amounts = dict[str, tuple[Decimal, Decimal, str]]
"""By SKU or charge: amount (with tax if the sale is tax-inclusive), tax, tax rules."""


def _units(sale: Sale) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in sale.lines:
        units[line.sku] = units.get(line.sku, ZERO) + line.quantity
    return units


def _remarks(sale: Sale) -> set[tuple[str, str]]:
    return {(line.sku, line.comment) for line in sale.lines}


def _amounts(sale: Sale) -> Amounts:
    return _summed((line.sku, line.line_total, line.tax, line.tax_rule) for line in sale.lines)


def _charged(sale: Sale, rounding_product: str) -> Amounts:
    rows = ((charge.product_name, charge.price, charge.tax, charge.tax_rule) for charge in sale.charges)
    return _summed(row for row in rows if row[0] != rounding_product)


def _summed(rows: Iterable[tuple[str, Decimal, Decimal, str]]) -> Amounts:
    amounts: Amounts = {}
    for name, amount, tax, rule in rows:
        before = amounts.get(name, (ZERO, ZERO, ""))
        rules = sorted({*filter(None, before[2].split(", ")), rule})
        amounts[name] = (before[0] + amount, before[1] + tax, ", ".join(rules))
    return amounts


def _keys(before: dict[str, Decimal] | Amounts, now: dict[str, Decimal] | Amounts) -> list[str]:
    return sorted(before.keys() | now.keys())


def _amount_text(amounts: Amounts, name: str) -> str:
    if name not in amounts:
        return "none"
    amount, tax, rule = amounts[name]
    return f"{amount} + {tax} {rule}" if tax else f"{amount}"
