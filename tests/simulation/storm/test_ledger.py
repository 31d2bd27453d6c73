"""The ledger of a storm's truth: oversold, claimed and lost units, and the orders that cannot be shipped whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge_simulation.storm.ledger import Ledger


def _stocked(units: int) -> Ledger:
    ledger = Ledger()
    ledger.move("MUG", units)
    return ledger


def test_units_beyond_what_was_there_are_oversold_and_the_latest_orders_wait_for_them() -> None:
    ledger = _stocked(5)
    ledger.shop("MUG", wanted=4, bought=4, order=101)
    ledger.shop("MUG", wanted=2, bought=2, order=102)
    ledger.shop("MUG", wanted=1, bought=1, order=103)
    assert (ledger.short["MUG"], ledger.oversold_orders()) == (2, 2)


def test_what_another_channel_takes_after_the_shop_has_sold_it_is_oversold_too() -> None:
    ledger = _stocked(3)
    ledger.shop("MUG", wanted=3, bought=3, order=101)
    ledger.move("MUG", -2)
    assert (ledger.short["MUG"], ledger.oversold_orders()) == (2, 1)


def test_a_receipt_later_does_not_undo_that_units_were_oversold() -> None:
    ledger = _stocked(1)
    ledger.shop("MUG", wanted=2, bought=2, order=101)
    ledger.move("MUG", 10)
    assert ledger.short["MUG"] == 1


def test_only_what_was_there_and_not_shown_is_a_lost_sale() -> None:
    ledger = _stocked(4)
    ledger.shop("MUG", wanted=3, bought=1, order=101)
    ledger.shop("MUG", wanted=9, bought=0, order=102)
    assert ledger.lost["MUG"] == 2 + 3


def test_what_is_shown_is_judged_by_what_is_still_free() -> None:
    ledger = _stocked(4)
    ledger.shop("MUG", wanted=3, bought=3, order=101)
    assert [ledger.show("MUG", shown) for shown in (1, 3, -2)] == [0, 2, 0]
    assert ledger.claimed["MUG"] == 2


@settings(deadline=None)
@given(
    st.integers(0, 20),
    st.lists(st.tuples(st.sampled_from(["buy", "move"]), st.integers(-4, 6), st.integers(0, 6)), max_size=20),
)
def test_units_are_sold_lost_or_were_not_there(on_hand: int, happenings: list[tuple[str, int, int]]) -> None:
    ledger = _stocked(on_hand)
    supply, sold = on_hand, 0
    for number, (what, units, shown) in enumerate(happenings):
        if what == "move":
            ledger.move("MUG", units)
            supply += units
        else:
            wanted = abs(units)
            bought = min(wanted, shown)
            free = max(0, supply - sold)
            before = ledger.lost["MUG"]
            ledger.shop("MUG", wanted=wanted, bought=bought, order=number)
            assert 0 <= ledger.lost["MUG"] - before <= free
            sold += bought
        assert ledger.short["MUG"] >= sold - supply
    assert ledger.sold["MUG"] == sold
    assert (ledger.oversold_orders() > 0) == (ledger.short["MUG"] > 0 and sold > 0)
