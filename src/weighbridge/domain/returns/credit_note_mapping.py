"""From a refund to a credit note: every part credited with the tax it was invoiced with, to the cent of the refund.

The refund's total is what left the bank, so the note comes to exactly that. What each part was invoiced with, less what
earlier notes credited, is the room that a part may take; nothing is ever credited twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, FindingKind, hold, note
from weighbridge.domain.orders.order import LineKind, OrderLine
from weighbridge.domain.orders.reference_data import Books
from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, price_out
from weighbridge.domain.orders.sale_mapping import Stopped
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.returns.credit_note import CreditNote, Room, rooms_of
from weighbridge.domain.returns.refund import CHARGE_OF, Refund, RefundItem, RefundItemKind, RefundPolicy
from weighbridge.domain.values.money import ZERO, apportion, minor_digits, round_half_up, round_to_sum, total


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit note ready to post, with what was noticed on the way."""

    credit_note: CreditNote
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """One item of the refund laid on what it was invoiced as."""

    room: Room
    item: RefundItem
    units: Decimal
    inc_tax: Decimal
    tax: Decimal


def credit_note_of(
    refund: Refund,
    sale: Sale,
    order_lines: Sequence[OrderLine],
    before: Sequence[CreditNote],
    books: Books,
    policy: SalePolicy,
    refunds: RefundPolicy,
) -> Credited | Stopped:
    """The credit note of `refund` on the invoice of `sale`, or every reason why it cannot be made.

    `before` are the credit notes of the order's other refunds. The note's total is the refund's; the cents between it
    and its parts are one named rounding line within the tolerance, and beyond it the refund waits.
    """
    digits = minor_digits(sale.currency)
    refund = replace(
        refund, total=round_half_up(refund.total, digits), total_tax=round_half_up(refund.total_tax, digits)
    )
    open_value = sale.total - total(one.value for one in before)
    if refund.total > open_value:
        expected = f"at most {open_value} {sale.currency}, what is invoiced and not credited yet"
        return Stopped((hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_amount", refund.total, expected),))
    rooms = rooms_of(sale, before)
    parts, problems = _parts(refund, rooms, order_lines, policy, digits)
    loose = _loose(refund, sale, rooms, policy, refunds, digits)
    if isinstance(loose, Finding):
        problems.append(loose)
        loose = ()
    for product in sorted({one.product_name for one in loose} - books.products.keys()):
        expected = "a Service product in Cin7 that the design names as refunds.goodwill_product"
        problems.append(hold(FindingKind.CHARGE_UNMAPPED, "refunds.goodwill_product", product or "empty", expected))
    if problems:
        return Stopped(tuple(problems))
    loose_tax = total(one.tax for one in loose)
    parts = _valued(refund, parts, total(_inc(one, sale) for one in loose), digits)
    taxed = _taxed(parts, refund.total_tax - loose_tax, digits)
    made = CreditNote(
        reference=f"{policy.external_id(refund.order_id)}:refund-{refund.id}",
        currency_rate=sale.currency_rate,
        dated_at=refund.created_at,
        tax_inclusive=sale.tax_inclusive,
        lines=tuple(line for part in taxed for line in _lines(part, sale, digits)),
        charges=(*_charges(taxed, sale), *loose),
        value=refund.total,
        reason=refund.reason,
    )
    return _rounded(made, refund, books, policy)


def _inc(charge: SaleCharge, sale: Sale) -> Decimal:
    return charge.price if sale.tax_inclusive else charge.price + charge.tax


def _parts(
    refund: Refund, rooms: Mapping[str, Room], order_lines: Sequence[OrderLine], policy: SalePolicy, digits: int
) -> tuple[list[_Part], list[Finding]]:
    """The refund's items on what they were invoiced as; each part by the shop's own arithmetic, before the fit."""
    lines = {line.id: line for line in order_lines}
    left = dict(rooms)
    parts: list[_Part] = []
    problems: list[Finding] = []
    for position, item in enumerate(_merged(refund.items)):
        if item.kind in (RefundItemKind.ORDER, RefundItemKind.TAX):
            continue
        field = f"refund.items[{position}]"
        line = lines.get(item.item_id) if item.kind in (RefundItemKind.PRODUCT, RefundItemKind.WRAPPING) else None
        room = left.get(_key(item, line, policy))
        if room is None:
            expected = "a part of the order that its sale invoiced"
            problems.append(
                hold(FindingKind.REFUND_ITEM_UNKNOWN, f"{field}.item_id", f"{item.kind} {item.item_id}", expected)
            )
            continue
        if item.kind == RefundItemKind.PRODUCT and room.key.startswith("line:") and item.quantity > room.units:
            expected = f"at most {room.units.normalize():f}, the units invoiced and not credited yet"
            problems.append(hold(FindingKind.REFUND_EXCEEDS_SALE, f"{field}.quantity", item.quantity, expected))
            continue
        part = _share(item, line, room, digits)
        parts.append(part)
        left[room.key] = replace(
            room, units=room.units - part.units, inc_tax=room.inc_tax - part.inc_tax, tax=room.tax - part.tax
        )
    return parts, problems


def _merged(items: Iterable[RefundItem]) -> list[RefundItem]:
    """The items with those of one line put together, so that each line is credited once."""
    merged: dict[tuple[str, int], RefundItem] = {}
    apart: list[RefundItem] = []
    for item in items:
        key = (item.kind, item.item_id)
        if item.kind != RefundItemKind.PRODUCT:
            apart.append(item)
        elif key in merged:
            merged[key] = replace(merged[key], quantity=merged[key].quantity + item.quantity)
        else:
            merged[key] = item
    return [*merged.values(), *apart]


def _key(item: RefundItem, line: OrderLine | None, policy: SalePolicy) -> str:
    if item.kind == RefundItemKind.PRODUCT:
        if line is not None and line.kind is LineKind.GIFT_CERTIFICATE:
            return f"charge:{policy.gift_certificate_product}"
        return f"line:{item.item_id}"
    kind = CHARGE_OF.get(item.kind)
    return f"charge:{policy.charge_products.get(kind, '')}" if kind else ""


def _share(item: RefundItem, line: OrderLine | None, room: Room, digits: int) -> _Part:
    """An item's worth: a share of its line by units, or the amount that the shop names, with its share of tax."""
    if item.kind == RefundItemKind.PRODUCT and room.key.startswith("line:"):
        share = item.quantity / room.invoiced_units
        exact_tax = room.tax if item.quantity == room.units else room.invoiced_tax * share
        return _Part(
            room, item, item.quantity, round_half_up(room.invoiced_inc_tax * share, digits), min(exact_tax, room.tax)
        )
    if item.amount is not None:
        amount = item.amount
    elif line is not None and line.quantity > 0:
        whole = line.discounted_inc_tax if item.kind == RefundItemKind.PRODUCT else line.wrapping_inc_tax
        amount = round_half_up(whole * item.quantity / line.quantity, digits)
    else:
        amount = ZERO
    tax = room.invoiced_tax * amount / room.invoiced_inc_tax if room.invoiced_inc_tax else ZERO
    return _Part(room, item, ZERO, amount, min(tax, room.tax))


def _loose(
    refund: Refund,
    sale: Sale,
    rooms: Mapping[str, Room],
    policy: SalePolicy,
    refunds: RefundPolicy,
    digits: int,
) -> tuple[SaleCharge, ...] | Finding:
    """What no invoiced part bears: goodwill on the order, deductions from goods, and tax alone, by tax rule."""
    product = refunds.goodwill_product
    made: list[SaleCharge] = []
    for item in refund.items:
        if item.kind == RefundItemKind.ORDER and item.amount:
            made.append(SaleCharge(product, item.amount, ZERO, policy.untaxed_rule, _words("Goodwill", item, refund)))
        if item.deducted:
            made.append(SaleCharge(product, -item.deducted, ZERO, policy.untaxed_rule, _words("Kept", item, refund)))
    tax = total(item.amount or ZERO for item in refund.items if item.kind == RefundItemKind.TAX)
    tax = tax if refund.items else refund.total_tax
    if tax <= 0:
        return tuple(made)
    by_rule: dict[str, Decimal] = {}
    for room in rooms.values():
        if room.tax > 0:
            by_rule[room.rule] = by_rule.get(room.rule, ZERO) + room.tax
    if tax > total(by_rule.values()):
        expected = f"at most {total(by_rule.values())}, the tax invoiced and not credited yet"
        return hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_tax", tax, expected)
    shares = apportion(tax, list(by_rule.values()), digits)
    for rule, share in zip(by_rule, shares, strict=True):
        if share:
            made.append(SaleCharge(product, share if sale.tax_inclusive else ZERO, share, rule, "Tax refunded"))
    return tuple(made)


def _words(what: str, item: RefundItem, refund: Refund) -> str:
    reason = item.reason or refund.reason
    return f"{what}: {reason}" if reason else what


def _valued(refund: Refund, parts: list[_Part], loose: Decimal, digits: int) -> list[_Part]:
    """The parts at what they are worth: of the shop's plain shares and of shares that finish their lines to the coin,
    whichever leaves less between parts and total; figures that staff typed are spread over the parts instead."""
    wanted = refund.total - loose
    if refund.merchant_figures and parts and wanted >= 0:
        weights = [part.inc_tax for part in parts]
        worths = apportion(wanted, weights, digits) if total(weights) > 0 else tuple(weights)
        parts = [replace(part, inc_tax=worth) for part, worth in zip(parts, worths, strict=True)]
    plain = [replace(part, inc_tax=min(part.inc_tax, part.room.inc_tax)) for part in parts]
    if refund.merchant_figures:
        return plain
    finished = [
        replace(part, inc_tax=part.room.inc_tax) if part.units and part.units == part.room.units else part
        for part in plain
    ]
    nearer = min((finished, plain), key=lambda chosen: abs(wanted - total(part.inc_tax for part in chosen)))
    return _to_the_coin(nearer, wanted, digits)


def _to_the_coin(parts: list[_Part], wanted: Decimal, digits: int) -> list[_Part]:
    """The parts with one coin more or less where the shop rounded otherwise; a larger gap is left as it is."""
    coin = Decimal(1).scaleb(-digits)
    gap = wanted - total(part.inc_tax for part in parts)
    step = coin if gap > 0 else -coin
    open_ = [n for n, part in enumerate(parts) if 0 <= part.inc_tax + step <= part.room.inc_tax]
    if abs(gap) > coin * len(open_):
        return parts
    moved = set(open_[: int(abs(gap) / coin)])
    return [replace(part, inc_tax=part.inc_tax + step) if n in moved else part for n, part in enumerate(parts)]


def _taxed(parts: list[_Part], wanted: Decimal, digits: int) -> list[_Part]:
    """The parts with whole coins of tax that come to the refund's own tax, as far as each part has room for it."""
    if not parts:
        return []
    exact = [part.tax for part in parts]
    coin = Decimal(1).scaleb(-digits)
    if abs(total(exact) - wanted) > coin * len(parts) / 2 and wanted >= 0 and total(exact) > 0:
        taxes = list(apportion(round_half_up(wanted, digits), exact, digits))
    else:
        taxes = list(round_to_sum(exact, wanted, digits))
    most = [max(ZERO, min(part.room.tax, part.inc_tax)) for part in parts]
    over = total(max(ZERO, tax - limit) for tax, limit in zip(taxes, most, strict=True))
    fitted = [max(ZERO, min(tax, limit)) for tax, limit in zip(taxes, most, strict=True)]
    for index, limit in enumerate(most):
        more = min(over, limit - fitted[index])
        fitted[index], over = fitted[index] + more, over - more
    return [replace(part, tax=tax) for part, tax in zip(parts, fitted, strict=True)]


def _lines(part: _Part, sale: Sale, digits: int) -> list[SaleLine]:
    """The part's lines; two of one price step apart where cents need it."""
    if not part.units:
        return []
    like = next(line for line in sale.lines if f"line:{line.order_line_id}" == part.room.key)
    net = part.inc_tax if sale.tax_inclusive else part.inc_tax - part.tax
    pieces = price_out(net, part.units, digits)
    taxes = apportion(part.tax, [piece.line_total for piece in pieces], digits)
    return [
        replace(
            like,
            quantity=piece.quantity,
            price=piece.price,
            line_total=piece.line_total,
            tax=tax,
            comment=part.item.reason,
        )
        for piece, tax in zip(pieces, taxes, strict=True)
    ]


def _charges(parts: Iterable[_Part], sale: Sale) -> Iterable[SaleCharge]:
    for part in parts:
        if part.units or not part.inc_tax:
            continue
        net = part.inc_tax if sale.tax_inclusive else part.inc_tax - part.tax
        yield SaleCharge(part.room.key.removeprefix("charge:"), net, part.tax, part.room.rule, part.item.reason)


def _rounded(made: CreditNote, refund: Refund, books: Books, policy: SalePolicy) -> Credited | Stopped:
    """Settles the cents between the refund and its parts, and tells where the tax is not the shop's."""
    residual = made.value - made.total
    if abs(residual) > policy.tolerance:
        expected = f"{made.total}, what its parts were invoiced with, to within {policy.tolerance}"
        return Stopped((hold(FindingKind.REFUND_DOES_NOT_ADD_UP, "refund.total_amount", made.value, expected),))
    if residual and policy.rounding_product not in books.products:
        expected = "a Service product in Cin7 that the design names for rounding"
        return Stopped((hold(FindingKind.CHARGE_UNMAPPED, "rounding", policy.rounding_product or "empty", expected),))
    if residual:
        line = SaleCharge(policy.rounding_product, residual, ZERO, policy.untaxed_rule, "Cents from rounding")
        made = replace(made, charges=(*made.charges, line))
    notes: tuple[Finding, ...] = ()
    if made.tax != refund.total_tax:
        expected = f"{made.tax}, the tax that these parts were invoiced with and that is not credited yet"
        notes = (note(FindingKind.REFUND_TAX_DIFFERS, "refund.total_tax", refund.total_tax, expected),)
    return Credited(made, notes)
