"""Reachability: an exception while no call reaches a platform, so that nothing waits for hours without a word.

Each transfer waits by its own retry schedule, which may take hours. So the exception is opened by the first try that
fails two minutes after the first failure, and closed by the first try that succeeds; the monitors do both too. When it
is closed, everything that waits because a platform was unreachable is tried at once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import structlog

from weighbridge.common.connection_failure import ConnectionFailure
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.open_findings import report
from weighbridge.platforms.http_client import NOT_SENT, UNREACHABLE

log = structlog.get_logger()

REACHABILITY = "reachability"
"""The flow under which its findings are held."""
PATIENCE = timedelta(minutes=2)
"""Between the first and the last call without an answer; a restarted router or server is back by then."""
APART = timedelta(seconds=1)
"""Between the tries after an outage, so that the platform does not get all of them in one moment."""
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
    await retry_after_outage(ctx, findings)
    await report(ctx, REACHABILITY, {platform: (finding,) for platform, finding in findings.items()})


async def retry_after_outage(ctx: ConnectionContext, unreachable: Collection[str]) -> None:
    """Makes everything due that waits for a platform, if one with an open exception is not `unreachable` any more. To
    be called before the exception is closed, so that a crash between the two only tries twice."""
    held = await ctx.repositories.transfers.held_in_flow(ctx.name, REACHABILITY)
    if all(transfer.key in unreachable for transfer in held):
        return
    await ctx.repositories.transfers.restart_schedules(ctx.name, UNREACHABLE)
    jobs = await ctx.repositories.job_queue.bring_forward(ctx.name, UNREACHABLE, APART)
    log.info("platform_answers_again", jobs=jobs)


def _phrase(outcome: str) -> str:
    """The outcome of a call without an answer, in words."""
    kind, _, cause = outcome.partition(": ")
    if kind == UNREACHABLE and cause in set(ConnectionFailure):
        return ConnectionFailure(cause).phrase
    return "calls get no answer"
