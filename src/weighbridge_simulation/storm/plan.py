"""The plan of a storm. The seed and the baskets decide it in advance, so that both protocols meet the same shoppers,
the same sales of the other channel and the same receipts.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS, Basket, BasketLine, Product, sku_of

CENT: Final = Decimal("0.01")
ORDINARY_PRICE: Final = Decimal("2.49")
LARGEST_LINE: Final = 20
"""Units per line; larger lines are left out, such as fuel, which is sold by the thousandth of a gallon."""
SPARE_UNITS: Final = 10
PAGE_SIZE: Final = 1000
"""Rows per page of Cin7's list; a list that moves while it is read loses the row at a page boundary."""
MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class StormOptions:
    """A storm; minutes and cadences are in the twins' time, `speed` seconds of which pass per second."""

    baskets: Path = SAMPLE_BASKETS
    products: Path = SAMPLE_PRODUCTS
    orders: int = 300
    seed: int = 1
    speed: float = 10.0
    hot_skus: int = 5
    calm_minutes: float = 20.0
    flash_minutes: float = 20.0
    after_minutes: float = 10.0
    cadence_minutes: float = 5.0
    """How often each protocol reads the warehouse's stock."""
    fast_lane_seconds: float = 0.0
    """How often the product reads and publishes the SKUs of the flash sale; 0: only with all other SKUs."""
    quota_share: float = 0.3
    """Share of Cin7's 60 calls a minute that the connector may use."""
    webhooks_lost: float = 0.5
    lag_seconds: float = 20.0
    """Time until the store lists a new order, and the longest time until it shows an accepted stock level."""
    page_drift: int = 1
    """Rows that vanish between two pages of Cin7's lists."""

    @property
    def minutes(self) -> float:
        """From the first shopper to the last."""
        return self.calm_minutes + self.flash_minutes + self.after_minutes


@dataclass(frozen=True, slots=True)
class Goods:
    """One SKU as both platforms know it at the start."""

    sku: str
    name: str
    price: Decimal
    on_hand: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Units of one SKU that a shopper demands; `line` is the line of the basket, None for a SKU of the flash sale."""

    sku: str
    units: int
    line: BasketLine | None = None


@dataclass(frozen=True, slots=True)
class Shopper:
    """Arrives, reads the store's levels, and buys the part of the wishes that the store shows."""

    at_seconds: float
    """Seconds after the start of the storm."""
    household_id: str
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """Units that the warehouse receives, or (negative) that another channel sells if Cin7 has them free."""

    at_seconds: float
    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole storm."""

    goods: tuple[Goods, ...]
    """In the order in which Cin7 lists them."""
    hot: tuple[str, ...]
    shoppers: tuple[Shopper, ...]
    movements: tuple[Movement, ...]


def plan_storm(baskets: Sequence[Basket], products: Mapping[str, Product], options: StormOptions) -> Plan:
    """Plans a calm period, a flash sale in which most shoppers also demand the hot SKUs, and a period after it.

    A quarter of the baskets comes before the sale and a tenth after it. The warehouse has three fifths of the demand
    for the hot SKUs, and enough of all other SKUs.
    """
    chosen = [_sellable(basket, products) for basket in baskets]
    seen = Counter(line.product_id for lines in chosen for line in lines)
    hot = tuple(sku_of(number) for number, _ in seen.most_common(options.hot_skus))
    dice = random.Random(f"{options.seed}/storm")
    timestamps = sorted(_arrival_times(len(baskets), options, dice))
    shoppers = tuple(
        Shopper(at, basket.household_id, _wishes(lines, hot, options, at, dice))
        for at, basket, lines in zip(timestamps, baskets, chosen, strict=True)
    )
    counter = tuple(sale for sku in hot for sale in _counter_sales(sku, options, dice))
    demand = Counter[str]()
    for shopper in shoppers:
        demand.update({wish.sku: wish.units for wish in shopper.wishes})
    for sale in counter:
        demand[sale.sku] -= sale.units
    middle = (options.calm_minutes + options.flash_minutes / 2) * MINUTE
    receipt = (Movement(middle, hot[0], max(1, demand[hot[0]] // 10)),) if hot else ()
    movements = tuple(sorted((*counter, *receipt), key=lambda movement: movement.at_seconds))
    return Plan(_goods(chosen, products, hot, demand), hot, shoppers, movements)


def _sellable(basket: Basket, products: Mapping[str, Product]) -> list[BasketLine]:
    return [line for line in basket.lines if 0 < line.quantity <= LARGEST_LINE and line.product_id in products]


def _arrival_times(shoppers: int, options: StormOptions, dice: random.Random) -> Iterable[float]:
    flash, after = options.calm_minutes, options.calm_minutes + options.flash_minutes
    for number in range(shoppers):
        share = (number + 0.5) / shoppers
        begin, end = (0.0, flash) if share < 0.25 else (flash, after) if share < 0.9 else (after, options.minutes)
        yield dice.uniform(begin, end) * MINUTE


def _wishes(
    lines: Sequence[BasketLine], hot: Sequence[str], options: StormOptions, at_seconds: float, dice: random.Random
) -> tuple[Wish, ...]:
    ordinary = tuple(
        Wish(sku_of(line.product_id), line.quantity, line) for line in lines if sku_of(line.product_id) not in hot
    )
    flash = options.calm_minutes * MINUTE <= at_seconds < (options.calm_minutes + options.flash_minutes) * MINUTE
    eager = [sku for sku in hot if dice.random() < (0.35 if flash else 0.08)]
    return (*ordinary, *(Wish(sku, dice.randint(1, 3)) for sku in eager))


def _counter_sales(sku: str, options: StormOptions, dice: random.Random) -> Iterable[Movement]:
    """One or two units every few minutes, from the first minute on."""
    at = 0.0
    while True:
        at += dice.uniform(2.0, 6.0) * MINUTE
        if at >= options.minutes * MINUTE:
            return
        yield Movement(at, sku, -dice.randint(1, 2))


def _goods(
    chosen: Iterable[Iterable[BasketLine]], products: Mapping[str, Product], hot: Sequence[str], demand: Counter[str]
) -> tuple[Goods, ...]:
    prices: dict[str, Decimal] = {}
    for lines in chosen:
        for line in lines:
            prices.setdefault(line.product_id, _price(line))
    ordinary = [number for number in sorted(prices) if sku_of(number) not in hot]
    popular = [number for sku in hot for number in prices if sku_of(number) == sku]
    listed = list(ordinary)
    for position, number in enumerate(popular, 1):
        # The first row of page n + 1 when one row vanishes between each two pages.
        listed.insert(min(position * (PAGE_SIZE + 1) - 1, len(listed)), number)
    return tuple(
        Goods(sku_of(number), products[number].name, prices[number], _on_hand(sku_of(number), hot, demand))
        for number in listed
    )


def _on_hand(sku: str, hot: Sequence[str], demand: Counter[str]) -> int:
    return max(1, demand[sku] * 3 // 5) if sku in hot else demand[sku] + SPARE_UNITS


def _price(line: BasketLine) -> Decimal:
    unit = (line.shelf_total / line.quantity).quantize(CENT, ROUND_HALF_UP)
    return unit if unit > 0 else ORDINARY_PRICE
