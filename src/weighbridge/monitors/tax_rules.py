"""Checks that every tax rule that the design names exists in Cin7 and is active for sales."""

from __future__ import annotations

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor

NAME, USABLE = 0, 2
"""Positions in a cached tax rule: its name, whether it is active for sales."""


async def _check(ctx: ConnectionContext) -> CheckResult:
    cached = await ctx.repositories.reference_cache.read(ctx.name, "company")
    if cached is None:
        return CheckResult()
    usable = {rule[NAME] for rule in cached[0]["tax_rules"] if rule[USABLE]}
    expected = f"an active tax rule for sales in Cin7; there are: {', '.join(sorted(usable)) or 'none'}"
    findings = {}
    for tax, rule in sorted(ctx.connection.design.tax.rules.items()):
        if rule not in usable:
            findings[rule] = hold(FindingKind.TAX_RULE_MISSING, f"design.tax.rules.{tax}", rule, expected)
    return CheckResult(findings)


MONITOR = Monitor(
    "tax_rule", "Every tax rule that the design names exists in Cin7.", FindingKind.TAX_RULE_MISSING, _check
)
