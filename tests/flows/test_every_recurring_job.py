"""Every recurring job runs to its end on both databases, and is due again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import uvloop
from structlog.testing import capture_logs

from tests.flows.harness import Harness, harness
from weighbridge.app.jobs import recurring_cadences
from weighbridge.domain.job_types import RECURRING, WHOLE_CONNECTION
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.work import jobs
from weighbridge_simulation.demo.run import free_port

CATALOGUE = "\n[connections.main.design.catalogue]\nenabled = true\n"


async def _run_every_recurring_job(trial: Harness) -> tuple[list[Any], dict[str, timedelta]]:
    """Runs each once, as a worker does; returns the rows of the jobs, and the cadence of each flow."""
    worker = trial.worker()
    async with worker.working(recurring=True):
        cadences = recurring_cadences({name: ctx.connection for name, ctx in worker.contexts.items()})
        await worker.repositories.job_queue.ensure_recurring(cadences)
        await worker.settle()
        failed = [
            (row.flow, row.state, row.reason)
            for flow in RECURRING
            for row in await worker.repositories.transfers.in_flow(flow, 100)
            if row.key == WHOLE_CONNECTION and row.state is not State.POSTED
        ]
        assert failed == []
        of_connection = sa.select(jobs).where(jobs.c.key == WHOLE_CONNECTION)
        async with worker.database.reading() as reading:
            rows = list((await reading.execute(of_connection)).all())
    return rows, {str(flow): cadence for (_, flow), cadence in cadences.items()}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_recurring_job_ends_well_and_is_due_again(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database = request.getfixturevalue("fresh_database")("recurring") if kind == "postgresql" else ""
    fast_lane = 'fast_lane = ["MUG"]'
    with harness(tmp_path, database=database, design=CATALOGUE, stock=fast_lane) as trial:
        trial.use_webhooks(free_port())
        order_id = trial.place()
        with capture_logs() as events:
            rows, cadences = uvloop.run(_run_every_recurring_job(trial))
        assert [event for event in events if "exception" in event or event.get("exc_info")] == []
        assert {row.flow for row in rows} == set(cadences) == set(RECURRING)
        for row in rows:
            assert row.failures == 0, row.flow
            assert row.worker or row.due_at > row.started_at, f"{row.flow} is neither due nor running again"
        trial.assert_one_sale(order_id)
