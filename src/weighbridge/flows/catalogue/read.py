"""Reading both catalogues in full, and the terms under which they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.design.catalogue import Catalogue
from weighbridge.domain.catalogue.listing import Field, Link, Master, ShopListing
from weighbridge.domain.catalogue.mapping import wanted_listings
from weighbridge.domain.catalogue.plan import Plan, plan_round
from weighbridge.domain.catalogue.product import Article, CataloguePolicy, Family
from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import Site, running
from weighbridge.platforms.bigcommerce.catalogue_read import category_paths, read_listing
from weighbridge.platforms.bigcommerce.models.catalogue import Store
from weighbridge.platforms.cin7.catalogue_read import read_article, read_family


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides must agree on before any price is compared."""

    policy: CataloguePolicy
    tiers: Mapping[str, int]
    """Position of each price tier by name."""
    currency: str


@dataclass(frozen=True, slots=True)
class View:
    """Both catalogues as they stand, compared."""

    plan: Plan
    terms: Terms
    links: Mapping[str, Link]
    categories: Mapping[int, str]
    articles: Mapping[str, Article]
    """Every product of the books by id."""


async def read_terms(site: Site) -> Terms | tuple[Finding, ...]:
    """The terms, or why nothing can be compared."""
    design = site.connection.design.catalogue
    store = await site.shop.catalogue.store()
    company = await site.books.me(lane=Lane.CATALOGUE)
    tiers = {row.name: row.code for row in await site.books.price_tiers(lane=Lane.CATALOGUE)}
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


async def compare(site: Site, terms: Terms) -> View:
    """Reads everything on both sides and plans the round."""
    articles: list[Article] = []
    async for articles_page in site.books.articles(lane=Lane.CATALOGUE):
        articles += [read_article(row) for row in articles_page]
    families: list[Family] = []
    async for families_page in site.books.families(lane=Lane.CATALOGUE):
        families += [read_family(row) for row in families_page]
    shop: list[ShopListing] = []
    async for products in site.shop.catalogue.products():
        shop += [read_listing(product) for product in products]
    categories = category_paths(await site.shop.catalogue.categories())
    links = await running().journal.listings.links(site.name)
    wanted = wanted_listings(articles, families, terms.policy)
    services = frozenset(article.sku for article in articles if article.is_service)
    plan = plan_round(wanted, shop, links, terms.policy, categories, services)
    return View(plan, terms, links, categories, {article.id: article for article in articles})


def _disagreements(store: Store, currency: str, design: Catalogue) -> tuple[Finding, ...]:
    """Prices in another money, or with tax on one side only. Source: platform notes, bigcommerce 4.3 and trap 41."""
    findings: list[Finding] = []
    if store.currency != currency:
        kind = FindingKind.PRICE_TERMS_DIFFER
        findings.append(hold(kind, "currency of the store", store.currency, f"{currency}, the company's currency"))
    if store.is_price_entered_with_tax != design.prices_include_tax:
        shown = str(store.is_price_entered_with_tax).lower()
        expected = f"{str(design.prices_include_tax).lower()}, as design.catalogue.prices_include_tax says of the tiers"
        findings.append(hold(FindingKind.PRICE_TERMS_DIFFER, "store.is_price_entered_with_tax", shown, expected))
    return tuple(findings)


def _unknown_tiers(design: Catalogue, tiers: Mapping[str, int]) -> tuple[Finding, ...]:
    named = [design.price_tier, design.sale_price_tier, design.retail_price_tier, *design.price_lists]
    return tuple(
        hold(FindingKind.PRICE_TIER_UNKNOWN, "design.catalogue", tier, f"one of {', '.join(tiers)}")
        for tier in named
        if tier and tier not in tiers
    )
