"""Old sales that hold stock and do not ship wait for operations, with what to do, until they are gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.flows.harness import Rig, rig
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import stale_allocations as ghost_allocations
from weighbridge.persistence.repositories.transfers import State


def _pass_days(trial: Rig, days: int) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(days=days)))


def _begin_early(trial: Rig) -> None:
    """The day has just begun: ages are counted in dates, and ten minutes pass in a second."""
    clock = trial.twins.running.clock
    tomorrow = clock.now().replace(hour=1, minute=0) + timedelta(days=1)
    trial.twins.run(lambda: clock.set(now=tomorrow))


def _look(trial: Rig) -> dict[str, tuple[str, str]]:
    """What is held by sale number: its value and what to do."""
    trial.run(bookkeeping.FLOW, ghost_allocations.FLOW, until=lambda rows: True)
    held = [row for row in trial.transfers(ghost_allocations.SALE) if row.state is State.HELD]
    assert {row.owner for row in held} <= {"operations"}
    return {row.key: (row.findings[0]["value"], row.findings[0]["expected"]) for row in held}


def test_each_ghost_is_told_with_its_worth_and_its_remedy(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        _begin_early(trial)
        waiting = trial.place(lines=[{"sku": "MUG", "quantity": 100}], shipping_cost="0.00")
        cancelled, shipped = (trial.place(lines=[{"sku": "TEA", "quantity": units}]) for units in (3, 9))
        trial.run()
        numbers = {order_id: trial.assert_one_sale(order_id)["number"] for order_id in (waiting, cancelled, shipped)}
        trial.push_stock()
        assert _look(trial) == {}, "a sale of today is no ghost"
        sale_id = trial.assert_one_sale(shipped)["id"]
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS", "tracking": "T-1"})
        _pass_days(trial, 31)
        trial.twins.act("bigcommerce", "set_status", {"order_id": cancelled, "status_id": 5})
        found = _look(trial)
        assert set(found) == {numbers[waiting], numbers[cancelled]}, "what was shipped holds nothing"
        value, remedy = found[numbers[waiting]]
        assert value.startswith("31 days old, worth ")
        assert "holds 100 of MUG" in value
        assert value.endswith("the shop shows 0 of MUG")
        assert "its shopper still waits" in remedy
        value, remedy = found[numbers[cancelled]]
        assert "3 of TEA" in value
        assert "cancelled at the shop; void it in Cin7" in remedy
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(waiting)["id"], "carrier": "UPS"})
        assert set(_look(trial)) == {numbers[cancelled]}


def test_a_sale_whose_order_is_gone_is_told_too(tmp_path: Path) -> None:
    with rig(tmp_path, stock="ghost_after_days = 3") as trial:
        order_id = trial.place(lines=[{"sku": "TEA", "quantity": 2}])
        trial.run()
        number = trial.assert_one_sale(order_id)["number"]
        _pass_days(trial, 4)
        rule = {"fault": "error_before", "status": 404, "match": {"method": "GET", "path": f"/v2/orders/{order_id}$"}}
        trial.twins.fault("bigcommerce", rule)
        assert "does not know its order any more" in _look(trial)[number][1]
