"""Every fault that the twins can play strikes parcels and stock: each parcel is reported once, each level is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Rig, rig
from weighbridge.flows.discovery.sweeps import FULFILMENT_SWEEP
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import flow as stock
from weighbridge_twins.faults import FAULTS, HOOK_FAULTS, REQUEST_FAULTS, SWITCH_FAULTS

HOW: dict[str, dict[str, Any]] = {
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
"""Fault -> how it strikes."""
OF_PARCELS = (
    ("cin7", "GET", "(?i)/saleList$", "SaleList.0.Updated"),
    ("cin7", "GET", "(?i)/sale/fulfilment$", "Fulfilments"),
    ("bigcommerce", "POST", "/shipments$", "id"),
    ("bigcommerce", "GET", "/v2/orders/[0-9]+$", "status_id"),
)
OF_STOCK = (
    ("cin7", "GET", "(?i)/ref/productavailability$", "ProductAvailabilityList.0.Available"),
    ("bigcommerce", "PUT", "/inventory/adjustments/absolute$", "transaction_id"),
    ("bigcommerce", "GET", "/inventory/items$", "data.0.identity"),
)
"""Platform, method and path of the calls that are struck, and the member that `mutate` takes from their answers."""
IMPATIENT = """
[connections.main.design.retry]
call_timeout_seconds = 0.5
call_settle_seconds = 900
settle_seconds = 900
"""
"""At the rig's speed 900 seconds are one and a half of the machine's: longer than `slow_before` keeps a call."""
ROUNDS = 12


def strike(trial: Rig, fault: str, calls: tuple[tuple[str, str, str, str], ...]) -> None:
    """Each of the calls is struck once."""
    if fault in SWITCH_FAULTS:
        for platform in ("cin7", "bigcommerce"):
            trial.twins.fault(platform, {"fault": fault, **HOW[fault]})
        return
    for platform, method, path, member in calls:
        how = HOW[fault] | ({"path": member} if fault == "mutate" else {})
        trial.twins.fault(platform, {"fault": fault, **how, "match": {"method": method, "path": path}, "times": 1})


def all_struck(trial: Rig) -> bool:
    rules = [*trial.twins.faults("cin7"), *trial.twins.faults("bigcommerce")]
    return all(rule["fired"] >= 1 for rule in rules if rule["fault"] in REQUEST_FAULTS)


def rounds(trial: Rig, reached: Callable[[], bool], *flows: str) -> None:
    """Sweep after sweep, as their cadence brings them, until it is reached and every fault has struck."""
    for _ in range(ROUNDS):
        trial.run(*flows, until=lambda rows: True)
        if reached() and all_struck(trial):
            return


@pytest.mark.parametrize("fault", HOW)
def test_fault_around_a_parcel_reports_it_once(tmp_path: Path, fault: str) -> None:
    design = IMPATIENT if fault == "slow_before" else ""
    with rig(tmp_path, design=design) as trial:
        order_id = trial.place()
        trial.run()
        sale_id = trial.assert_one_sale(order_id)["id"]
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS", "tracking": "T-1"})
        strike(trial, fault, OF_PARCELS)
        rounds(trial, lambda: trial.order(order_id)["status_id"] == 2, FULFILMENT_SWEEP)
        trial.ship()
        assert trial.order(order_id)["status_id"] == 2
        shipments = trial.shipments(order_id)
        assert [one["tracking_number"] for one in shipments] == ["T-1"]
        assert sorted(item["quantity"] for item in shipments[0]["items"]) == [2, 3]
        assert all_struck(trial)


def test_row_that_stays_unreadable_stops_no_other_parcel(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        placed = [trial.place(), trial.place()]
        trial.run()
        for order_id in placed:
            sale_id = trial.assert_one_sale(order_id)["id"]
            parcel = {"sale_id": sale_id, "carrier": "UPS", "tracking": f"T-{order_id}"}
            trial.twins.act("cin7", "pick_pack_ship", parcel)
        match = {"method": "GET", "path": "(?i)/saleList$"}
        trial.twins.fault("cin7", {"fault": "mutate", "path": "SaleList.0.Updated", "set": "soon", "match": match})
        rounds(trial, lambda: all(trial.order(one)["status_id"] == 2 for one in placed), FULFILMENT_SWEEP)
        for order_id in placed:
            assert [one["tracking_number"] for one in trial.shipments(order_id)] == [f"T-{order_id}"]


@pytest.mark.parametrize("fault", HOW)
def test_fault_around_stock_leaves_the_right_levels(tmp_path: Path, fault: str) -> None:
    """A list that could not be read is not an empty warehouse."""
    design = IMPATIENT if fault == "slow_before" else ""
    with rig(tmp_path, design=design) as trial:
        strike(trial, fault, OF_STOCK)
        told = {"MUG": 100, "TEA": 500}
        rounds(trial, lambda: levels(trial) == told, bookkeeping.FLOW, stock.FLOW)
        assert levels(trial) == told
        assert all_struck(trial)


def levels(trial: Rig) -> dict[str, int]:
    found: dict[str, int] = trial.twins.act("bigcommerce", "stock_levels")
    return found


SWEPT = """
[connections.main.design.cadence]
orders_seconds = 600
fulfilment_seconds = 600
hooks_seconds = 300
"""
HOOKS: dict[str, dict[str, Any]] = {
    "hook_lost": {"times": 2},
    "hook_duplicate": {"copies": 3},
    "hook_late": {"seconds": 300},
    "hook_reorder": {"seconds": 120},
    "hook_deactivated": {"times": 1},
}


@pytest.mark.parametrize("fault", HOOKS)
def test_fault_of_the_books_hooks_reports_each_parcel_once(tmp_path: Path, fault: str) -> None:
    placed: list[int] = []

    def act(trial: Rig) -> None:
        trial.twins.fault("cin7", {"fault": fault, **HOOKS[fault]})
        for tracking, order_id in enumerate(placed):
            sale_id = trial.assert_one_sale(order_id)["id"]
            parcel = {"sale_id": sale_id, "carrier": "UPS", "tracking": f"T-{tracking}"}
            trial.twins.act("cin7", "pick_pack_ship", parcel)

    def done(trial: Rig) -> bool:
        struck = sum(rule["fired"] for rule in trial.twins.faults("cin7"))
        hooks_alive = all(hook["IsActive"] for hook in trial.books_hooks())
        return struck > 0 and hooks_alive and all(trial.order(one)["status_id"] == 2 for one in placed)

    with rig(tmp_path, design=SWEPT) as trial:
        placed.extend(trial.place() for _ in range(2))
        trial.run()
        trial.listen(act, done)
        trial.ship()
        for number, order_id in enumerate(placed):
            assert [one["tracking_number"] for one in trial.shipments(order_id)] == [f"T-{number}"]


def test_every_fault_is_played() -> None:
    assert set(HOW) == set(REQUEST_FAULTS) | set(SWITCH_FAULTS)
    assert {*HOW, *HOOKS} == set(FAULTS)
    assert set(HOOKS) == set(HOOK_FAULTS)
