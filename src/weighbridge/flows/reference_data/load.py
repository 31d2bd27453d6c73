"""References: what both sides must agree on, read before the first order and kept fresh."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog

from weighbridge.domain.catalogue.sku_audit import audit, doubled
from weighbridge.domain.exceptions.kinds import MENDED_IN_CIN7
from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.reference_data import Books, TaxRule
from weighbridge.flows.attempt_runner import STOPPED, end_round, run_stage
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.idempotent_write import Answered, BeforeSend, Later, Write, write_once
from weighbridge.flows.open_findings import report
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.recheck_jobs import BOOKS, look_at
from weighbridge.persistence.repositories.reference_cache import unknown_sku
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.read import read_shop_items, read_sku_places
from weighbridge.platforms.cin7 import write
from weighbridge.platforms.cin7.read import read_book_product, read_tax_rule

log = structlog.get_logger()

FLOW = "references"
ALL = "*"
READY = "books_ready"
SKU = "sku"
"""Under this name a SKU of the shop waits for a person that no stock figure can reach."""
UNKNOWN_SKU_PATIENCE = timedelta(minutes=15)
"""How long "Cin7 does not know this SKU" is believed before it is asked again."""


@durable_flow(FLOW)
async def references(connection: str, key: str) -> str:
    """Reads company, tax rules, products, web customers and the shop's SKUs; then looks again a day later.

    Under the key BOOKS only what Cin7 says, once: somebody has mended something there, and orders wait for it.
    """
    return await read_references(connection, key)


@durable_step("references")
async def read_references(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        await _read_company(site)
        await _read_products(site)
        await _read_web_customers(site, transfer)
        if key != BOOKS:
            await _audit_skus(site, await _read_shop(site))
        await running().journal.references.keep(site.name, READY, True)
        await _wake_what_waits_for_cin7(site)
        return "done"

    ended = await run_stage(site, transfer, "references", (FLOW, key), work)
    if key != BOOKS:
        await end_round(transfer, ended, site.connection.design.cadence.references)
    elif ended != STOPPED:
        await weighed(transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return ended


async def _wake_what_waits_for_cin7(site: Site) -> None:
    """Asks for a look at everything that was held for what Cin7 said before."""
    journal = running().journal
    for flow, key in await journal.exceptions.waiting(site.name, MENDED_IN_CIN7):
        look = look_at(flow, key)
        if look is not None:
            await journal.agenda.look_again(site.name, *look, "the books were read")


async def books_for(site: Site, skus: set[str], currency: str) -> Books:
    """The references that an order with these SKUs is checked against; unknown SKUs are asked for one by one.

    Raises Later while the references were never read.
    """
    journal = running().journal
    known = await kept_books(journal, site.name, skus)
    if known is None:
        at = running().clock.now() + timedelta(seconds=5)
        raise Later("references", "tax rules and products of Cin7 are not read yet", at)
    products = dict(known.products)
    for sku in sorted(skus - products.keys()):
        if await _asked_lately(site, sku):
            continue
        found = await site.books.product_by_sku(sku, lane=Lane.ORDERS)
        if found is None:
            await journal.references.keep(site.name, unknown_sku(sku), True)
        else:
            await journal.catalogue.store_book_products(site.name, [read_book_product(found)])
            products[sku] = read_book_product(found)
    return replace(known, products=products)


async def kept_books(journal: Journal, connection: str, skus: Collection[str]) -> Books | None:
    """The references as they were last read; None while they were never read. Cin7 is not asked."""
    kept = await journal.references.read(connection, "company")
    if kept is None or await journal.references.read(connection, READY) is None:
        return None
    company: dict[str, Any] = kept[0]
    products = await journal.catalogue.book_products(connection, skus)
    rules = {name: TaxRule(name, Decimal(percent), usable) for name, percent, usable in company["tax_rules"]}
    return Books(company["currency"], products, rules, company["customers"])


async def _asked_lately(site: Site, sku: str) -> bool:
    kept = await running().journal.references.read(site.name, unknown_sku(sku))
    return kept is not None and kept[1] + UNKNOWN_SKU_PATIENCE > running().clock.now()


async def _read_company(site: Site) -> None:
    me = await site.books.me(lane=Lane.ORDERS)
    rules = [read_tax_rule(rule) async for page in site.books.tax_rules(lane=Lane.ORDERS) for rule in page]
    accounts = [row async for page in site.books.accounts(lane=Lane.ORDERS) for row in page]
    before = await running().journal.references.read(site.name, "company")
    company = {
        "currency": me.currency,
        "tax_rules": [[rule.name, str(rule.percent), rule.usable_for_sales] for rule in rules],
        "accounts": [[row.code, row.status == "ACTIVE", bool(row.for_payments)] for row in accounts],
        "customers": before[0]["customers"] if before else {},
    }
    await running().journal.references.keep(site.name, "company", company)


async def _read_products(site: Site) -> None:
    """Every product the first time, then what changed since, with an overlap."""
    journal = running().journal
    since = await journal.watermarks.read(site.name, "products")
    started = running().clock.now()
    overlap = site.connection.design.cadence.overlap
    async for page in site.books.products(modified_since=since - overlap if since else None, lane=Lane.CATALOGUE):
        await journal.catalogue.store_book_products(site.name, [read_book_product(product) for product in page])
    await journal.watermarks.advance(site.name, "products", started)


async def _read_web_customers(site: Site, transfer: Transfer) -> None:
    """The customer that the shop's orders are billed to, one per currency, since Cin7 ties currency to the customer."""
    journal = running().journal
    customers: dict[str, str] = {}
    for currency, name in site.connection.design.sale.customers.items():
        found = await site.books.customer_by_name(name, lane=Lane.ORDERS)
        customers[currency] = found.id if found else await _create_customer(site, transfer, currency, name)
    kept = await journal.references.read(site.name, "company")
    assert kept is not None
    await journal.references.keep(site.name, "company", {**kept[0], "customers": customers})


async def _create_customer(site: Site, transfer: Transfer, currency: str, name: str) -> str:
    body = write.web_customer(name, currency, site.sale_policy)

    async def send(before_send: BeforeSend) -> Answered:
        made = await site.books.create_customer(body, lane=Lane.ORDERS, before_send=before_send)
        return {"id": made.id}

    async def probe() -> Answered | None:
        found = await site.books.customer_by_name(name, lane=Lane.ORDERS)
        return {"id": found.id} if found else None

    wanted = Write(
        key=f"{site.name}:customer:{currency}:{name}"[:200],
        kind="customer",
        request=body.model_dump(mode="json", by_alias=True, exclude_none=True),
        send=send,
        probe=probe,
        settle_seconds=site.connection.design.retry.settle_seconds,
    )
    answer = await write_once(transfer.id, wanted, site.connection.design.retry.lease_seconds)
    return str(answer["id"])


async def _audit_skus(site: Site, twice: Mapping[str, Finding]) -> None:
    """Holds every SKU of the shop that no stock figure can reach, under its own name."""
    catalogue = running().journal.catalogue
    items = await catalogue.shop_items(site.name)
    found = audit(items.values(), await catalogue.known_skus(site.name), await catalogue.stocked_skus(site.name))
    await report(site, SKU, {sku: (finding,) for sku, finding in (found | dict(twice)).items()})


async def _read_shop(site: Site) -> Mapping[str, Finding]:
    """The shop's SKUs and how the stock of each is addressed; what a complete reading did not show is dropped. Answers
    what is wrong with SKUs that stand there more than once."""
    journal = running().journal
    started = running().clock.now()
    places: list[tuple[str, int]] = []
    async for page in site.shop.products(lane=Lane.CATALOGUE):
        places += read_sku_places(page)
        await journal.catalogue.store_shop_items(site.name, read_shop_items(page))
    await journal.catalogue.forget_unseen_shop_items(site.name, started)
    return doubled(places)
