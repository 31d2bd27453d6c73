"""Checks that every account that the design names is active in Cin7's chart of accounts."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.design.schema import Design
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor


async def _check(ctx: ConnectionContext) -> CheckResult:
    company = await ctx.repositories.reference_cache.read_company(ctx.name)
    if company is None:
        return CheckResult()
    active = {account.code for account in company.accounts if account.is_active}
    payable = {account.code for account in company.accounts if account.is_active and account.takes_payments}
    findings = {}
    for field, code, takes_payments in named_accounts(ctx.connection.design):
        if code not in (payable if takes_payments else active):
            use = " that takes payments" if takes_payments else ""
            expected = f"an active account in Cin7{use}; create it in Cin7, or change the design"
            findings[code] = hold(FindingKind.ACCOUNT_MISSING, field, code, expected)
    return CheckResult(findings)


def named_accounts(design: Design) -> Iterator[tuple[str, str, bool]]:
    """Setting, account code, and whether it must take payments, of every account that documents are posted to."""
    yield "design.sale.revenue_account", design.sale.revenue_account, False
    yield "design.sale.receivable_account", design.sale.receivable_account, False
    if Depth(design.sale.post) is Depth.INVOICE_AND_PAYMENT:
        for tender, code in sorted(design.payments.accounts.items()):
            yield f"design.payments.accounts.{tender}", code, True


MONITOR = Monitor(
    "account", "Every account that the design names is active in Cin7's chart.", FindingKind.ACCOUNT_MISSING, _check
)
