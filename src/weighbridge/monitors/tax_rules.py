"""Checks that every tax rule that the design names exists in Cin7 and is active for sales."""

from __future__ import annotations

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor


async def _check(ctx: ConnectionContext) -> CheckResult:
    company = await ctx.repositories.reference_cache.read_company(ctx.name)
    if company is None:
        return CheckResult()
    usable = {rule.name for rule in company.tax_rules if rule.usable_for_sales}
    expected = f"an active tax rule for sales in Cin7; there are: {', '.join(sorted(usable)) or 'none'}"
    findings = {}
    for tax, rule in sorted(ctx.connection.design.tax.rules.items()):
        if rule not in usable:
            findings[rule] = hold(FindingKind.TAX_RULE_MISSING, f"design.tax.rules.{tax}", rule, expected)
    return CheckResult(findings)


MONITOR = Monitor(
    "tax_rule", "Every tax rule that the design names exists in Cin7.", FindingKind.TAX_RULE_MISSING, _check
)
