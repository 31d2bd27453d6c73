"""Returns preflight: runs once for each design version and currency, before the first credit note under it."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.lanes import Lane
from weighbridge.domain.returns.preflight import missing_for_returns
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.reference_data.load import reference_data_for

PREFLIGHT_PASSED = "returns_preflight_passed"
"""The name in the reference cache, with the currency, of the design version that passed."""


async def returns_preflight(ctx: ConnectionContext, currency: str) -> tuple[Finding, ...]:
    """Why refunds cannot be credited; empty when the preflight passed. A failed one is repeated at each refund."""
    reference_cache = ctx.repositories.reference_cache
    name = f"{PREFLIGHT_PASSED}:{currency}"
    cached = await reference_cache.read(ctx.name, name)
    if cached is not None and cached[0] == ctx.design_version:
        return ()
    reference = await reference_data_for(ctx, set(), currency)
    accounts = [row async for page in ctx.cin7.accounts(lane=Lane.RETURNS) for row in page]
    locations = [row async for page in ctx.cin7.locations(lane=Lane.RETURNS) for row in page]
    missing = missing_for_returns(
        reference,
        ctx.sale_policy,
        ctx.refund_policy,
        frozenset(row.code for row in accounts if row.for_payments and row.status == "ACTIVE"),
        frozenset(row.name for row in locations if not row.is_deprecated),
    )
    if not missing:
        await reference_cache.store(ctx.name, name, ctx.design_version)
    return missing
