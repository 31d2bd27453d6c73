"""Every fault that the twins can simulate hits the order flow; the documents in Cin7 are right in the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, by_key, harness
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.faults import FAULTS, REQUEST_FAULTS, SWITCH_FAULTS, WEBHOOK_FAULTS

WRITES = ("/sale", "/sale/order", "/sale/invoice", "/sale/payment")
IMPATIENT = """
[connections.main.design.retry]
call_timeout_seconds = 0.5
call_settle_seconds = 900
settle_seconds = 900
"""
"""At the harness's speed 900 seconds take one and a half real seconds: longer than `slow_before` delays a call."""
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
"""Fault -> the options with which it hits header, order, invoice and payment."""
WRITE_FAULTS = [(fault, options) for fault, variants in AT_A_WRITE.items() for options in variants]


@pytest.mark.parametrize(("fault", "options"), WRITE_FAULTS, ids=str)
def test_fault_at_every_write_leaves_one_sale(tmp_path: Path, fault: str, options: dict[str, Any]) -> None:
    """One live sale, one invoice and one payment, whichever answers were lost."""
    design = IMPATIENT if fault == "slow_before" else ""
    with harness(tmp_path, post="invoice_and_payment", design=design) as trial:
        for path in WRITES:
            match = {"method": "POST", "path": f"(?i)/externalapi/v2{path}$"}
            trial.twins.fault("cin7", {"fault": fault, **options, "match": match, "times": 1})
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert [invoice["Status"] for invoice in sale["invoices"]] == ["PAID"]
        assert len(sale["payments"]) == 1
        assert [rule["fired"] for rule in trial.twins.faults("cin7")] == [1, 1, 1, 1], "every fault must have fired"


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
def test_fault_at_reads_of_the_store_stops_no_order(tmp_path: Path, fault: str) -> None:
    """An order that cannot be read is tried again, or held until it changes; then it is posted once."""
    with harness(tmp_path) as trial:
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
webhooks_seconds = 300
"""
"""A sweep runs every real second: late enough that webhooks must do the work, soon enough for a test to wait."""
WEBHOOK_FAULT_OPTIONS: dict[str, dict[str, Any]] = {
    "webhook_lost": {"times": 3},
    "webhook_duplicate": {"copies": 3},
    "webhook_late": {"seconds": 300},
    "webhook_reorder": {"seconds": 120},
    "webhook_deactivated": {"times": 1},
}


@pytest.mark.parametrize("fault", WEBHOOK_FAULT_OPTIONS)
def test_webhook_fault_neither_loses_nor_doubles_an_order(tmp_path: Path, fault: str) -> None:
    placed: list[int] = []

    def act(trial: Harness) -> None:
        trial.twins.fault("bigcommerce", {"fault": fault, **WEBHOOK_FAULT_OPTIONS[fault]})
        placed.extend(trial.place() for _ in range(3))

    def done(trial: Harness) -> bool:
        fired = sum(rule["fired"] for rule in trial.twins.faults("bigcommerce"))
        webhooks_active = all(webhook["is_active"] for webhook in trial.bigcommerce_webhooks())
        return fired > 0 and webhooks_active and all(trial.order(order_id)["external_order_id"] for order_id in placed)

    with harness(tmp_path, design=SWEPT) as trial:
        trial.listen(act, done)
        for order_id in placed:
            trial.assert_one_sale(order_id)


def test_webhook_of_a_deleted_order_delays_no_other_order(tmp_path: Path) -> None:
    """The same holds for events that name no order, and for events of one order in the wrong sequence."""
    placed: list[int] = []

    def act(trial: Harness) -> None:
        order = {"type": "order", "id": 999_999}
        assert trial.deliver_webhook("store/order/created", order) == 200
        assert trial.deliver_webhook("store/order/created", {"type": "order"}) == 200
        placed.append(trial.place())
        shipped = {"type": "order", "id": placed[0], "status": {"previous_status_id": 11, "new_status_id": 2}}
        for scope in ("store/order/archived", "store/order/statusUpdated", "store/order/created"):
            assert trial.deliver_webhook(scope, shipped) == 200

    with harness(tmp_path, design=SWEPT) as trial:
        trial.listen(act, lambda trial: bool(trial.order(placed[0])["external_order_id"]))
        trial.assert_one_sale(placed[0])
        rows = by_key(trial.run())
        assert (rows["999999"].state, rows["999999"].reason_kind) == (State.REJECTED, "order_gone")


SWITCHED: dict[str, Callable[[Harness], None]] = {
    "delayed_visibility": lambda trial: _drop_the_header(trial),
    "page_drift": lambda trial: _fill_a_page(trial),
}


@pytest.mark.parametrize("fault", SWITCHED)
def test_lists_that_hide_rows_neither_lose_nor_double_an_order(tmp_path: Path, fault: str) -> None:
    with harness(tmp_path) as trial:
        for platform in ("cin7", "bigcommerce"):
            trial.twins.fault(platform, {"fault": fault, "value": 30 if fault == "delayed_visibility" else 1})
        SWITCHED[fault](trial)
        placed = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(3)]
        for _ in range(2):
            trial.run()
        for order_id in placed:
            trial.assert_one_sale(order_id)


def _fill_a_page(trial: Harness) -> None:
    """Places carts that were never completed, so that the first real order is on the second page of the list."""
    for _ in range(250):
        trial.place(status_id=0, lines=[{"sku": "TEA", "quantity": 1}])


def _drop_the_header(trial: Harness) -> None:
    trial.twins.fault("cin7", {"fault": "drop_after", "match": {"method": "POST", "path": "(?i)/v2/sale$"}, "times": 1})


def test_every_fault_is_played() -> None:
    assert set(AT_A_WRITE) == set(READS) == set(REQUEST_FAULTS)
    assert set(WEBHOOK_FAULT_OPTIONS) == set(WEBHOOK_FAULTS)
    assert set(SWITCHED) == set(SWITCH_FAULTS)
    assert {*AT_A_WRITE, *WEBHOOK_FAULT_OPTIONS, *SWITCHED} == set(FAULTS)
