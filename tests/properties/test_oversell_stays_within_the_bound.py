"""The published bound against a small shop and warehouse in which everything that can happen happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.oversell import Bound, Exposure, bound, total

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Times = list[tuple[datetime, Decimal]]


@dataclass
class Town:
    """One SKU: what lies in the warehouse, what the shop shows, and what we know."""

    stock: int
    shown: int = 0
    at: datetime = NOON
    reading: tuple[datetime, int] = (NOON, 0)
    captured_at: datetime = NOON
    sold: Times = field(default_factory=list)
    fell: Times = field(default_factory=list)
    reads: list[datetime] = field(default_factory=list)
    told: tuple[datetime, int] = (NOON, 0)
    windows: list[timedelta] = field(default_factory=list)

    def wait(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    def shopper_buys(self, units: int) -> None:
        taken = min(units, self.shown)
        if taken:
            self.shown -= taken
            self.sold.append((self.at, Decimal(taken)))

    def warehouse_loses(self, units: int) -> None:
        self.stock -= units
        self.fell.append((self.at, Decimal(units)))

    def shop_is_told(self, seconds_of_reading: int, seconds_of_pushing: int, meanwhile: int) -> None:
        """Reads, asks for orders, pushes; a shopper buys between asking and the level's arrival."""
        self.reads.append(self.at)
        self.reading = (self.at, self.stock)
        self.wait(seconds_of_reading)
        asked = self.at
        level = max(0, self.reading[1] - self.units_sold(asked))
        self.wait(1)
        self.shopper_buys(meanwhile)
        self.wait(seconds_of_pushing)
        self.shown, self.told, self.captured_at = level, (self.at, level), asked
        self.windows.append(self.at - asked)

    def units_sold(self, until: datetime) -> int:
        return int(sum((units for at, units in self.sold if at <= until), Decimal(0)))

    def oversold_if_all_were_bought(self) -> int:
        return max(0, self.units_sold(self.at) + self.shown - self.stock)

    def bound(self) -> Bound:
        """As published now: of sales and shop we know what we were told of."""
        known = self.units_sold(self.captured_at)
        since_told = sum(units for at, units in self.sold if self.told[0] <= at <= self.captured_at)
        return bound(
            Exposure(
                "MUG",
                max(0, int(self.told[1] - since_told)),
                Decimal(self.reading[1] - known),
                tuple(self.sold),
                tuple(self.fell),
                max(self.windows) if self.captured_at < self.told[0] else None,
                self.at - self.reads[-1],
                Decimal("2.50"),
            )
        )


seconds = st.integers(1, 30)
units = st.integers(1, 6)
happenings = st.one_of(
    st.tuples(st.just("buys"), units),
    st.tuples(st.just("loses"), st.integers(1, 3)),
    st.tuples(st.just("waits"), seconds),
    st.tuples(st.just("captured"), st.just(0)),
    st.tuples(st.just("told"), seconds, seconds, st.integers(0, 4)),
)


@settings(max_examples=300, deadline=None)
@given(stock=st.integers(0, 40), days=st.lists(happenings, max_size=25))
def test_no_sequence_of_sales_losses_and_pushes_oversells_more_than_the_bound(
    stock: int, days: list[tuple[str, int] | tuple[str, int, int, int]]
) -> None:
    town = Town(stock)
    town.shop_is_told(5, 2, 0)
    for what, *how in days:
        match what:
            case "buys":
                town.shopper_buys(how[0])
            case "loses":
                town.warehouse_loses(how[0])
            case "waits":
                town.wait(how[0])
            case "captured":
                town.captured_at = town.at
            case _:
                town.shop_is_told(*how)
        assert town.oversold_if_all_were_bought() <= town.bound().units


@given(stock=st.integers(0, 40), bought=st.lists(units, max_size=6))
def test_a_shop_without_losses_and_without_a_rush_while_it_is_told_can_oversell_nothing(
    stock: int, bought: list[int]
) -> None:
    """Not vacuous: with every sale known and nothing ever lost, nothing can be oversold."""
    town = Town(stock)
    town.shop_is_told(5, 2, 0)
    assert town.bound() == Bound(0, Decimal(0))
    for number in bought:
        town.wait(60)
        town.shopper_buys(number)
        town.captured_at = town.at
        town.wait(60)
        assert town.bound() == Bound(0, Decimal(0))


def test_two_shops_that_show_the_same_units_can_sell_them_twice() -> None:
    both = bound(Exposure("MUG", shown=20, free=Decimal(10), price=Decimal(3)))
    owed = bound(Exposure("TEA", shown=0, free=Decimal(-4), price=Decimal("1.50")))
    assert both == Bound(10, Decimal(30))
    assert owed == Bound(4, Decimal(6))
    assert total({"MUG": both, "TEA": owed}) == Bound(14, Decimal(36))
