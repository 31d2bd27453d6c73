"""The published oversell bound, checked against a simulated store and warehouse with any sequence of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.oversell import Bound, OversellFactors, bound, total

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Times = list[tuple[datetime, Decimal]]


@dataclass
class StoreAndWarehouse:
    """One SKU: its stock in the warehouse, its level in the store, and what Weighbridge knows."""

    stock: int
    store_level: int = 0
    now: datetime = NOON
    reading: tuple[datetime, int] = (NOON, 0)
    orders_known_until: datetime = NOON
    sold: Times = field(default_factory=list)
    decreases: Times = field(default_factory=list)
    reads: list[datetime] = field(default_factory=list)
    published: tuple[datetime, int] = (NOON, 0)
    windows: list[timedelta] = field(default_factory=list)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def shopper_buys(self, units: int) -> None:
        bought = min(units, self.store_level)
        if bought:
            self.store_level -= bought
            self.sold.append((self.now, Decimal(bought)))

    def warehouse_loses(self, units: int) -> None:
        self.stock -= units
        self.decreases.append((self.now, Decimal(units)))

    def publish_level(self, seconds_of_reading: int, seconds_of_pushing: int, meanwhile: int) -> None:
        """Reads stock and orders and pushes the level; a shopper buys before the level arrives."""
        self.reads.append(self.now)
        self.reading = (self.now, self.stock)
        self.wait(seconds_of_reading)
        orders_read_at = self.now
        level = max(0, self.reading[1] - self.units_sold(orders_read_at))
        self.wait(1)
        self.shopper_buys(meanwhile)
        self.wait(seconds_of_pushing)
        self.store_level, self.published, self.orders_known_until = level, (self.now, level), orders_read_at
        self.windows.append(self.now - orders_read_at)

    def units_sold(self, until: datetime) -> int:
        return int(sum((units for at, units in self.sold if at <= until), Decimal(0)))

    def oversold_if_all_were_bought(self) -> int:
        return max(0, self.units_sold(self.now) + self.store_level - self.stock)

    def bound(self) -> Bound:
        """The bound as it is published now, from the orders and levels that are known."""
        known = self.units_sold(self.orders_known_until)
        sold_since = sum(units for at, units in self.sold if self.published[0] <= at <= self.orders_known_until)
        return bound(
            OversellFactors(
                "MUG",
                max(0, int(self.published[1] - sold_since)),
                Decimal(self.reading[1] - known),
                tuple(self.sold),
                tuple(self.decreases),
                max(self.windows) if self.orders_known_until < self.published[0] else None,
                self.now - self.reads[-1],
                Decimal("2.50"),
            )
        )


seconds = st.integers(1, 30)
units = st.integers(1, 6)
events = st.one_of(
    st.tuples(st.just("buys"), units),
    st.tuples(st.just("loses"), st.integers(1, 3)),
    st.tuples(st.just("waits"), seconds),
    st.tuples(st.just("orders read"), st.just(0)),
    st.tuples(st.just("publishes"), seconds, seconds, st.integers(0, 4)),
)


@settings(max_examples=300, deadline=None)
@given(stock=st.integers(0, 40), days=st.lists(events, max_size=25))
def test_no_sequence_of_sales_losses_and_pushes_oversells_more_than_the_bound(
    stock: int, days: list[tuple[str, int] | tuple[str, int, int, int]]
) -> None:
    simulation = StoreAndWarehouse(stock)
    simulation.publish_level(5, 2, 0)
    for event, *arguments in days:
        match event:
            case "buys":
                simulation.shopper_buys(arguments[0])
            case "loses":
                simulation.warehouse_loses(arguments[0])
            case "waits":
                simulation.wait(arguments[0])
            case "orders read":
                simulation.orders_known_until = simulation.now
            case _:
                simulation.publish_level(*arguments)
        assert simulation.oversold_if_all_were_bought() <= simulation.bound().units


@given(stock=st.integers(0, 40), bought=st.lists(units, max_size=6))
def test_without_losses_and_sales_during_publishing_nothing_can_be_oversold(stock: int, bought: list[int]) -> None:
    """The bound is not trivially large: with every sale known and no losses, it is 0."""
    simulation = StoreAndWarehouse(stock)
    simulation.publish_level(5, 2, 0)
    assert simulation.bound() == Bound(0, Decimal(0))
    for number in bought:
        simulation.wait(60)
        simulation.shopper_buys(number)
        simulation.orders_known_until = simulation.now
        simulation.wait(60)
        assert simulation.bound() == Bound(0, Decimal(0))


def test_two_stores_with_the_same_units_on_sale_can_sell_them_twice() -> None:
    both = bound(OversellFactors("MUG", on_sale=20, free=Decimal(10), price=Decimal(3)))
    owed = bound(OversellFactors("TEA", on_sale=0, free=Decimal(-4), price=Decimal("1.50")))
    assert both == Bound(10, Decimal(30))
    assert owed == Bound(4, Decimal(6))
    assert total({"MUG": both, "TEA": owed}) == Bound(14, Decimal(36))
