"""Price lists: what a price tier of the books says of each variant, against what the shop's list holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.catalogue.listing import Link
from weighbridge.domain.catalogue.product import Article


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """What a price list lacks, in the store's currency."""

    write: tuple[tuple[int, Decimal], ...]
    """(variant id, price)"""
    remove: tuple[int, ...]
    """Variants whose tier has no price any more; the catalogue's own price holds for them again."""


def tier_prices(links: Iterable[Link], articles: Mapping[str, Article], tier: int) -> dict[int, Decimal]:
    """Price by variant id, 0 where the tier (from 1) has none. Only variants that stand for a product of the books."""
    return {
        variant_id: articles[article_id].tier_prices[tier - 1]
        for link in links
        for article_id, variant_id in link.variant_ids.items()
        if article_id in articles
    }


def price_changes(wanted: Mapping[int, Decimal], shown: Mapping[int, Decimal]) -> PriceChanges:
    """What must be written and removed; records of variants that the books do not know are nobody's business.

    Source: platform notes, bigcommerce 6.2 (records are per variant and currency).
    """
    write = tuple((one, price) for one, price in sorted(wanted.items()) if price > 0 and shown.get(one) != price)
    remove = tuple(one for one, price in sorted(wanted.items()) if price <= 0 and one in shown)
    return PriceChanges(write, remove)
