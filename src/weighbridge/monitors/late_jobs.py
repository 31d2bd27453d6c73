"""Late looks: what is on the agenda is looked at in time; when it is not, the workers cannot keep up."""

from __future__ import annotations

from datetime import datetime, timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen
from weighbridge.persistence.repositories.monitoring_facts import Overdue

PATIENCE = timedelta(minutes=15)
OURSELVES = "monitors"


async def _look(site: Site) -> Seen | None:
    now = running().clock.now()
    since = await running().journal.workers.up_since()
    if since is None or now - since < PATIENCE:
        # Whoever has just begun finds everything late, and needs a while for it: what was late before still counts.
        return None
    overdue = await running().journal.watching.overdue(site.name, now - PATIENCE)
    return Seen(
        {
            one.flow: hold(
                FindingKind.LOOKS_LATE,
                one.flow,
                _waiting(one, now),
                "looks within 15 minutes: start another worker, or see what holds this one up",
            )
            for one in overdue
            if one.flow != OURSELVES
        }
    )


def _waiting(one: Overdue, now: datetime) -> str:
    looks = "1 look waits" if one.looks == 1 else f"{one.looks} looks wait"
    return f"{looks}, the oldest for {(now - one.oldest) // timedelta(minutes=1)} minutes"


MONITOR = Monitor("late_looks", "Every look on the agenda is done within 15 minutes.", FindingKind.LOOKS_LATE, _look)
