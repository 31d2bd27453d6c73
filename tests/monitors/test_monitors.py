"""What nobody would notice is found, with its owner and its money, and closed by what is seen later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.flows.harness import ORDERS, Rig, rig
from weighbridge.cli.main import app
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.monitors import MONITORS
from weighbridge.monitors import runner as monitors
from weighbridge.persistence.repositories.transfers import State

TEA = [{"sku": "TEA", "quantity": 1}]
PATIENT = "\n[connections.main.design.retry.schedules]\ncredentials_refused = [200000]\n"
SLOWER = 30.0
"""So slow a clock that what happened is still fresh when somebody looks, however busy the machine is."""
Found = dict[tuple[str, str], tuple[str, Any]]


def pass_time(trial: Rig, **passed: float) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(**passed)))


def look(trial: Rig) -> Found:
    """(monitor, key) -> (owner, money) of everything that monitors hold."""
    trial.run(monitors.FLOW, until=lambda rows: True)
    rows = [row for one in MONITORS for row in trial.transfers(one.name) if row.state is State.HELD]
    return {(row.flow, row.key): (row.owner, row.amount) for row in rows}


def test_silence_late_dispatch_and_bare_parcels_are_found_and_closed(tmp_path: Path) -> None:
    with rig(tmp_path, speed=SLOWER) as trial:
        late, shipped, *_ = [trial.place(lines=TEA, shipping_cost="6.00") for _ in range(8)]
        trial.run()
        sale = trial.assert_one_sale(shipped)["id"]
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS"})
        trial.ship()
        assert look(trial) == {}, "nothing of an hour's age is wrong"
        pass_time(trial, days=7, hours=2)
        found = look(trial)
        assert found["silent_feed", "orders"] == ("ecommerce", None)
        assert found["untracked_parcel", str(shipped)] == ("operations", None)
        assert found["late_dispatch", str(late)] == ("operations", trial.order(late)["total_inc_tax"])
        assert len(found) == 2 + 7, found
        trial.place(lines=TEA)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(late)["id"], "tracking": "T"})
        trial.twins.act(
            "cin7", "add_tracking", {"sale_id": sale, "fulfilment_number": 1, "tracking": "L", "carrier": "UPS"}
        )
        trial.run()
        trial.ship()
        left = look(trial)
        assert {name for name, _ in left} == {"late_dispatch"}
        assert len(left) == 6
        config = tmp_path / "weighbridge.toml"
        config.write_text(trial.configuration(), encoding="utf-8")
        told = CliRunner().invoke(app, ["monitors", "--config", str(config), "--json"], env=trial.environment())
        assert told.exit_code == 0, told.output
        assert '"late_dispatch"' in told.output


def test_a_missed_order_is_fetched_and_those_of_before_our_time_are_left_alone(tmp_path: Path) -> None:
    with rig(tmp_path, speed=SLOWER) as trial:
        before_our_time = trial.place(lines=TEA)
        pass_time(trial, days=3)
        trial.run(bookkeeping.FLOW, until=lambda rows: True)
        known = trial.place(lines=TEA)
        trial.look(known)
        missed = trial.place(lines=TEA)
        pass_time(trial, days=2)
        trial.place(lines=TEA)
        trial.run()
        assert trial.sales(missed) == [], "the first sweep reads one day back"
        found = look(trial)
        trial.run()
        assert ("missed_order", str(missed)) in found
        trial.assert_one_sale(missed)
        trial.assert_one_sale(known)
        assert trial.sales(before_our_time) == []
        assert look(trial) == {}


def test_orders_that_were_seen_out_of_turn_leave_no_gap_when_the_higher_number_is_long_past(tmp_path: Path) -> None:
    with rig(tmp_path, speed=SLOWER) as trial:
        trial.place(lines=TEA)
        trial.run()
        late, early = trial.place(lines=TEA), trial.place(lines=TEA)
        trial.look(early)
        pass_time(trial, days=1)
        trial.look(late)
        pass_time(trial, days=6, hours=12)
        trial.place(lines=TEA)
        trial.run()
        assert [key for name, key in look(trial) if name == "missed_order"] == []


def test_refused_credentials_a_shared_quota_and_a_tax_rule_that_went_are_found(tmp_path: Path) -> None:
    with rig(tmp_path, design=PATIENT) as trial:
        trial.place(lines=TEA)
        trial.run()
        trial.twins.fault("cin7", {"fault": "throttle", "match": {"method": "GET"}, "times": 4})
        trial.twins.run(lambda: _retire(trial, "Tax on Sales"))
        trial.run(bookkeeping.FLOW, until=lambda rows: True)
        refused = {"fault": "error_before", "status": 401, "match": {"method": "GET", "path": "/orders$"}}
        trial.twins.fault("bigcommerce", refused)
        trial.run("order_sweep", until=lambda rows: True)
        assert look(trial) == {
            ("tax_rule", "Tax on Sales"): ("finance", None),
            ("shared_quota", "cin7"): ("operations", None),
            ("credentials", "bigcommerce"): ("operations", None),
        }
        trial.twins.clear_faults("bigcommerce")
        trial.twins.run(lambda: _retire(trial, "Tax on Sales", active=True))
        pass_time(trial, hours=2)
        assert ("credentials", "bigcommerce") in look(trial), "nobody has called since, so nothing says that it is over"
        trial.run(*ORDERS)
        assert look(trial) == {}


def _retire(trial: Rig, name: str, *, active: bool = False) -> None:
    for rule in trial.twins.cin7.company.tax_rules:
        if rule["Name"] == name:
            rule["IsActive"] = active
