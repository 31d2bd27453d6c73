"""Reads both catalogues in full, and the terms under which they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.design.catalogue import Catalogue
from weighbridge.domain.catalogue.listing import Field, Link, Master, StoreListing
from weighbridge.domain.catalogue.mapping import desired_listings
from weighbridge.domain.catalogue.plan import Plan, plan_run
from weighbridge.domain.catalogue.product import CataloguePolicy, Family, Product
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import ConnectionContext
from weighbridge.platforms.bigcommerce.catalogue_read import category_paths, read_listing
from weighbridge.platforms.bigcommerce.models.catalogue import Store
from weighbridge.platforms.cin7.catalogue_read import read_family, read_product


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which both platforms must agree before prices are compared."""

    policy: CataloguePolicy
    tiers: Mapping[str, int]
    """Position of each price tier by name."""
    currency: str


@dataclass(frozen=True, slots=True)
class View:
    """Both catalogues, compared."""

    plan: Plan
    terms: Terms
    links: Mapping[str, Link]
    categories: Mapping[int, str]
    products: Mapping[str, Product]
    """Every product of Cin7 by id."""


async def read_terms(ctx: ConnectionContext) -> Terms | tuple[Finding, ...]:
    """The terms, or the findings that prevent the comparison."""
    design = ctx.connection.design.catalogue
    store = await ctx.bigcommerce.catalogue.store()
    company = await ctx.cin7.me(lane=Lane.CATALOGUE)
    tiers = {row.name: row.code for row in await ctx.cin7.price_tiers(lane=Lane.CATALOGUE)}
    findings = _disagreements(store, company.currency, design) + _unknown_tiers(design, tiers)
    if findings:
        return findings
    policy = CataloguePolicy(
        masters={Field(name): Master(master) for name, master in design.fields.model_dump().items()},
        price_tier=tiers[design.price_tier],
        sale_price_tier=tiers.get(design.sale_price_tier),
        retail_price_tier=tiers.get(design.retail_price_tier),
        weight_unit=store.weight_units,
        length_unit=store.dimension_units,
        only_tag=design.only_tag,
        categories=dict(design.categories),
        ignore_case_and_space=design.sku_match == "ignore_case_and_space",
    )
    return Terms(policy, tiers, store.currency)


async def compare(ctx: ConnectionContext, terms: Terms) -> View:
    """Reads both catalogues and plans the run."""
    products: list[Product] = []
    async for products_page in ctx.cin7.catalogue_products(lane=Lane.CATALOGUE):
        products += [read_product(row) for row in products_page]
    families: list[Family] = []
    async for families_page in ctx.cin7.families(lane=Lane.CATALOGUE):
        families += [read_family(row) for row in families_page]
    store_listings: list[StoreListing] = []
    async for listings_page in ctx.bigcommerce.catalogue.products():
        store_listings += [read_listing(row) for row in listings_page]
    categories = category_paths(await ctx.bigcommerce.catalogue.categories())
    links = await ctx.repositories.listings.links(ctx.name)
    desired = desired_listings(products, families, terms.policy)
    services = frozenset(product.sku for product in products if product.is_service)
    plan = plan_run(desired, store_listings, links, terms.policy, categories, services)
    return View(plan, terms, links, categories, {product.id: product for product in products})


def _disagreements(store: Store, currency: str, design: Catalogue) -> tuple[Finding, ...]:
    """Findings where currency or tax differ between the prices of both platforms.

    Source: platform notes, bigcommerce 4.3 and trap 41.
    """
    findings: list[Finding] = []
    if store.currency != currency:
        kind = FindingKind.PRICE_TERMS_DIFFER
        findings.append(hold(kind, "currency of the store", store.currency, f"{currency}, the company's currency"))
    if store.is_price_entered_with_tax != design.prices_include_tax:
        value = str(store.is_price_entered_with_tax).lower()
        expected = f"{str(design.prices_include_tax).lower()}, as design.catalogue.prices_include_tax says of the tiers"
        findings.append(hold(FindingKind.PRICE_TERMS_DIFFER, "store.is_price_entered_with_tax", value, expected))
    return tuple(findings)


def _unknown_tiers(design: Catalogue, tiers: Mapping[str, int]) -> tuple[Finding, ...]:
    named = [design.price_tier, design.sale_price_tier, design.retail_price_tier, *design.price_lists]
    return tuple(
        hold(FindingKind.PRICE_TIER_UNKNOWN, "design.catalogue", tier, f"one of {', '.join(tiers)}")
        for tier in named
        if tier and tier not in tiers
    )
