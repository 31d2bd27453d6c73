"""Every fault that the twins can play strikes the order flow; what stands in Cin7 at the end is right all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Rig, by_key, rig
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.faults import FAULTS, HOOK_FAULTS, REQUEST_FAULTS, SWITCH_FAULTS

WRITES = ("/sale", "/sale/order", "/sale/invoice", "/sale/payment")
IMPATIENT = """
[connections.main.design.retry]
call_timeout_seconds = 0.5
call_settle_seconds = 900
settle_seconds = 900
"""
"""At the rig's speed 900 seconds are one and a half of the machine's: longer than `slow_before` keeps a call."""
AT_A_WRITE: dict[str, tuple[dict[str, Any], ...]] = {
    "throttle": tuple({"style": style} for style in ("429", "503", "400")),
    "error_before": ({"status": 500}, {"status": 502}),
    "error_after": ({"status": 500}, {"status": 504}),
    "drop_before": ({},),
    "drop_after": ({},),
    "slow": ({"seconds": 0.5},),
    "slow_before": ({"seconds": 0.8},),
    "html_200": ({"commit": True}, {"commit": False}),
    "malformed_json": ({},),
    "mutate": (
        {"path": "ID", "drop": True},
        {"path": "SaleID", "drop": True},
        {"path": "SaleID", "set": 7},
        {"path": "Total", "set": "much"},
        {"path": "TaskID", "set": None},
    ),
}
"""Fault -> the ways in which it strikes header, order, invoice and payment."""
CASES = [(fault, one) for fault, ways in AT_A_WRITE.items() for one in ways]


@pytest.mark.parametrize(("fault", "how"), CASES, ids=str)
def test_fault_at_every_write_leaves_one_sale(tmp_path: Path, fault: str, how: dict[str, Any]) -> None:
    """One live sale, one invoice and one payment, whatever became of the answers."""
    design = IMPATIENT if fault == "slow_before" else ""
    with rig(tmp_path, post="invoice_and_payment", design=design) as trial:
        for path in WRITES:
            match = {"method": "POST", "path": f"(?i)/externalapi/v2{path}$"}
            trial.twins.fault("cin7", {"fault": fault, **how, "match": match, "times": 1})
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert [one["Status"] for one in sale["invoices"]] == ["PAID"]
        assert len(sale["payments"]) == 1
        assert [rule["fired"] for rule in trial.twins.faults("cin7")] == [1, 1, 1, 1], "every fault must have struck"


READS = {
    "throttle": {"style": "bare"},
    "error_before": {},
    "error_after": {},
    "drop_before": {},
    "drop_after": {},
    "slow": {"seconds": 0.3},
    "slow_before": {"seconds": 0.3},
    "html_200": {},
    "malformed_json": {},
    "mutate": {"path": "total_inc_tax", "set": "abc"},
}


@pytest.mark.parametrize("fault", READS)
def test_fault_at_reads_of_the_shop_stops_no_order(tmp_path: Path, fault: str) -> None:
    """An order that cannot be read is tried again, or held until it changes; then it crosses once."""
    with rig(tmp_path) as trial:
        match = {"method": "GET", "path": "/v2/orders/[0-9]+$"}
        trial.twins.fault("bigcommerce", {"fault": fault, **READS[fault], "match": match, "times": 2})
        first, second = trial.place(), trial.place()
        rows = by_key(trial.run())
        for order_id in (first, second):
            if rows[str(order_id)].state is State.HELD:
                assert rows[str(order_id)].reason_kind == "payload_malformed", rows[str(order_id)].reason
                trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, "shipping_cost": "7.00"})
        trial.run()
        for order_id in (first, second):
            trial.assert_one_sale(order_id)


SWEPT = """
[connections.main.design.cadence]
orders_seconds = 600
hooks_seconds = 300
"""
"""Sweeps once a second of the machine's: late enough that hooks have to do the work, soon enough to be waited for."""
HOOKS: dict[str, dict[str, Any]] = {
    "hook_lost": {"times": 3},
    "hook_duplicate": {"copies": 3},
    "hook_late": {"seconds": 300},
    "hook_reorder": {"seconds": 120},
    "hook_deactivated": {"times": 1},
}


@pytest.mark.parametrize("fault", HOOKS)
def test_hook_fault_neither_loses_nor_doubles_an_order(tmp_path: Path, fault: str) -> None:
    placed: list[int] = []

    def act(trial: Rig) -> None:
        trial.twins.fault("bigcommerce", {"fault": fault, **HOOKS[fault]})
        placed.extend(trial.place() for _ in range(3))

    def done(trial: Rig) -> bool:
        struck = sum(rule["fired"] for rule in trial.twins.faults("bigcommerce"))
        hooks_alive = all(hook["is_active"] for hook in trial.hooks())
        return struck > 0 and hooks_alive and all(trial.order(one)["external_order_id"] for one in placed)

    with rig(tmp_path, design=SWEPT) as trial:
        trial.listen(act, done)
        for order_id in placed:
            trial.assert_one_sale(order_id)


def test_hook_of_an_order_that_is_gone_delays_nobody(tmp_path: Path) -> None:
    """Also events that name no order, and the events of one order in the wrong order."""
    placed: list[int] = []

    def act(trial: Rig) -> None:
        order = {"type": "order", "id": 999_999}
        assert trial.hook("store/order/created", order) == 200
        assert trial.hook("store/order/created", {"type": "order"}) == 200
        placed.append(trial.place())
        shipped = {"type": "order", "id": placed[0], "status": {"previous_status_id": 11, "new_status_id": 2}}
        for scope in ("store/order/archived", "store/order/statusUpdated", "store/order/created"):
            assert trial.hook(scope, shipped) == 200

    with rig(tmp_path, design=SWEPT) as trial:
        trial.listen(act, lambda trial: bool(trial.order(placed[0])["external_order_id"]))
        trial.assert_one_sale(placed[0])
        rows = by_key(trial.run())
        assert (rows["999999"].state, rows["999999"].reason_kind) == (State.REJECTED, "order_gone")


SWITCHED: dict[str, Callable[[Rig], None]] = {
    "delayed_visibility": lambda trial: _drop_the_header(trial),
    "page_drift": lambda trial: _fill_a_page(trial),
}


@pytest.mark.parametrize("fault", SWITCHED)
def test_lists_that_hide_rows_neither_lose_nor_double_an_order(tmp_path: Path, fault: str) -> None:
    with rig(tmp_path) as trial:
        for platform in ("cin7", "bigcommerce"):
            trial.twins.fault(platform, {"fault": fault, "value": 30 if fault == "delayed_visibility" else 1})
        SWITCHED[fault](trial)
        placed = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(3)]
        for _ in range(2):
            trial.run()
        for order_id in placed:
            trial.assert_one_sale(order_id)


def _fill_a_page(trial: Rig) -> None:
    """Carts that were never completed: with the first order that counts begins the second page of the list."""
    for _ in range(250):
        trial.place(status_id=0, lines=[{"sku": "TEA", "quantity": 1}])


def _drop_the_header(trial: Rig) -> None:
    trial.twins.fault("cin7", {"fault": "drop_after", "match": {"method": "POST", "path": "(?i)/v2/sale$"}, "times": 1})


def test_every_fault_is_played() -> None:
    assert set(AT_A_WRITE) == set(READS) == set(REQUEST_FAULTS)
    assert set(HOOKS) == set(HOOK_FAULTS)
    assert set(SWITCHED) == set(SWITCH_FAULTS)
    assert {*AT_A_WRITE, *HOOKS, *SWITCHED} == set(FAULTS)
