"""For any refunds of an order, its credit notes equal its refunds and never exceed its invoice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.domain.builders import NOON, policy
from tests.domain.refund_builders import POLICY, with_goodwill
from tests.properties.store_orders import DIGITS, at_coin, store_orders
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, map_order
from weighbridge.domain.returns.credit_note import CreditNote, creditable_balances
from weighbridge.domain.returns.credit_note_mapping import Credited, credit_note_of
from weighbridge.domain.returns.refund import Refund, RefundItem
from weighbridge.domain.values.money import total

TOLERANT = policy(tolerance=Decimal(5))
CHARGES = {"Shipping": "SHIPPING", "Handling": "HANDLING", "Gift wrapping": "SHIPPING", "Fee": "FEE"}


@dataclass(frozen=True, slots=True)
class Refunded:
    """An order, its sale, and its refunds in the order in which they were made."""

    order: Order
    sale: Sale
    refunds: tuple[Refund, ...]


def _sale(store_order: Order) -> Sale:
    mapped = map_order(store_order, with_goodwill(), TOLERANT)
    assert isinstance(mapped, Mapped)
    return mapped.sale


@st.composite
def wholly_refunded(draw: st.DrawFn) -> Refunded:
    """All lines and charges are refunded in random portions; the last portion completes each to the coin.

    If the rounding line is negative, the lines sum to more than was paid, and the store refuses the last cent.
    """
    store_order = draw(store_orders(most_lines=3, most_units=12))
    sale = _sale(store_order)
    digits = DIGITS[store_order.currency]
    assume(all(balance.inc_tax >= 0 for balance in creditable_balances(sale, ()).values()))
    portions: list[tuple[RefundItem, Decimal, Decimal]] = []
    for key, balance in creditable_balances(sale, ()).items():
        kind, _, name = key.partition(":")
        if kind == "line":
            line_id, remaining, paid, taxed = int(name), int(balance.units), Decimal(0), Decimal(0)
            while remaining:
                units = draw(st.integers(1, remaining))
                remaining -= units
                refunded_units = balance.units - remaining
                inc = at_coin(balance.inc_tax * refunded_units / balance.units, digits) - paid
                tax = at_coin(balance.tax * refunded_units / balance.units, digits) - taxed
                paid, taxed = paid + inc, taxed + tax
                portions.append((RefundItem("PRODUCT", line_id, Decimal(units)), inc, tax))
        elif name in CHARGES and name != "Gift wrapping":
            portions.append((RefundItem(CHARGES[name], 1, amount=balance.inc_tax), balance.inc_tax, balance.tax))
        else:
            portions.append((RefundItem("ORDER", store_order.id, amount=balance.inc_tax), balance.inc_tax, balance.tax))
    portions = [portion for portion in draw(st.permutations(portions)) if portion[1] >= 0]
    refunds: list[Refund] = []
    while portions:
        size = draw(st.integers(1, len(portions)))
        refunded, portions = portions[:size], portions[size:]
        refunds.append(
            Refund(
                id=str(len(refunds) + 1),
                order_id=store_order.id,
                created_at=NOON,
                total=total(portion[1] for portion in refunded),
                total_tax=total(portion[2] for portion in refunded),
                items=tuple(portion[0] for portion in refunded),
                payments=(),
            )
        )
    return Refunded(store_order, sale, tuple(refunds))


def _credited(life: Refunded) -> tuple[CreditNote, ...]:
    credit_notes: tuple[CreditNote, ...] = ()
    for refund in life.refunds:
        outcome = credit_note_of(refund, life.sale, life.order.lines, credit_notes, with_goodwill(), TOLERANT, POLICY)
        assert isinstance(outcome, Credited), [str(finding) for finding in outcome.findings]
        credit_notes = (*credit_notes, outcome.credit_note)
    return credit_notes


@settings(max_examples=60, deadline=None)
@given(wholly_refunded())
def test_portions_in_any_order_come_to_the_whole_invoice(life: Refunded) -> None:
    credit_notes = _credited(life)
    assert [credit_note.total for credit_note in credit_notes] == [refund.total for refund in life.refunds]
    positive = total(balance.inc_tax for balance in creditable_balances(life.sale, ()).values() if balance.inc_tax > 0)
    assert total(credit_note.total for credit_note in credit_notes) == positive
    for key, balance in creditable_balances(life.sale, credit_notes).items():
        assert balance.units == 0, key
        assert balance.tax >= 0, key


@settings(max_examples=60, deadline=None)
@given(wholly_refunded())
def test_no_line_is_credited_with_more_than_it_was_invoiced_with(life: Refunded) -> None:
    credit_notes = _credited(life)
    for balance in creditable_balances(life.sale, credit_notes).values():
        if balance.key != f"charge:{TOLERANT.rounding_product}":
            assert balance.units >= 0
            assert balance.inc_tax >= 0
    assert total(credit_note.tax for credit_note in credit_notes) <= life.sale.tax


@settings(max_examples=60, deadline=None)
@given(life=wholly_refunded(), factor=st.integers(2, 5), tax=st.integers(-500, 5_000))
def test_credit_notes_never_exceed_the_invoice_whatever_is_refunded(life: Refunded, factor: int, tax: int) -> None:
    """The same refunds repeated under new ids with any tax: the accepted ones stay within the invoice."""
    credit_notes: tuple[CreditNote, ...] = ()
    alone = at_coin(life.sale.tax / 2, DIGITS[life.order.currency])
    tax_alone = Refund("t", life.order.id, NOON, alone, alone, (), ())
    outcome = credit_note_of(tax_alone, life.sale, life.order.lines, credit_notes, with_goodwill(), TOLERANT, POLICY)
    if isinstance(outcome, Credited):
        credit_notes = (outcome.credit_note,)
    for repeat in range(factor):
        for refund in life.refunds:
            again = Refund(
                id=f"{refund.id}-{repeat}",
                order_id=refund.order_id,
                created_at=NOON,
                total=refund.total,
                total_tax=Decimal(tax).scaleb(-DIGITS[life.order.currency]),
                items=refund.items,
                payments=(),
                uses_merchant_override=repeat % 2 == 1,
            )
            outcome = credit_note_of(
                again, life.sale, life.order.lines, credit_notes, with_goodwill(), TOLERANT, POLICY
            )
            if isinstance(outcome, Credited):
                assert outcome.credit_note.total == again.total
                credit_notes = (*credit_notes, outcome.credit_note)
    assert total(credit_note.total for credit_note in credit_notes) <= life.sale.total
    assert total(credit_note.tax for credit_note in credit_notes) <= life.sale.tax
