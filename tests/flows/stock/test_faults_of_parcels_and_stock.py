"""Every fault of the twins hits parcels and stock: each parcel is reported once, and each level is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, harness
from weighbridge.flows.discovery.sweeps import FULFILMENT_SWEEP
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import flow as stock
from weighbridge_twins.faults import FAULTS, REQUEST_FAULTS, SWITCH_FAULTS, WEBHOOK_FAULTS

FAULT_OPTIONS: dict[str, dict[str, Any]] = {
    "throttle": {},
    "error_before": {"status": 502},
    "error_after": {"status": 504},
    "drop_before": {},
    "drop_after": {},
    "slow": {"seconds": 0.3},
    "slow_before": {"seconds": 0.8},
    "html_200": {"commit": True},
    "malformed_json": {},
    "mutate": {"drop": True},
    "delayed_visibility": {"value": 60},
    "page_drift": {"value": 1},
}
"""Fault -> its options."""
PARCEL_CALLS = (
    ("cin7", "GET", "(?i)/saleList$", "SaleList.0.Updated"),
    ("cin7", "GET", "(?i)/sale/fulfilment$", "Fulfilments"),
    ("bigcommerce", "POST", "/shipments$", "id"),
    ("bigcommerce", "GET", "/v2/orders/[0-9]+$", "status_id"),
)
STOCK_CALLS = (
    ("cin7", "GET", "(?i)/ref/productavailability$", "ProductAvailabilityList.0.Available"),
    ("bigcommerce", "PUT", "/inventory/adjustments/absolute$", "transaction_id"),
    ("bigcommerce", "GET", "/inventory/items$", "data.0.identity"),
)
"""Platform, method and path of the calls that are hit, and the member that `mutate` removes from their responses."""
IMPATIENT = """
[connections.main.design.retry]
call_timeout_seconds = 0.5
call_settle_seconds = 900
settle_seconds = 900
"""
"""At the speed of the harness 900 seconds take one and a half seconds: longer than `slow_before` delays a call."""
MAX_RUNS = 12


def inject_faults(trial: Harness, fault: str, calls: tuple[tuple[str, str, str, str], ...]) -> None:
    """Hits each of the calls once."""
    if fault in SWITCH_FAULTS:
        for platform in ("cin7", "bigcommerce"):
            trial.twins.fault(platform, {"fault": fault, **FAULT_OPTIONS[fault]})
        return
    for platform, method, path, member in calls:
        how = FAULT_OPTIONS[fault] | ({"path": member} if fault == "mutate" else {})
        trial.twins.fault(platform, {"fault": fault, **how, "match": {"method": method, "path": path}, "times": 1})


def all_faults_fired(trial: Harness) -> bool:
    rules = [*trial.twins.faults("cin7"), *trial.twins.faults("bigcommerce")]
    return all(rule["fired"] >= 1 for rule in rules if rule["fault"] in REQUEST_FAULTS)


def run_until(trial: Harness, reached: Callable[[], bool], *flows: str) -> None:
    """Runs the flows repeatedly until `reached` is true and every fault has fired."""
    for _ in range(MAX_RUNS):
        trial.run(*flows, until=lambda rows: True)
        if reached() and all_faults_fired(trial):
            return


@pytest.mark.parametrize("fault", FAULT_OPTIONS)
def test_fault_around_a_parcel_reports_it_once(tmp_path: Path, fault: str) -> None:
    design = IMPATIENT if fault == "slow_before" else ""
    with harness(tmp_path, design=design) as trial:
        order_id = trial.place()
        trial.run()
        sale_id = trial.assert_one_sale(order_id)["id"]
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS", "tracking": "T-1"})
        inject_faults(trial, fault, PARCEL_CALLS)
        run_until(trial, lambda: trial.order(order_id)["status_id"] == 2, FULFILMENT_SWEEP)
        trial.ship()
        assert trial.order(order_id)["status_id"] == 2
        shipments = trial.shipments(order_id)
        assert [shipment["tracking_number"] for shipment in shipments] == ["T-1"]
        assert sorted(item["quantity"] for item in shipments[0]["items"]) == [2, 3]
        assert all_faults_fired(trial)


def test_row_that_stays_unreadable_stops_no_other_parcel(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        placed = [trial.place(), trial.place()]
        trial.run()
        for order_id in placed:
            sale_id = trial.assert_one_sale(order_id)["id"]
            parcel = {"sale_id": sale_id, "carrier": "UPS", "tracking": f"T-{order_id}"}
            trial.twins.act("cin7", "pick_pack_ship", parcel)
        match = {"method": "GET", "path": "(?i)/saleList$"}
        trial.twins.fault("cin7", {"fault": "mutate", "path": "SaleList.0.Updated", "set": "soon", "match": match})
        run_until(
            trial, lambda: all(trial.order(placed_id)["status_id"] == 2 for placed_id in placed), FULFILMENT_SWEEP
        )
        for order_id in placed:
            assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == [f"T-{order_id}"]


@pytest.mark.parametrize("fault", FAULT_OPTIONS)
def test_fault_around_stock_leaves_the_right_levels(tmp_path: Path, fault: str) -> None:
    """A stock list that could not be read does not count as an empty warehouse."""
    design = IMPATIENT if fault == "slow_before" else ""
    with harness(tmp_path, design=design) as trial:
        inject_faults(trial, fault, STOCK_CALLS)
        expected = {"MUG": 100, "TEA": 500}
        run_until(trial, lambda: levels(trial) == expected, reference_data.FLOW, stock.FLOW)
        assert levels(trial) == expected
        assert all_faults_fired(trial)


def levels(trial: Harness) -> dict[str, int]:
    return dict(trial.twins.act("bigcommerce", "stock_levels"))


SLOW_SWEEPS = """
[connections.main.design.cadence]
orders_seconds = 600
fulfilment_seconds = 600
webhooks_seconds = 300
"""
WEBHOOK_FAULT_OPTIONS: dict[str, dict[str, Any]] = {
    "webhook_lost": {"times": 2},
    "webhook_duplicate": {"copies": 3},
    "webhook_late": {"seconds": 300},
    "webhook_reorder": {"seconds": 120},
    "webhook_deactivated": {"times": 1},
}


@pytest.mark.parametrize("fault", WEBHOOK_FAULT_OPTIONS)
def test_fault_of_the_cin7_webhooks_reports_each_parcel_once(tmp_path: Path, fault: str) -> None:
    placed: list[int] = []

    def act(trial: Harness) -> None:
        trial.twins.fault("cin7", {"fault": fault, **WEBHOOK_FAULT_OPTIONS[fault]})
        for tracking, order_id in enumerate(placed):
            sale_id = trial.assert_one_sale(order_id)["id"]
            parcel = {"sale_id": sale_id, "carrier": "UPS", "tracking": f"T-{tracking}"}
            trial.twins.act("cin7", "pick_pack_ship", parcel)

    def done(trial: Harness) -> bool:
        fired = sum(rule["fired"] for rule in trial.twins.faults("cin7"))
        webhooks_active = all(webhook["IsActive"] for webhook in trial.cin7_webhooks())
        return fired > 0 and webhooks_active and all(trial.order(order_id)["status_id"] == 2 for order_id in placed)

    with harness(tmp_path, design=SLOW_SWEEPS) as trial:
        placed.extend(trial.place() for _ in range(2))
        trial.run()
        trial.listen(act, done)
        trial.ship()
        for number, order_id in enumerate(placed):
            assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == [f"T-{number}"]


def test_every_fault_is_played() -> None:
    assert set(FAULT_OPTIONS) == set(REQUEST_FAULTS) | set(SWITCH_FAULTS)
    assert {*FAULT_OPTIONS, *WEBHOOK_FAULT_OPTIONS} == set(FAULTS)
    assert set(WEBHOOK_FAULT_OPTIONS) == set(WEBHOOK_FAULTS)
