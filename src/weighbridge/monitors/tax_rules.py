"""Tax rules: every rule that the design names exists in Cin7 and may be used for sales, before an order needs it."""

from __future__ import annotations

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen

NAME, USABLE = 0, 2


async def _look(site: Site) -> Seen:
    kept = await running().journal.references.read(site.name, "company")
    if kept is None:
        return Seen()
    usable = {rule[NAME]: bool(rule[USABLE]) for rule in kept[0]["tax_rules"]}
    there = ", ".join(sorted(name for name, used in usable.items() if used)) or "none"
    found = {}
    for tax, rule in sorted(site.connection.design.tax.rules.items()):
        if not usable.get(rule, False):
            expected = f"an active tax rule for sales in Cin7; there are: {there}"
            found[rule] = hold(FindingKind.TAX_RULE_MISSING, f"design.tax.rules.{tax}", rule, expected)
    return Seen(found)


MONITOR = Monitor(
    "tax_rule", "Every tax rule that the design names exists in Cin7.", FindingKind.TAX_RULE_MISSING, _look
)
