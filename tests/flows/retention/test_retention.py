"""The scheduled job that removes old records: posted orders lose their bodies, held ones keep them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import uvloop

from tests.flows.harness import Harness, harness
from weighbridge.flows.retention import flow as retention
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.transfers import State


def _calls(trial: Harness, order_id: int) -> list[StoredExchange]:
    """The stored calls of an order."""
    (transfer,) = [row for row in trial.transfers("orders") if row.key == str(order_id)]

    async def read() -> list[StoredExchange]:
        worker = trial.worker()
        try:
            return await worker.repositories.http_log.of_transfer(transfer.id)
        finally:
            await worker.database.close()

    return uvloop.run(read())


def test_bodies_of_posted_orders_are_removed_after_a_month_and_those_of_held_orders_kept(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        posted = trial.place(lines=[{"sku": "MUG", "quantity": 1}])
        held = trial.place(lines=[{"sku": "NOPE", "quantity": 1, "price": "5.00"}])
        trial.run()
        assert {row.key: row.state for row in trial.transfers("orders")} == {
            str(posted): State.POSTED,
            str(held): State.HELD,
        }
        before = {order_id: [call.response for call in _calls(trial, order_id)] for order_id in (posted, held)}
        clock = trial.twins.running.clock
        trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(days=32)))
        trial.run(retention.FLOW, until=lambda rows: True)
        assert all(call.are_bodies_removed for call in _calls(trial, posted))
        assert [call.response for call in _calls(trial, held)] == before[held]
        assert len(_calls(trial, posted)) == len(before[posted]), "the calls are kept without their bodies"
