"""The gate of returns at work: verified once for each design and currency, before the first credit note under it."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.lanes import Lane
from weighbridge.domain.returns.preflight import missing_for_returns
from weighbridge.flows.context import Site, running
from weighbridge.flows.reference_data.load import books_for

VERIFIED = "returns_verified"


async def returns_gate(site: Site, currency: str) -> tuple[Finding, ...]:
    """What keeps refunds from being credited; empty when the gate is open. A closed gate is tried at each refund."""
    references = running().journal.references
    name = f"{VERIFIED}:{currency}"
    kept = await references.read(site.name, name)
    if kept is not None and kept[0] == site.design_version:
        return ()
    books = await books_for(site, set(), currency)
    accounts = [row async for page in site.books.accounts(lane=Lane.RETURNS) for row in page]
    locations = [row async for page in site.books.locations(lane=Lane.RETURNS) for row in page]
    missing = missing_for_returns(
        books,
        site.sale_policy,
        site.refund_policy,
        frozenset(row.code for row in accounts if row.for_payments and row.status == "ACTIVE"),
        frozenset(row.name for row in locations if not row.is_deprecated),
    )
    if not missing:
        await references.keep(site.name, name, site.design_version)
    return missing
