"""The ledger of a storm: oversold, claimed and lost units, and the orders that cannot be shipped in full."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge_simulation.storm.ledger import Ledger


def _stocked(units: int) -> Ledger:
    ledger = Ledger()
    ledger.move("MUG", units)
    return ledger


def test_units_sold_beyond_supply_are_oversold_and_the_latest_orders_cannot_be_shipped() -> None:
    ledger = _stocked(5)
    ledger.record_purchase("MUG", units_demanded=4, bought=4, order=101)
    ledger.record_purchase("MUG", units_demanded=2, bought=2, order=102)
    ledger.record_purchase("MUG", units_demanded=1, bought=1, order=103)
    assert (ledger.oversold["MUG"], ledger.oversold_orders()) == (2, 2)


def test_units_sold_by_another_channel_after_the_store_sold_them_are_oversold() -> None:
    ledger = _stocked(3)
    ledger.record_purchase("MUG", units_demanded=3, bought=3, order=101)
    ledger.move("MUG", -2)
    assert (ledger.oversold["MUG"], ledger.oversold_orders()) == (2, 1)


def test_a_later_receipt_does_not_lower_the_oversold_units() -> None:
    ledger = _stocked(1)
    ledger.record_purchase("MUG", units_demanded=2, bought=2, order=101)
    ledger.move("MUG", 10)
    assert ledger.oversold["MUG"] == 1


def test_only_available_units_hidden_by_the_store_level_are_lost_sales() -> None:
    ledger = _stocked(4)
    ledger.record_purchase("MUG", units_demanded=3, bought=1, order=101)
    ledger.record_purchase("MUG", units_demanded=9, bought=0, order=102)
    assert ledger.lost["MUG"] == 2 + 3


def test_a_store_level_is_compared_with_the_units_still_free() -> None:
    ledger = _stocked(4)
    ledger.record_purchase("MUG", units_demanded=3, bought=3, order=101)
    assert [ledger.record_store_level("MUG", level) for level in (1, 3, -2)] == [0, 2, 0]
    assert ledger.claimed["MUG"] == 2


@settings(deadline=None)
@given(
    st.integers(0, 20),
    st.lists(st.tuples(st.sampled_from(["buy", "move"]), st.integers(-4, 6), st.integers(0, 6)), max_size=20),
)
def test_units_are_sold_lost_or_were_not_in_stock(on_hand: int, events: list[tuple[str, int, int]]) -> None:
    ledger = _stocked(on_hand)
    supply, sold = on_hand, 0
    for number, (kind, units, level) in enumerate(events):
        if kind == "move":
            ledger.move("MUG", units)
            supply += units
        else:
            demanded = abs(units)
            bought = min(demanded, level)
            free = max(0, supply - sold)
            before = ledger.lost["MUG"]
            ledger.record_purchase("MUG", units_demanded=demanded, bought=bought, order=number)
            assert 0 <= ledger.lost["MUG"] - before <= free
            sold += bought
        assert ledger.oversold["MUG"] >= sold - supply
    assert ledger.sold["MUG"] == sold
    assert (ledger.oversold_orders() > 0) == (ledger.oversold["MUG"] > 0 and sold > 0)
