"""SKU audit: what the shop sells and no stock figure can ever reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from weighbridge.domain.catalogue.sku_matching import bare_form, nearest, same_form
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.stock.available import ShopItem

MOST_TOLD = 500
"""Findings of a shop that are told one by one."""
MOST_COMPARED = 200
"""SKUs for which the nearest of the books are looked up; a shop with more of them has another problem."""


def audit(items: Collection[ShopItem], books: Collection[str], stocked: Collection[str]) -> dict[str, Finding]:
    """What is wrong with the shop's SKUs, by SKU: not in Cin7, in Cin7 under another form, or not tracked.

    `books` are all SKUs of the books, `stocked` those of stock products. A SKU that the shop does not track sells
    without end; a service needs no stock. Source: platform notes, bigcommerce 5.1 and trap 22.
    """
    known, with_stock = set(books), set(stocked)
    forms = {same_form(sku): sku for sku in sorted(known, reverse=True)}
    unknown = [item for item in items if item.sku not in known]
    bare = {sku: bare_form(sku) for sku in known} if unknown else {}
    found: dict[str, Finding] = {}
    for item in items:
        if item.sku in with_stock and not item.tracked:
            found[item.sku] = hold(FindingKind.STOCK_UNTRACKED, "inventory tracking", item.tracking, _tracked(item))
    for number, item in enumerate(unknown):
        other = forms.get(same_form(item.sku))
        if other is not None:
            expected = f"{other!r} as Cin7 writes it; case and white space count"
            found[item.sku] = hold(FindingKind.SKU_DIFFERS_IN_FORM, "SKU at the shop", repr(item.sku), expected)
            continue
        found[item.sku] = _unknown(item.sku, bare if number < MOST_COMPARED else {})
    return found if len(found) <= MOST_TOLD else _at_once(found)


def doubled(places: Iterable[tuple[str, int]]) -> dict[str, Finding]:
    """SKUs that stand at several products of the shop, by SKU: only one of them is told its stock.

    `places` are SKUs with the products they stand at, any number of times.
    """
    products: dict[str, set[int]] = defaultdict(set)
    for sku, product_id in places:
        products[sku].add(product_id)
    return {
        sku: hold(FindingKind.SKU_NOT_UNIQUE, "SKU at the shop", sku, f"one product; {_listed(there)} have it")
        for sku, there in sorted(products.items())
        if len(there) > 1
    }


def _listed(products: Iterable[int]) -> str:
    return ", ".join(str(one) for one in sorted(products))


def sellable_at_zero(
    items: Collection[ShopItem], available: Mapping[str, Decimal], unsellable: Collection[str]
) -> dict[str, Finding]:
    """What shoppers can buy of the shop's SKUs though it cannot be shipped, since the shop does not count it.

    `available` are the units of those stock products whose stock is known, `unsellable` those that Cin7 does not sell.
    """
    found: dict[str, Finding] = {}
    for item in items:
        if item.tracked or not item.on_sale or item.sku not in available:
            continue
        units, given_up = available[item.sku], item.sku in unsellable
        if given_up or units <= 0:
            value = (
                "on sale, deprecated or not sellable in Cin7" if given_up else f"on sale, {units:f} available in Cin7"
            )
            expected = f"not on sale, or {_tracked(item)}"
            found[item.sku] = hold(FindingKind.SELLABLE_AT_ZERO, f"{item.sku} at the shop", value, expected)
    return found if len(found) <= MOST_TOLD else _at_once(found)


def _tracked(item: ShopItem) -> str:
    if item.tracking == "none":
        return "stock tracked by product or by variant; at the shop it sells without end"
    return "stock tracked by variant; at the shop it sells until all variants of its product together are sold"


def _at_once(found: Mapping[str, Finding]) -> dict[str, Finding]:
    """One finding for all of a kind: hundreds of the same have one cause."""
    kinds: dict[FindingKind, list[str]] = {}
    for sku, finding in sorted(found.items()):
        kinds.setdefault(finding.kind, []).append(sku)
    told: dict[str, Finding] = {}
    for kind, skus in kinds.items():
        value = f"{len(skus)} SKUs, such as {', '.join(skus[:3])}"
        told[f"({kind})"] = hold(kind, "SKUs at the shop", value, found[skus[0]].expected)
    return told


def _unknown(sku: str, bare: Mapping[str, str]) -> Finding:
    near = nearest(sku, bare)
    expected = "a SKU that Cin7 knows" + (f", perhaps {', '.join(near)}" if near else "")
    return hold(FindingKind.SKU_UNKNOWN, "SKU at the shop", sku, f"{expected}; its stock is never told")
