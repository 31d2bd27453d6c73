"""Price lists: the prices of a Cin7 price tier compared with those of the store's price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.catalogue.listing import Link
from weighbridge.domain.catalogue.product import Product


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """The changes that a price list needs, in the store's currency."""

    write: tuple[tuple[int, Decimal], ...]
    """(variant id, price)"""
    remove: tuple[int, ...]
    """Ids of variants whose tier has no price any more; the price of the catalogue applies to them again."""


def tier_prices(links: Iterable[Link], products: Mapping[str, Product], tier: int) -> dict[int, Decimal]:
    """Price by variant id, 0 where the tier (from 1) has none. Only variants that are linked to a product of Cin7."""
    return {
        variant_id: products[product_id].tier_prices[tier - 1]
        for link in links
        for product_id, variant_id in link.variant_ids.items()
        if product_id in products
    }


def price_changes(desired: Mapping[int, Decimal], current: Mapping[int, Decimal]) -> PriceChanges:
    """The prices to write and remove; records of variants without a product in Cin7 are left unchanged.

    Source: platform notes, bigcommerce 6.2 (records are per variant and currency).
    """
    write = tuple(
        (variant_id, price)
        for variant_id, price in sorted(desired.items())
        if price > 0 and current.get(variant_id) != price
    )
    remove = tuple(variant_id for variant_id, price in sorted(desired.items()) if price <= 0 and variant_id in current)
    return PriceChanges(write, remove)
