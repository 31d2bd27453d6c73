"""A credit note as it will stand in Cin7 Core, and the room that earlier notes leave of what a sale invoiced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, SaleTender
from weighbridge.domain.returns.restock import RestockLine
from weighbridge.domain.values.money import ZERO, total


@dataclass(frozen=True, slots=True)
class CreditNote:
    """Everything that is posted for one refund. Amounts in order currency."""

    reference: str
    """Found again by this: part of the note's memo, and of each refund payment's reference."""
    currency_rate: Decimal
    dated_at: datetime
    tax_inclusive: bool
    lines: tuple[SaleLine, ...]
    charges: tuple[SaleCharge, ...]
    value: Decimal
    """What the refund comes to, with tax: the figure the note must equal."""
    reason: str = ""
    restock: tuple[RestockLine, ...] = ()
    payouts: tuple[SaleTender, ...] = ()
    never_left: Mapping[str, Decimal] | None = None
    """SKU -> refunded units that had not been dispatched."""

    @property
    def tax(self) -> Decimal:
        return total(line.tax for line in self.lines) + total(charge.tax for charge in self.charges)

    @property
    def total(self) -> Decimal:
        """What Cin7 will make of lines and charges, with tax."""
        goods = total(line.line_total for line in self.lines) + total(charge.price for charge in self.charges)
        return goods if self.tax_inclusive else goods + self.tax


@dataclass(frozen=True, slots=True)
class Room:
    """What of one invoiced part is not credited yet."""

    key: str
    """`line:ID` of an order line, or `charge:NAME` of a Service product."""
    units: Decimal
    inc_tax: Decimal
    tax: Decimal
    rule: str
    invoiced_units: Decimal
    invoiced_inc_tax: Decimal
    invoiced_tax: Decimal


def rooms_of(sale: Sale, before: Iterable[CreditNote]) -> dict[str, Room]:
    """What is left to credit of each part of `sale` after the credit notes `before`.

    Tax that went back alone is no part's own; it is taken from the parts under its rule, first parts first.
    """
    rooms: dict[str, Room] = {}
    for key, units, inc, tax, rule in _rows(sale.lines, sale.charges, sale.tax_inclusive):
        had = rooms.get(key) or Room(key, ZERO, ZERO, ZERO, rule, ZERO, ZERO, ZERO)
        units, inc, tax = had.units + units, had.inc_tax + inc, had.tax + tax
        rooms[key] = replace(
            had,
            units=units,
            inc_tax=inc,
            tax=tax,
            invoiced_units=units,
            invoiced_inc_tax=inc,
            invoiced_tax=tax,
        )
    for credit in before:
        for key, units, inc, tax, _ in _rows(credit.lines, credit.charges, credit.tax_inclusive):
            if key in rooms:
                had = rooms[key]
                rooms[key] = replace(had, units=had.units - units, inc_tax=had.inc_tax - inc, tax=had.tax - tax)
    alone: dict[str, Decimal] = {}
    for charge in (one for credit in before for one in credit.charges):
        if charge.tax and f"charge:{charge.product_name}" not in rooms:
            alone[charge.tax_rule] = alone.get(charge.tax_rule, ZERO) + charge.tax
    for key, room in rooms.items():
        taken = min(alone.get(room.rule, ZERO), max(ZERO, room.tax))
        if taken:
            alone[room.rule] -= taken
            rooms[key] = replace(room, tax=room.tax - taken)
    return rooms


def _rows(
    lines: Iterable[SaleLine], charges: Iterable[SaleCharge], tax_inclusive: bool
) -> Iterable[tuple[str, Decimal, Decimal, Decimal, str]]:
    """(key, units, worth with tax, tax, tax rule) of each row of a document."""
    for line in lines:
        inc = line.line_total if tax_inclusive else line.line_total + line.tax
        yield f"line:{line.order_line_id}", line.quantity, inc, line.tax, line.tax_rule
    for charge in charges:
        inc = charge.price if tax_inclusive else charge.price + charge.tax
        yield f"charge:{charge.product_name}", ZERO, inc, charge.tax, charge.tax_rule
