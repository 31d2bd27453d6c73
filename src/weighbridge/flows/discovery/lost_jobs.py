"""Revival: an object whose look got lost is looked at again, so that everything ends posted, held or rejected."""

from __future__ import annotations

from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.orders import flow as orders
from weighbridge.jobs.engine import RunStatus, runs

log = structlog.get_logger()

PATIENCE = timedelta(minutes=5)
"""How long an object may stand still before the engine is asked whether it still has a look at it."""
ENDED_ITS_WORKER = "the run ended its worker each time, and was given up"


async def revive(site: Site, flow: str) -> int:
    """Asks for a look at every object of `flow` that should move and that neither agenda nor engine will look at.

    Answers how many. An object that made its worker die until the engine gave up waits for a person instead.
    """
    journal = running().journal
    quiet_since = running().clock.now() - PATIENCE
    stalled = await journal.stalls.of(site.name, flow, quiet_since)
    if flow == orders.FLOW:
        stalled += await journal.stalls.without_trace(site.name, flow, quiet_since)
    if not stalled:
        return 0
    known = await runs([item.run_id for item in stalled])
    revived = 0
    for item in stalled:
        run = known.get(item.run_id)
        status = run.status if run else RunStatus.OVER
        if status is RunStatus.OVER:
            await journal.agenda.look_again(site.name, flow, item.key, "its look was lost")
            revived += 1
        elif status is RunStatus.GIVEN_UP:
            transfer = await journal.transfers.open(site.name, flow, item.key)
            expected = "a run that ends. Look at the worker's log, then ask for a look"
            finding = hold(FindingKind.UNEXPECTED_ERROR, f"run {item.run_id}", ENDED_ITS_WORKER, expected)
            await weighed(transfer, (finding,))
    if revived:
        log.warning("stalled_objects_revived", connection=site.name, flow=flow, count=revived)
    return revived
