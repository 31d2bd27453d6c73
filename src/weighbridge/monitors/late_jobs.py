"""Checks that due jobs start in time; if they do not, the workers cannot keep up."""

from __future__ import annotations

from datetime import datetime, timedelta

from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.monitors.monitor import CheckResult, Monitor
from weighbridge.persistence.repositories.monitoring_facts import OverdueJobs

PATIENCE = timedelta(minutes=15)
OWN_FLOW = "monitors"


async def _check(ctx: ConnectionContext) -> CheckResult | None:
    now = ctx.clock.now()
    since = await ctx.repositories.monitoring_facts.up_since()
    if since is None or now - since < PATIENCE:
        # After a start all jobs are late, and the workers need a while to catch up. Earlier findings stay open.
        return None
    overdue = await ctx.repositories.monitoring_facts.overdue(ctx.name, now - PATIENCE)
    expected = "jobs that start within 15 minutes: start another worker, or find out what delays this one"
    return CheckResult(
        {
            row.flow: hold(FindingKind.JOBS_LATE, row.flow, _waiting(row, now), expected)
            for row in overdue
            if row.flow != OWN_FLOW
        }
    )


def _waiting(overdue: OverdueJobs, now: datetime) -> str:
    jobs = "1 job waits" if overdue.jobs == 1 else f"{overdue.jobs} jobs wait"
    return f"{jobs}, the oldest for {(now - overdue.oldest) // timedelta(minutes=1)} minutes"


MONITOR = Monitor("late_jobs", "Every due job starts within 15 minutes.", FindingKind.JOBS_LATE, _check)
