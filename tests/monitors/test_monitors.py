"""Monitors hold each problem with its owner and amount, and close it when it is resolved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.flows.harness import ORDERS, Harness, harness
from weighbridge.cli.main import app
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.monitors import MONITORS
from weighbridge.monitors import runner as monitors
from weighbridge.persistence.repositories.transfers import State

TEA = [{"sku": "TEA", "quantity": 1}]
PATIENT = "\n[connections.main.design.retry.schedules]\ncredentials_refused = [200000]\n"
SLOWER = 30.0
"""A slower clock: events are still recent when the monitors run, also on a busy machine."""
UNHURRIED = 200.0
"""Fast enough for retries, and so slow that no job is late between two commands."""
MonitorHolds = dict[tuple[str, str], tuple[str, Any]]


def pass_time(trial: Harness, **duration: float) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(**duration)))


def run_monitors(trial: Harness) -> MonitorHolds:
    """(monitor, key) -> (owner, amount) of everything that monitors hold."""
    trial.run(monitors.FLOW, until=lambda rows: True)
    rows = [row for monitor in MONITORS for row in trial.transfers(monitor.name) if row.state is State.HELD]
    return {(row.flow, row.key): (row.owner, row.amount) for row in rows}


def test_silence_late_dispatch_and_bare_parcels_are_found_and_closed(tmp_path: Path) -> None:
    with harness(tmp_path, speed=SLOWER) as trial:
        late, shipped, *_ = [trial.place(lines=TEA, shipping_cost="6.00") for _ in range(8)]
        trial.run()
        sale = trial.assert_one_sale(shipped)["id"]
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS"})
        trial.ship()
        assert run_monitors(trial) == {}, "nothing is wrong after an hour"
        pass_time(trial, days=7, hours=2)
        held = run_monitors(trial)
        assert held["silent_feed", "orders"] == ("ecommerce", None)
        assert held["untracked_parcel", str(shipped)] == ("operations", None)
        assert held["late_dispatch", str(late)] == ("operations", trial.order(late)["total_inc_tax"])
        assert len(held) == 2 + 7, held
        trial.place(lines=TEA)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(late)["id"], "tracking": "T"})
        trial.twins.act(
            "cin7", "add_tracking", {"sale_id": sale, "fulfilment_number": 1, "tracking": "L", "carrier": "UPS"}
        )
        trial.run()
        trial.ship()
        still_held = run_monitors(trial)
        assert {name for name, _ in still_held} == {"late_dispatch"}
        assert len(still_held) == 6
        config = tmp_path / "weighbridge.toml"
        config.write_text(trial.configuration(), encoding="utf-8")
        result = CliRunner().invoke(app, ["monitors", "--config", str(config), "--json"], env=trial.environment())
        assert result.exit_code == 0, result.output
        assert '"late_dispatch"' in result.output


def test_missed_order_is_posted_and_orders_before_the_first_known_order_are_ignored(tmp_path: Path) -> None:
    with harness(tmp_path, speed=SLOWER) as trial:
        before_first = trial.place(lines=TEA)
        pass_time(trial, days=3)
        trial.run(reference_data.FLOW, until=lambda rows: True)
        known = trial.place(lines=TEA)
        trial.run_order(known)
        missed = trial.place(lines=TEA)
        pass_time(trial, days=2)
        trial.place(lines=TEA)
        trial.run()
        assert trial.sales(missed) == [], "the first sweep reads one day back"
        held = run_monitors(trial)
        trial.run()
        assert ("missed_order", str(missed)) in held
        trial.assert_one_sale(missed)
        trial.assert_one_sale(known)
        assert trial.sales(before_first) == []
        assert run_monitors(trial) == {}


def test_orders_seen_out_of_sequence_leave_no_gap_when_the_higher_number_is_long_past(tmp_path: Path) -> None:
    with harness(tmp_path, speed=SLOWER) as trial:
        trial.place(lines=TEA)
        trial.run()
        late, early = trial.place(lines=TEA), trial.place(lines=TEA)
        trial.run_order(early)
        pass_time(trial, days=1)
        trial.run_order(late)
        pass_time(trial, days=6, hours=12)
        trial.place(lines=TEA)
        trial.run()
        assert [key for name, key in run_monitors(trial) if name == "missed_order"] == []


def test_refused_credentials_shared_quota_and_inactive_tax_rule_are_reported(tmp_path: Path) -> None:
    with harness(tmp_path, design=PATIENT, speed=UNHURRIED) as trial:
        trial.place(lines=TEA)
        trial.run()
        trial.twins.fault("cin7", {"fault": "throttle", "match": {"method": "GET"}, "times": 4})
        trial.twins.run(lambda: _retire(trial, "Tax on Sales"))
        trial.run(reference_data.FLOW, until=lambda rows: True)
        refused = {"fault": "error_before", "status": 401, "match": {"method": "GET", "path": "/orders$"}}
        trial.twins.fault("bigcommerce", refused)
        trial.run("order_sweep", until=lambda rows: True)
        assert run_monitors(trial) == {
            ("tax_rule", "Tax on Sales"): ("finance", None),
            ("shared_quota", "cin7"): ("operations", None),
            ("credentials", "bigcommerce"): ("operations", None),
        }
        trial.twins.clear_faults("bigcommerce")
        trial.twins.run(lambda: _retire(trial, "Tax on Sales", active=True))
        pass_time(trial, hours=2)
        assert ("credentials", "bigcommerce") in run_monitors(trial), (
            "without a call since, the credentials still count as refused"
        )
        trial.run(*ORDERS)
        assert run_monitors(trial) == {}


def _retire(trial: Harness, name: str, *, active: bool = False) -> None:
    for rule in trial.twins.cin7.company.tax_rules:
        if rule["Name"] == name:
            rule["IsActive"] = active
