"""What shop and warehouse hold on the first day: the products of the chosen baskets, and stock for the demand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from weighbridge_twins.baskets import Basket, Product, sku_of
from weighbridge_twins.world_options import WorldOptions

EXEMPT_DEPARTMENTS: Final = frozenset(
    {
        "GROCERY",
        "FROZEN GROCERY",
        "PRODUCE",
        "MEAT",
        "MEAT-PCKGD",
        "SEAFOOD",
        "SEAFOOD-PCKGD",
        "PASTRY",
        "NUTRITION",
        "DELI",
    }
)
"""Food is not taxed; everything else is."""

_CENT: Final = Decimal("0.01")
_ORDINARY_PRICE: Final = Decimal("2.49")
_SPARE_UNITS: Final = 10


@dataclass(frozen=True, slots=True)
class Article:
    """One product as the shop sells it."""

    sku: str
    name: str
    price: Decimal
    """Unit price in US dollars before promotions, without tax."""
    taxable: bool
    in_cin7: bool
    """False for products that the products file does not list: the shop has them, Cin7 does not."""
    main_stock: int
    overflow_stock: int


def assortment(baskets: Iterable[Basket], products: Mapping[str, Product], options: WorldOptions) -> list[Article]:
    """The articles that the baskets need (with `all_products` the whole file), by SKU."""
    demand: Counter[str] = Counter()
    prices: dict[str, Decimal] = {}
    for basket in baskets:
        for line in basket.lines:
            demand[line.product_id] += line.quantity
            if line.quantity > 0 and line.shelf_total > 0:
                prices.setdefault(line.product_id, line.shelf_total / line.quantity)
    wanted = sorted(set(demand) | (set(products) if options.all_products else set()))
    return [_article(number, products.get(number), prices.get(number), demand[number], options) for number in wanted]


def _article(
    number: str, product: Product | None, price: Decimal | None, demand: int, options: WorldOptions
) -> Article:
    dice = random.Random(f"{options.seed}/stock/{number}")
    scarce, spread = dice.random() < options.scarce_share, dice.random() < options.overflow_share
    listed = product is not None and random.Random(f"{options.seed}/listed/{number}").random() >= options.unlisted_share
    main = demand // 2 if scarce else demand + demand // 5 + _SPARE_UNITS
    unit = (price or _ORDINARY_PRICE).quantize(_CENT, ROUND_HALF_UP)
    return Article(
        sku=sku_of(number),
        name=product.name if product else f"Unlisted item #{number}",
        price=max(unit, _CENT),
        taxable=product is None or product.department not in EXEMPT_DEPARTMENTS,
        in_cin7=listed,
        main_stock=main,
        overflow_stock=dice.randrange(1, 40) if spread else 0,
    )
