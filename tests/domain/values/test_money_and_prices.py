"""Cents are conserved for any quantity."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.orders.sale import price_out
from weighbridge.domain.values.money import apportion, round_half_up, round_to_sum, total

CENTS = st.integers(min_value=0, max_value=5_000_000).map(lambda cents: Decimal(cents) / 100)
COIN = Decimal("0.01")


@given(whole=CENTS, weights=st.lists(CENTS, min_size=1, max_size=40))
def test_apportioned_parts_sum_to_the_whole_and_stay_near_their_share(whole: Decimal, weights: list[Decimal]) -> None:
    shares = apportion(whole, weights, 2)
    assert total(shares) == whole
    if total(weights):
        assert all(
            abs(share - whole * weight / total(weights)) < COIN for share, weight in zip(shares, weights, strict=True)
        )


@given(st.lists(st.decimals(min_value=0, max_value=500, places=4), min_size=1, max_size=40))
def test_rounded_parts_sum_to_the_rounded_whole(amounts: list[Decimal]) -> None:
    whole = round_half_up(total(amounts), 2)
    rounded = round_to_sum(amounts, whole, 2)
    assert total(rounded) == whole
    assert all(abs(rounded_amount - amount) <= COIN for rounded_amount, amount in zip(rounded, amounts, strict=True))


def test_gap_too_large_to_be_rounding_is_left_to_be_seen() -> None:
    assert total(round_to_sum([Decimal("1.00"), Decimal("2.00")], Decimal("4.00"), 2)) == Decimal("3.00")


@given(amount=CENTS, quantity=st.integers(min_value=1, max_value=40_000))
def test_any_quantity_meets_its_amount_with_two_prices_at_most(amount: Decimal, quantity: int) -> None:
    pieces = price_out(amount, Decimal(quantity), 2)
    assert len(pieces) <= 2
    assert sum(piece.quantity for piece in pieces) == quantity
    assert all(piece.price == round_half_up(piece.price, 4) for piece in pieces)
    assert all(piece.line_total == round_half_up(piece.price * piece.quantity, 2) for piece in pieces)
    assert total(piece.line_total for piece in pieces) == amount
