"""Reachability: an exception while no call reaches a platform, so that nothing waits for hours without a word.

Each transfer waits by its own retry schedule, which may take hours. So the exception is opened by the first try that
fails two minutes after the first failure, and closed by the first try that succeeds; the monitors do both too.
"""

from __future__ import annotations

from datetime import timedelta

from weighbridge.common.connection_failure import ConnectionFailure
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.platforms.http_client import NOT_SENT, UNREACHABLE

REACHABILITY = "reachability"
"""The flow under which its findings are held."""
PATIENCE = timedelta(minutes=2)
"""Between the first and the last call without an answer; a restarted router or server is back by then."""
PLATFORM_NAMES = {"bigcommerce": "BigCommerce", "cin7": "Cin7 Core"}
EXPECTED = "a platform that answers: see its status page, its address, and this machine's network and certificates"


async def unreachable_platforms(ctx: ConnectionContext) -> dict[str, Finding]:
    """A finding for each platform that has answered no call for two minutes, with the reason of the last call."""
    findings: dict[str, Finding] = {}
    for platform, name in PLATFORM_NAMES.items():
        calls = await ctx.repositories.monitoring_facts.unanswered(ctx.name, platform, NOT_SENT)
        if calls is not None and calls.last_at - calls.first_at >= PATIENCE:
            value = f"{name} cannot be reached since {calls.first_at:%H:%M} UTC: {_phrase(calls.last_outcome)}"
            findings[platform] = hold(FindingKind.PLATFORM_UNREACHABLE, platform, value, EXPECTED)
    return findings


async def report_reachability(ctx: ConnectionContext) -> None:
    """Opens the exceptions of the platforms that cannot be reached now, and closes those of the others."""
    findings = await unreachable_platforms(ctx)
    await report(ctx, REACHABILITY, {platform: (finding,) for platform, finding in findings.items()})


def _phrase(outcome: str) -> str:
    """The outcome of a call without an answer, in words."""
    kind, _, cause = outcome.partition(": ")
    if kind == UNREACHABLE and cause in set(ConnectionFailure):
        return ConnectionFailure(cause).phrase
    return "calls get no answer"
