"""The products of the chosen baskets and the stock that the warehouse starts with."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from weighbridge_twins.baskets import Basket, Product, sku_of
from weighbridge_twins.world.options import WorldOptions

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
"""Food departments, which are not taxed; all other departments are."""

_CENT: Final = Decimal("0.01")
_ORDINARY_PRICE: Final = Decimal("2.49")
_SPARE_UNITS: Final = 10


@dataclass(frozen=True, slots=True)
class StoreProduct:
    """One product of the store."""

    sku: str
    name: str
    price: Decimal
    """Unit price in US dollars before promotions, without tax."""
    taxable: bool
    in_cin7: bool
    """False for a product that exists in the store only, such as one that the products file does not list."""
    main_stock: int
    overflow_stock: int


def assortment(baskets: Iterable[Basket], products: Mapping[str, Product], options: WorldOptions) -> list[StoreProduct]:
    """Returns the products of the baskets (with `all_products`: of the whole file), by product number."""
    demand: Counter[str] = Counter()
    prices: dict[str, Decimal] = {}
    for basket in baskets:
        for line in basket.lines:
            demand[line.product_id] += line.quantity
            if line.quantity > 0 and line.shelf_total > 0:
                prices.setdefault(line.product_id, line.shelf_total / line.quantity)
    product_ids = sorted(set(demand) | (set(products) if options.all_products else set()))
    return [
        _store_product(number, products.get(number), prices.get(number), demand[number], options)
        for number in product_ids
    ]


def _store_product(
    number: str, product: Product | None, price: Decimal | None, demand: int, options: WorldOptions
) -> StoreProduct:
    dice = random.Random(f"{options.seed}/stock/{number}")
    scarce, spread = dice.random() < options.scarce_share, dice.random() < options.overflow_share
    listed = product is not None and random.Random(f"{options.seed}/listed/{number}").random() >= options.unlisted_share
    main = demand // 2 if scarce else demand + demand // 5 + _SPARE_UNITS
    unit = (price or _ORDINARY_PRICE).quantize(_CENT, ROUND_HALF_UP)
    return StoreProduct(
        sku=sku_of(number),
        name=product.name if product else f"Unlisted item #{number}",
        price=max(unit, _CENT),
        taxable=product is None or product.department not in EXEMPT_DEPARTMENTS,
        in_cin7=listed,
        main_stock=main,
        overflow_stock=dice.randrange(1, 40) if spread else 0,
    )
