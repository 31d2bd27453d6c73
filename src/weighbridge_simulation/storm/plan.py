"""What happens in a storm, decided by the seed and the baskets before anything happens: both protocols meet the same
shoppers, the same other channel and the same receipts.
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
"""Fuel is sold by the thousandth of a gallon; what is no basket of goods is left out."""
SPARE_UNITS: Final = 10
SEAM: Final = 1000
"""Rows of a page of Cin7's list: what stands at a seam is what moving lists lose."""
MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class StormOptions:
    """A storm; minutes and cadence are the twins' time, `speed` seconds of which pass in one."""

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
    """How often either protocol reads the warehouse's stock."""
    fast_lane_seconds: float = 0.0
    """How often the product reads and tells what the flash sale sells; 0 leaves that to its full readings."""
    quota_share: float = 0.3
    """Of Cin7's 60 calls a minute, what the connector gets."""
    hooks_lost: float = 0.5
    lag_seconds: float = 20.0
    """Until new orders show in the shop's list, and at most until an accepted stock level shows."""
    page_drift: int = 1
    """Rows that vanish between two pages of Cin7's lists."""

    @property
    def minutes(self) -> float:
        """From the first shopper to the last."""
        return self.calm_minutes + self.flash_minutes + self.after_minutes


@dataclass(frozen=True, slots=True)
class Goods:
    """One SKU as both sides know it on the first day."""

    sku: str
    name: str
    price: Decimal
    on_hand: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a shopper wants of one SKU; `line` is the basket's own, None for what the flash sale sells."""

    sku: str
    units: int
    line: BasketLine | None = None


@dataclass(frozen=True, slots=True)
class Shopper:
    """Arrives, looks at what the shop shows, and buys what of the wishes is there."""

    at: float
    """Seconds after the storm began."""
    household_id: str
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """Units that the warehouse gains, or (negative) that another channel sells if Cin7 has them free."""

    at: float
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
    """The plan: a calm, a flash sale in which most shoppers also want what is hot, and a while after it.

    A quarter of the baskets comes before the sale and a tenth after it. The warehouse has three fifths of what is
    wanted of the hot SKUs, and enough of everything else.
    """
    chosen = [_sellable(basket, products) for basket in baskets]
    seen = Counter(line.product_id for lines in chosen for line in lines)
    hot = tuple(sku_of(number) for number, _ in seen.most_common(options.hot_skus))
    dice = random.Random(f"{options.seed}/storm")
    moments = sorted(_moments(len(baskets), options, dice))
    shoppers = tuple(
        Shopper(at, basket.household_id, _wishes(lines, hot, options, at, dice))
        for at, basket, lines in zip(moments, baskets, chosen, strict=True)
    )
    counter = tuple(sale for sku in hot for sale in _counter_sales(sku, options, dice))
    wanted = Counter[str]()
    for shopper in shoppers:
        wanted.update({wish.sku: wish.units for wish in shopper.wishes})
    for sale in counter:
        wanted[sale.sku] -= sale.units
    middle = (options.calm_minutes + options.flash_minutes / 2) * MINUTE
    receipt = (Movement(middle, hot[0], max(1, wanted[hot[0]] // 10)),) if hot else ()
    movements = tuple(sorted((*counter, *receipt), key=lambda movement: movement.at))
    return Plan(_goods(chosen, products, hot, wanted), hot, shoppers, movements)


def _sellable(basket: Basket, products: Mapping[str, Product]) -> list[BasketLine]:
    return [line for line in basket.lines if 0 < line.quantity <= LARGEST_LINE and line.product_id in products]


def _moments(shoppers: int, options: StormOptions, dice: random.Random) -> Iterable[float]:
    flash, after = options.calm_minutes, options.calm_minutes + options.flash_minutes
    for number in range(shoppers):
        share = (number + 0.5) / shoppers
        begin, end = (0.0, flash) if share < 0.25 else (flash, after) if share < 0.9 else (after, options.minutes)
        yield dice.uniform(begin, end) * MINUTE


def _wishes(
    lines: Sequence[BasketLine], hot: Sequence[str], options: StormOptions, at: float, dice: random.Random
) -> tuple[Wish, ...]:
    ordinary = tuple(
        Wish(sku_of(line.product_id), line.quantity, line) for line in lines if sku_of(line.product_id) not in hot
    )
    flash = options.calm_minutes * MINUTE <= at < (options.calm_minutes + options.flash_minutes) * MINUTE
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
    chosen: Iterable[Iterable[BasketLine]], products: Mapping[str, Product], hot: Sequence[str], wanted: Counter[str]
) -> tuple[Goods, ...]:
    prices: dict[str, Decimal] = {}
    for lines in chosen:
        for line in lines:
            prices.setdefault(line.product_id, _price(line))
    ordinary = [number for number in sorted(prices) if sku_of(number) not in hot]
    popular = [number for sku in hot for number in prices if sku_of(number) == sku]
    listed = list(ordinary)
    for place, number in enumerate(popular, 1):
        # The row that page n + 1 begins with, when one row vanishes between each two pages.
        listed.insert(min(place * (SEAM + 1) - 1, len(listed)), number)
    return tuple(
        Goods(sku_of(number), products[number].name, prices[number], _on_hand(sku_of(number), hot, wanted))
        for number in listed
    )


def _on_hand(sku: str, hot: Sequence[str], wanted: Counter[str]) -> int:
    return max(1, wanted[sku] * 3 // 5) if sku in hot else wanted[sku] + SPARE_UNITS


def _price(line: BasketLine) -> Decimal:
    unit = (line.shelf_total / line.quantity).quantize(CENT, ROUND_HALF_UP)
    return unit if unit > 0 else ORDINARY_PRICE
