"""However an order is refunded, its credit notes come to its refunds, never to more than its invoice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.domain.builders import NOON, policy
from tests.domain.refund_builders import POLICY, with_goodwill
from tests.properties.shop_orders import DIGITS, at_coin, shop_orders
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, map_order
from weighbridge.domain.returns.credit_note import CreditNote, rooms_of
from weighbridge.domain.returns.credit_note_mapping import Credited, credit_note_of
from weighbridge.domain.returns.refund import Refund, RefundItem
from weighbridge.domain.values.money import total

TOLERANT = policy(tolerance=Decimal(5))
CHARGES = {"Shipping": "SHIPPING", "Handling": "HANDLING", "Gift wrapping": "SHIPPING", "Fee": "FEE"}


@dataclass(frozen=True, slots=True)
class Refunded:
    """An order, its sale, and refunds of it in the order in which they came."""

    order: Order
    sale: Sale
    refunds: tuple[Refund, ...]


def _sale(wanted: Order) -> Sale:
    found = map_order(wanted, with_goodwill(), TOLERANT)
    assert isinstance(found, Mapped)
    return found.sale


@st.composite
def wholly_refunded(draw: st.DrawFn) -> Refunded:
    """All lines and charges go back in random portions; the shop's figures finish each part to the coin.

    Where the invoice has cents taken off, its lines come to more than was paid, and the shop refuses the last cent.
    """
    wanted = draw(shop_orders(most_lines=3, most_units=12))
    sale = _sale(wanted)
    digits = DIGITS[wanted.currency]
    assume(all(room.inc_tax >= 0 for room in rooms_of(sale, ()).values()))
    portions: list[tuple[RefundItem, Decimal, Decimal]] = []
    for key, room in rooms_of(sale, ()).items():
        kind, _, name = key.partition(":")
        if kind == "line":
            line_id, left, paid, taxed = int(name), int(room.units), Decimal(0), Decimal(0)
            while left:
                units = draw(st.integers(1, left))
                left -= units
                done = room.units - left
                inc = at_coin(room.inc_tax * done / room.units, digits) - paid
                tax = at_coin(room.tax * done / room.units, digits) - taxed
                paid, taxed = paid + inc, taxed + tax
                portions.append((RefundItem("PRODUCT", line_id, Decimal(units)), inc, tax))
        elif name in CHARGES and name != "Gift wrapping":
            portions.append((RefundItem(CHARGES[name], 1, amount=room.inc_tax), room.inc_tax, room.tax))
        else:
            portions.append((RefundItem("ORDER", wanted.id, amount=room.inc_tax), room.inc_tax, room.tax))
    portions = [one for one in draw(st.permutations(portions)) if one[1] >= 0]
    refunds: list[Refund] = []
    while portions:
        size = draw(st.integers(1, len(portions)))
        taken, portions = portions[:size], portions[size:]
        refunds.append(
            Refund(
                id=str(len(refunds) + 1),
                order_id=wanted.id,
                created_at=NOON,
                total=total(one[1] for one in taken),
                total_tax=total(one[2] for one in taken),
                items=tuple(one[0] for one in taken),
                payments=(),
            )
        )
    return Refunded(wanted, sale, tuple(refunds))


def _credited(life: Refunded) -> tuple[CreditNote, ...]:
    made: tuple[CreditNote, ...] = ()
    for refund in life.refunds:
        found = credit_note_of(refund, life.sale, life.order.lines, made, with_goodwill(), TOLERANT, POLICY)
        assert isinstance(found, Credited), [str(one) for one in found.findings]
        made = (*made, found.credit_note)
    return made


@settings(max_examples=60, deadline=None)
@given(wholly_refunded())
def test_portions_in_any_order_come_to_the_whole_invoice(life: Refunded) -> None:
    made = _credited(life)
    assert [one.total for one in made] == [one.total for one in life.refunds]
    positive = total(room.inc_tax for room in rooms_of(life.sale, ()).values() if room.inc_tax > 0)
    assert total(one.total for one in made) == positive
    for key, room in rooms_of(life.sale, made).items():
        assert room.units == 0, key
        assert room.tax >= 0, key


@settings(max_examples=60, deadline=None)
@given(wholly_refunded())
def test_no_line_is_credited_with_more_than_it_was_invoiced_with(life: Refunded) -> None:
    made = _credited(life)
    for room in rooms_of(life.sale, made).values():
        if room.key != f"charge:{TOLERANT.rounding_product}":
            assert room.units >= 0
            assert room.inc_tax >= 0
    assert total(one.tax for one in made) <= life.sale.tax


@settings(max_examples=60, deadline=None)
@given(life=wholly_refunded(), factor=st.integers(2, 5), tax=st.integers(-500, 5_000))
def test_credit_notes_never_exceed_the_invoice_whatever_the_shop_says(life: Refunded, factor: int, tax: int) -> None:
    """The same refunds again and again under new ids, with any tax: what passes stays within the invoice."""
    made: tuple[CreditNote, ...] = ()
    alone = at_coin(life.sale.tax / 2, DIGITS[life.order.currency])
    tax_alone = Refund("t", life.order.id, NOON, alone, alone, (), ())
    found = credit_note_of(tax_alone, life.sale, life.order.lines, made, with_goodwill(), TOLERANT, POLICY)
    if isinstance(found, Credited):
        made = (found.credit_note,)
    for round_ in range(factor):
        for refund in life.refunds:
            again = Refund(
                id=f"{refund.id}-{round_}",
                order_id=refund.order_id,
                created_at=NOON,
                total=refund.total,
                total_tax=Decimal(tax).scaleb(-DIGITS[life.order.currency]),
                items=refund.items,
                payments=(),
                merchant_figures=round_ % 2 == 1,
            )
            found = credit_note_of(again, life.sale, life.order.lines, made, with_goodwill(), TOLERANT, POLICY)
            if isinstance(found, Credited):
                assert found.credit_note.total == again.total
                made = (*made, found.credit_note)
    assert total(one.total for one in made) <= life.sale.total
    assert total(one.tax for one in made) <= life.sale.tax
