"""Maps a refund to its credit note: every item with the tax it was invoiced with, equal to the cent of the refund.

The refund's total is what left the bank, so the credit note must equal it. An item can be credited up to its creditable
balance, which is what was invoiced less what earlier credit notes credited; no amount is credited twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, hold, note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import LineKind, OrderLine
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.rounding import is_within_tolerance, missing_rounding_product, rounding_line
from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, external_id_of, price_out
from weighbridge.domain.orders.sale_mapping import Stopped
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.returns.credit_note import CreditableBalance, CreditNote, creditable_balances
from weighbridge.domain.returns.credit_rounding import CreditRow, credit_row, with_amounts, with_tax
from weighbridge.domain.returns.refund import CHARGE_OF, Refund, RefundItem, RefundItemKind, RefundPolicy
from weighbridge.domain.values.money import ZERO, apportion, minor_digits, round_half_up, total


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit note that is ready to post, with the notes found while mapping."""

    credit_note: CreditNote
    notes: tuple[Finding, ...] = ()


def credit_note_of(
    refund: Refund,
    sale: Sale,
    order_lines: Sequence[OrderLine],
    before: Sequence[CreditNote],
    reference_data: ReferenceData,
    policy: SalePolicy,
    refund_policy: RefundPolicy,
) -> Credited | Stopped:
    """The credit note of `refund` for the invoice of `sale`, or every reason why it cannot be posted.

    `before` are the credit notes of the order's other refunds. The credit note's total is the refund's. A residual
    between the total and the items becomes a rounding line within the tolerance; beyond it, the refund is held.
    """
    digits = minor_digits(sale.currency)
    refund = replace(
        refund, total=round_half_up(refund.total, digits), total_tax=round_half_up(refund.total_tax, digits)
    )
    open_value = sale.total - total(earlier.value for earlier in before)
    if refund.total > open_value:
        expected = f"at most {open_value} {sale.currency}, the amount that is invoiced and not credited yet"
        return Stopped((hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_amount", refund.total, expected),))
    balances = creditable_balances(sale, before)
    rows, problems = _credit_rows(refund, balances, order_lines, policy, digits)
    unallocated = _unallocated_charges(refund, sale, balances, policy, refund_policy, digits)
    if isinstance(unallocated, Finding):
        problems.append(unallocated)
        unallocated = ()
    for product in sorted({charge.product_name for charge in unallocated} - reference_data.products.keys()):
        expected = "a Service product in Cin7 that the design names as refunds.goodwill_product"
        problems.append(hold(FindingKind.CHARGE_UNMAPPED, "refunds.goodwill_product", product or "empty", expected))
    if problems:
        return Stopped(tuple(problems))
    unallocated_tax = total(charge.tax for charge in unallocated)
    rows = with_amounts(refund, rows, total(_inc_tax(charge, sale) for charge in unallocated), digits)
    rows = with_tax(rows, refund.total_tax - unallocated_tax, digits)
    credit_note = CreditNote(
        reference=f"{external_id_of(policy, refund.order_id)}:refund-{refund.id}",
        currency_rate=sale.currency_rate,
        dated_at=refund.created_at,
        tax_inclusive=sale.tax_inclusive,
        lines=tuple(line for row in rows for line in _lines(row, sale, digits)),
        charges=(*_charges(rows, sale), *unallocated),
        value=refund.total,
        reason=refund.reason,
    )
    return _with_rounding(credit_note, refund, reference_data, policy)


def _inc_tax(charge: SaleCharge, sale: Sale) -> Decimal:
    return charge.price if sale.tax_inclusive else charge.price + charge.tax


def _credit_rows(
    refund: Refund,
    balances: Mapping[str, CreditableBalance],
    order_lines: Sequence[OrderLine],
    policy: SalePolicy,
    digits: int,
) -> tuple[list[CreditRow], list[Finding]]:
    """The refund's items, each with the invoiced line or charge that it refunds.

    A product refunds its line; shipping, handling, wrapping and fees refund the charge of that kind. Amounts are
    computed as the store computes them and not rounded to the refund's total yet.
    """
    lines = {line.id: line for line in order_lines}
    remaining = dict(balances)
    rows: list[CreditRow] = []
    problems: list[Finding] = []
    for position, item in enumerate(_merged(refund.items)):
        if item.kind in (RefundItemKind.ORDER, RefundItemKind.TAX):
            continue
        field = f"refund.items[{position}]"
        line = lines.get(item.item_id) if item.kind in (RefundItemKind.PRODUCT, RefundItemKind.WRAPPING) else None
        balance = remaining.get(_balance_key(item, line, policy))
        if balance is None:
            expected = "a line or charge of the order that its sale invoiced"
            problems.append(
                hold(FindingKind.REFUND_ITEM_UNKNOWN, f"{field}.item_id", f"{item.kind} {item.item_id}", expected)
            )
            continue
        is_line = item.kind == RefundItemKind.PRODUCT and balance.key.startswith("line:")
        if is_line and item.quantity > balance.units:
            expected = f"at most {balance.units.normalize():f}, the units that are invoiced and not credited yet"
            problems.append(hold(FindingKind.REFUND_EXCEEDS_SALE, f"{field}.quantity", item.quantity, expected))
            continue
        row = credit_row(item, line, balance, digits)
        rows.append(row)
        remaining[balance.key] = replace(
            balance,
            units=balance.units - row.units,
            inc_tax=balance.inc_tax - row.inc_tax,
            tax=balance.tax - row.tax,
        )
    return rows, problems


def _merged(items: Iterable[RefundItem]) -> list[RefundItem]:
    """The items, with all items of one order line merged, so that each line is credited once."""
    products: dict[int, RefundItem] = {}
    others: list[RefundItem] = []
    for item in items:
        if item.kind != RefundItemKind.PRODUCT:
            others.append(item)
        elif item.item_id in products:
            merged = products[item.item_id]
            products[item.item_id] = replace(merged, quantity=merged.quantity + item.quantity)
        else:
            products[item.item_id] = item
    return [*products.values(), *others]


def _balance_key(item: RefundItem, line: OrderLine | None, policy: SalePolicy) -> str:
    """The key of the balance that an item refunds; empty for an unknown kind of item."""
    if item.kind == RefundItemKind.PRODUCT:
        if line is not None and line.kind is LineKind.GIFT_CERTIFICATE:
            return f"charge:{policy.gift_certificate_product}"
        return f"line:{item.item_id}"
    kind = CHARGE_OF.get(item.kind)
    return f"charge:{policy.charge_products.get(kind, '')}" if kind else ""


def _unallocated_charges(
    refund: Refund,
    sale: Sale,
    balances: Mapping[str, CreditableBalance],
    policy: SalePolicy,
    refund_policy: RefundPolicy,
    digits: int,
) -> tuple[SaleCharge, ...] | Finding:
    """Refunded amounts that belong to no invoiced line or charge: goodwill on the order, deductions from goods, and tax
    alone, by tax rule. A Finding when more tax is refunded than is left to credit."""
    product = refund_policy.goodwill_product
    charges: list[SaleCharge] = []
    for item in refund.items:
        if item.kind == RefundItemKind.ORDER and item.amount:
            comment = _comment("Goodwill", item, refund)
            charges.append(SaleCharge(product, item.amount, ZERO, policy.untaxed_rule, comment))
        if item.deducted:
            comment = _comment("Kept", item, refund)
            charges.append(SaleCharge(product, -item.deducted, ZERO, policy.untaxed_rule, comment))
    tax = total(item.amount or ZERO for item in refund.items if item.kind == RefundItemKind.TAX)
    tax = tax if refund.items else refund.total_tax
    if tax <= 0:
        return tuple(charges)
    by_rule: dict[str, Decimal] = {}
    for balance in balances.values():
        if balance.tax > 0:
            by_rule[balance.rule] = by_rule.get(balance.rule, ZERO) + balance.tax
    if tax > total(by_rule.values()):
        expected = f"at most {total(by_rule.values())}, the tax that is invoiced and not credited yet"
        return hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_tax", tax, expected)
    shares = apportion(tax, list(by_rule.values()), digits)
    for rule, share in zip(by_rule, shares, strict=True):
        if share:
            charges.append(SaleCharge(product, share if sale.tax_inclusive else ZERO, share, rule, "Tax refunded"))
    return tuple(charges)


def _comment(label: str, item: RefundItem, refund: Refund) -> str:
    reason = item.reason or refund.reason
    return f"{label}: {reason}" if reason else label


def _lines(row: CreditRow, sale: Sale, digits: int) -> list[SaleLine]:
    """The lines of a row: one, or two whose prices are one step apart if cents need it; none for a charge."""
    if not row.units:
        return []
    invoiced = next(line for line in sale.lines if f"line:{line.order_line_id}" == row.balance.key)
    net = row.inc_tax if sale.tax_inclusive else row.inc_tax - row.tax
    pieces = price_out(net, row.units, digits)
    taxes = apportion(row.tax, [piece.line_total for piece in pieces], digits)
    return [
        replace(
            invoiced,
            quantity=piece.quantity,
            price=piece.price,
            line_total=piece.line_total,
            tax=tax,
            comment=row.item.reason,
        )
        for piece, tax in zip(pieces, taxes, strict=True)
    ]


def _charges(rows: Iterable[CreditRow], sale: Sale) -> Iterable[SaleCharge]:
    for row in rows:
        if row.units or not row.inc_tax:
            continue
        net = row.inc_tax if sale.tax_inclusive else row.inc_tax - row.tax
        yield SaleCharge(row.balance.key.removeprefix("charge:"), net, row.tax, row.balance.rule, row.item.reason)


def _with_rounding(
    credit_note: CreditNote, refund: Refund, reference_data: ReferenceData, policy: SalePolicy
) -> Credited | Stopped:
    """The credit note with a rounding line for its residual, and a note if its tax is not the refund's."""
    residual = credit_note.value - credit_note.total
    if not is_within_tolerance(residual, policy):
        expected = f"{credit_note.total}, the invoiced amounts of its items, to within {policy.tolerance}"
        return Stopped((hold(FindingKind.REFUND_DOES_NOT_ADD_UP, "refund.total_amount", credit_note.value, expected),))
    if residual:
        if problem := missing_rounding_product(reference_data, policy):
            return Stopped((problem,))
        credit_note = replace(credit_note, charges=(*credit_note.charges, rounding_line(residual, policy)))
    if credit_note.tax == refund.total_tax:
        return Credited(credit_note)
    expected = f"{credit_note.tax}, the tax that these items were invoiced with and that is not credited yet"
    return Credited(
        credit_note, (note(FindingKind.REFUND_TAX_DIFFERS, "refund.total_tax", refund.total_tax, expected),)
    )
