"""SKU audit: SKUs that the store sells although their stock level can never be published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from weighbridge.domain.catalogue.sku_matching import bare_form, nearest, same_form
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.available import StoreItem

MAX_SINGLE_FINDINGS = 500
"""Up to this many findings are reported one by one; more are one finding per kind."""
MAX_COMPARED = 200
"""For up to this many unknown SKUs, the nearest Cin7 SKUs are searched; a store with more has another problem."""


def audit(items: Collection[StoreItem], cin7_skus: Collection[str], stocked: Collection[str]) -> dict[str, Finding]:
    """The problems of the store's SKUs, by SKU: not in Cin7, in Cin7 with another spelling, or not tracked.

    `stocked` are the SKUs of stock products in Cin7. The store sells unlimited units of a SKU that it does not track; a
    service needs no stock. Source: platform notes, bigcommerce 5.1 and trap 22.
    """
    known, with_stock = set(cin7_skus), set(stocked)
    forms = {same_form(sku): sku for sku in sorted(known, reverse=True)}
    unknown = [item for item in items if item.sku not in known]
    bare = {sku: bare_form(sku) for sku in known} if unknown else {}
    findings: dict[str, Finding] = {}
    for item in items:
        if item.sku in with_stock and not item.tracked:
            expected = _tracked(item)
            findings[item.sku] = hold(FindingKind.STOCK_UNTRACKED, "inventory tracking", item.tracking, expected)
    for number, item in enumerate(unknown):
        other = forms.get(same_form(item.sku))
        if other is not None:
            expected = f"{other!r} as in Cin7; letter case and white space count"
            findings[item.sku] = hold(FindingKind.SKU_DIFFERS_IN_FORM, "SKU in the store", repr(item.sku), expected)
            continue
        findings[item.sku] = _unknown(item.sku, bare if number < MAX_COMPARED else {})
    return findings if len(findings) <= MAX_SINGLE_FINDINGS else _one_per_kind(findings)


def duplicate_skus(sku_product_ids: Iterable[tuple[str, int]]) -> dict[str, Finding]:
    """A finding for each SKU that several products of the store have: stock is published to only one of them.

    `sku_product_ids` are SKUs with the id of a product that has them, with any repetitions.
    """
    products: dict[str, set[int]] = defaultdict(set)
    for sku, product_id in sku_product_ids:
        products[sku].add(product_id)
    return {
        sku: hold(FindingKind.SKU_NOT_UNIQUE, "SKU in the store", sku, f"one product; {_listed(ids)} have it")
        for sku, ids in sorted(products.items())
        if len(ids) > 1
    }


def _listed(product_ids: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(product_ids)))


def sellable_at_zero(
    items: Collection[StoreItem], available: Mapping[str, Decimal], unsellable: Collection[str]
) -> dict[str, Finding]:
    """SKUs that shoppers can buy although they cannot be shipped, since the store does not count them.

    `available` are the available units of stock products, `unsellable` the SKUs that are not sold in Cin7.
    """
    findings: dict[str, Finding] = {}
    for item in items:
        if item.tracked or not item.on_sale or item.sku not in available:
            continue
        units, is_unsellable = available[item.sku], item.sku in unsellable
        if is_unsellable or units <= 0:
            value = (
                "on sale, deprecated or not sellable in Cin7"
                if is_unsellable
                else f"on sale, {units:f} available in Cin7"
            )
            expected = f"not on sale, or {_tracked(item)}"
            findings[item.sku] = hold(FindingKind.SELLABLE_AT_ZERO, f"{item.sku} in the store", value, expected)
    return findings if len(findings) <= MAX_SINGLE_FINDINGS else _one_per_kind(findings)


def _tracked(item: StoreItem) -> str:
    if item.tracking == "none":
        return "stock tracked by product or by variant; the store sells unlimited units now"
    return "stock tracked by variant; the store sells it until all variants of its product are sold out"


def _one_per_kind(findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """One finding per kind: hundreds of the same kind have one cause."""
    kinds: dict[FindingKind, list[str]] = {}
    for sku, finding in sorted(findings.items()):
        kinds.setdefault(finding.kind, []).append(sku)
    combined: dict[str, Finding] = {}
    for kind, skus in kinds.items():
        value = f"{len(skus)} SKUs, such as {', '.join(skus[:3])}"
        combined[f"({kind})"] = hold(kind, "SKUs in the store", value, findings[skus[0]].expected)
    return combined


def _unknown(sku: str, bare: Mapping[str, str]) -> Finding:
    near = nearest(sku, bare)
    expected = "a SKU that Cin7 knows" + (f", perhaps {', '.join(near)}" if near else "")
    return hold(FindingKind.SKU_UNKNOWN, "SKU in the store", sku, f"{expected}; its stock is never published")
