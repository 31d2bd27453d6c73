"""Loads reference data: what an order needs to know of Cin7, and the SKUs of the store. Read daily, stored locally."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from weighbridge.domain.catalogue.sku_audit import audit, duplicate_skus
from weighbridge.domain.exceptions.kinds import FIXED_IN_CIN7
from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.job_types import CIN7_ONLY_KEY, Flow, recheck_job
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.reference_data import Company, CompanyAccount, ReferenceData
from weighbridge.flows.attempt_runner import DONE, STOPPED, record_run, run_attempt
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_passed
from weighbridge.flows.idempotent_write import BeforeSend, IdempotentWriter, RetryLater, WriteResult
from weighbridge.flows.open_findings import report
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.reference_data import COMPANY_NAME, unknown_sku
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.store_read import read_sku_products, read_store_items
from weighbridge.platforms.cin7 import write
from weighbridge.platforms.cin7.read import read_reference_product, read_tax_rule

log = structlog.get_logger()

FLOW = Flow.REFERENCE_DATA
READY = "reference_data_ready"
SKU = "sku"
"""The flow under which SKUs of the store are held whose level cannot be published."""
UNKNOWN_SKU_MAX_AGE = timedelta(minutes=15)
"""How long it is cached that Cin7 does not know a SKU."""
RETRY_DELAY = timedelta(seconds=5)
"""When an order is evaluated again that came before the reference data was read."""


async def reference_data(ctx: ConnectionContext, key: str) -> str:
    """The job that reads company, tax rules, products and web customers of Cin7, and the SKUs of the store.

    With the key CIN7_ONLY_KEY it reads only Cin7 and does not recur: a person fixed something there, and held orders
    wait for it.
    """
    return await read_reference_data(ctx, key)


async def read_reference_data(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, "reference_data", (FLOW, key), _read)
    if key != CIN7_ONLY_KEY:
        await record_run(ctx, transfer, outcome)
    elif outcome != STOPPED:
        await record_passed(ctx, transfer)
    return outcome


async def _read(ctx: ConnectionContext, transfer: Transfer) -> str:
    await _read_company(ctx)
    await _read_products(ctx)
    await _read_web_customers(ctx, transfer)
    if transfer.key != CIN7_ONLY_KEY:
        await _audit_skus(ctx, await _read_store(ctx))
    await ctx.repositories.reference_cache.store(ctx.name, READY, True)
    await _requeue_waiting_for_cin7(ctx)
    return DONE


async def _requeue_waiting_for_cin7(ctx: ConnectionContext) -> None:
    """Enqueues every object that is held for a cause that people fix in Cin7."""
    repositories = ctx.repositories
    for flow, key in await repositories.exception_records.open_objects(ctx.name, FIXED_IN_CIN7):
        job = recheck_job(flow, key)
        if job is not None:
            await repositories.job_queue.enqueue(ctx.name, *job, "Cin7 was read again")


async def reference_data_for(ctx: ConnectionContext, skus: set[str], currency: str) -> ReferenceData:
    """The reference data for an order with these SKUs. SKUs that are not stored are read from Cin7 one by one.

    Raises RetryLater while the reference data was never read.
    """
    repositories = ctx.repositories
    stored = await stored_reference_data(repositories, ctx.name, skus)
    if stored is None:
        at = ctx.clock.now() + RETRY_DELAY
        raise RetryLater("reference_data", "tax rules and products of Cin7 are not read yet", at)
    products = dict(stored.products)
    for sku in sorted(skus - products.keys()):
        if await _is_recently_unknown(ctx, sku):
            continue
        product = await ctx.cin7.product_by_sku(sku, lane=Lane.ORDERS)
        if product is None:
            await repositories.reference_cache.store(ctx.name, unknown_sku(sku), True)
        else:
            products[sku] = read_reference_product(product)
            await repositories.catalogue.save_cin7_products(ctx.name, [products[sku]])
    return replace(stored, products=products)


async def stored_reference_data(
    repositories: Repositories, connection: str, skus: Collection[str]
) -> ReferenceData | None:
    """The reference data as it was last read, without a call; None while it was never read."""
    cached = await repositories.reference_cache.values(connection, (COMPANY_NAME, READY))
    company = repositories.reference_cache.company_of(cached.get(COMPANY_NAME))
    if company is None or READY not in cached:
        return None
    products = await repositories.catalogue.cin7_products(connection, skus)
    return ReferenceData(company.currency, products, {rule.name: rule for rule in company.tax_rules}, company.customers)


async def _is_recently_unknown(ctx: ConnectionContext, sku: str) -> bool:
    cached = await ctx.repositories.reference_cache.read(ctx.name, unknown_sku(sku))
    return cached is not None and cached[1] + UNKNOWN_SKU_MAX_AGE > ctx.clock.now()


async def _read_company(ctx: ConnectionContext) -> None:
    me = await ctx.cin7.me(lane=Lane.ORDERS)
    rules = [read_tax_rule(rule) async for page in ctx.cin7.tax_rules(lane=Lane.ORDERS) for rule in page]
    accounts = [row async for page in ctx.cin7.accounts(lane=Lane.ORDERS) for row in page]
    cached = await ctx.repositories.reference_cache.read_company(ctx.name)
    company = Company(
        currency=me.currency,
        tax_rules=tuple(rules),
        accounts=tuple(CompanyAccount(row.code, row.status == "ACTIVE", bool(row.for_payments)) for row in accounts),
        customers=cached.customers if cached else {},
    )
    await ctx.repositories.reference_cache.store_company(ctx.name, company)


async def _read_products(ctx: ConnectionContext) -> None:
    """Reads every product the first time, and later the products that changed since, with an overlap."""
    repositories = ctx.repositories
    since = await repositories.watermarks.read(ctx.name, "products")
    started = ctx.clock.now()
    overlap = ctx.connection.design.cadence.overlap
    async for page in ctx.cin7.products(modified_since=since - overlap if since else None, lane=Lane.CATALOGUE):
        await repositories.catalogue.save_cin7_products(ctx.name, [read_reference_product(product) for product in page])
    await repositories.watermarks.advance(ctx.name, "products", started)


async def _read_web_customers(ctx: ConnectionContext, transfer: Transfer) -> None:
    """Finds or creates the web customers, one for each currency, because a Cin7 customer has one currency."""
    repositories = ctx.repositories
    customers: dict[str, str] = {}
    for currency, name in ctx.connection.design.sale.customers.items():
        customer = await ctx.cin7.customer_by_name(name, lane=Lane.ORDERS)
        customers[currency] = customer.id if customer else await _create_customer(ctx, transfer, currency, name)
    company = await repositories.reference_cache.read_company(ctx.name)
    assert company is not None
    await repositories.reference_cache.store_company(ctx.name, replace(company, customers=customers))


async def _create_customer(ctx: ConnectionContext, transfer: Transfer, currency: str, name: str) -> str:
    body = write.web_customer(name, currency, ctx.sale_policy)

    async def send(transfer: Transfer, before_send: BeforeSend) -> WriteResult:
        customer = await ctx.cin7.create_customer(body, lane=Lane.ORDERS, before_send=before_send)
        return {"id": customer.id}

    async def probe(transfer: Transfer) -> WriteResult | None:
        customer = await ctx.cin7.customer_by_name(name, lane=Lane.ORDERS)
        return {"id": customer.id} if customer else None

    settle, key = ctx.connection.design.retry.settle_seconds, f"{ctx.name}:customer:{currency}:{name}"[:200]
    writer = IdempotentWriter(ctx, transfer)
    answer = await writer.write("customer", body, send, probe, settle_seconds=settle, key=key)
    return str(answer["id"])


async def _audit_skus(ctx: ConnectionContext, duplicates: Mapping[str, Finding]) -> None:
    """Holds every SKU of the store whose level cannot be published. `duplicates` are findings of the store itself."""
    catalogue = ctx.repositories.catalogue
    items = await catalogue.store_items(ctx.name)
    findings = audit(items.values(), await catalogue.known_skus(ctx.name), await catalogue.stocked_skus(ctx.name))
    await report(ctx, SKU, {sku: (finding,) for sku, finding in (findings | dict(duplicates)).items()})


async def _read_store(ctx: ConnectionContext) -> Mapping[str, Finding]:
    """Reads the store's SKUs and how the level of each is addressed, and deletes stored SKUs that the store no longer
    has. Returns a finding for each SKU that the store has more than once."""
    repositories = ctx.repositories
    started = ctx.clock.now()
    sku_products: list[tuple[str, int]] = []
    async for page in ctx.bigcommerce.products(lane=Lane.CATALOGUE):
        sku_products += read_sku_products(page)
        await repositories.catalogue.save_store_items(ctx.name, read_store_items(page))
    await repositories.catalogue.delete_unseen_store_items(ctx.name, started)
    return duplicate_skus(sku_products)
