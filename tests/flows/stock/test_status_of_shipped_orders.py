"""The status of an order after its parcels: seen in the sweep's list, or set when the store does not set it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.harness import Harness, harness
from tests.flows.orders.test_calls_per_order import calls_of
from weighbridge.flows.fulfilment.order_status import READ_STATUS_AFTER

SHIPPED = 2


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Harness]:
    with harness(tmp_path) as trial:
        yield trial


def dispatched(trial: Harness) -> int:
    """A posted order whose parcel has left."""
    order_id = trial.place()
    trial.run()
    parcel = {"sale_id": trial.assert_one_sale(order_id)["id"], "carrier": "UPS", "tracking": "T-1"}
    trial.twins.act("cin7", "pick_pack_ship", parcel)
    return order_id


def unconfirmed(trial: Harness) -> list[bool]:
    return [transfer.next_try_at is not None for transfer in trial.transfers("fulfilment")]


def test_a_parcel_costs_two_calls_and_the_sweep_confirms_the_status(trial: Harness) -> None:
    order_id = dispatched(trial)
    assert calls_of(trial, order_id, trial.ship) == ["GET ", "POST /shipments"]
    assert unconfirmed(trial) == [True]
    assert calls_of(trial, order_id, trial.run) == [], "the list of orders shows the status"
    assert unconfirmed(trial) == [False]
    assert trial.order(order_id)["status_id"] == SHIPPED


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_status_that_the_store_does_not_set_is_set(tmp_path: Path, is_listed: bool) -> None:
    switches = {"shipment_sets_status": False, "shipment_bumps_date_modified": is_listed}
    with harness(tmp_path, bigcommerce_switches=switches) as trial:
        order_id = dispatched(trial)
        trial.ship()
        time.sleep(trial.twins.clock.wall_seconds(READ_STATUS_AFTER.total_seconds() + 1))
        assert calls_of(trial, order_id, trial.run) == ["GET ", "PUT "]
        assert (trial.order(order_id)["status_id"], unconfirmed(trial)) == (SHIPPED, [False])


def test_a_status_that_a_person_sets_later_stays(trial: Harness) -> None:
    order_id = dispatched(trial)
    trial.ship()
    trial.run()
    trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 11})
    trial.run()
    assert trial.order(order_id)["status_id"] == 11
