"""Old sales that hold stock and do not ship are held for operations until they are resolved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.flows.harness import Harness, harness
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import stale_allocations
from weighbridge.persistence.repositories.transfers import State


def _pass_days(trial: Harness, days: int) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(days=days)))


def _start_of_day(trial: Harness) -> None:
    """Moves the clock to the start of a day: ages are counted in dates, and ten minutes pass in a second."""
    clock = trial.twins.running.clock
    tomorrow = clock.now().replace(hour=1, minute=0) + timedelta(days=1)
    trial.twins.run(lambda: clock.set(now=tomorrow))


def _stale_sales(trial: Harness) -> dict[str, tuple[str, str]]:
    """The held sales by number: the value of the finding and what is expected."""
    trial.run(reference_data.FLOW, stale_allocations.FLOW, until=lambda rows: True)
    held = [row for row in trial.transfers(stale_allocations.SALE) if row.state is State.HELD]
    assert {row.owner for row in held} <= {"operations"}
    return {row.key: (row.findings[0]["value"], row.findings[0]["expected"]) for row in held}


def test_each_stale_allocation_is_reported_with_its_amount_and_what_to_do(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        _start_of_day(trial)
        waiting = trial.place(lines=[{"sku": "MUG", "quantity": 100}], shipping_cost="0.00")
        cancelled, shipped = (trial.place(lines=[{"sku": "TEA", "quantity": units}]) for units in (3, 9))
        trial.run()
        numbers = {order_id: trial.assert_one_sale(order_id)["number"] for order_id in (waiting, cancelled, shipped)}
        trial.push_stock()
        assert _stale_sales(trial) == {}, "a sale of today is no stale allocation"
        sale_id = trial.assert_one_sale(shipped)["id"]
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS", "tracking": "T-1"})
        _pass_days(trial, 31)
        trial.twins.act("bigcommerce", "set_status", {"order_id": cancelled, "status_id": 5})
        stale = _stale_sales(trial)
        assert set(stale) == {numbers[waiting], numbers[cancelled]}, "a shipped sale holds no stock"
        value, expected = stale[numbers[waiting]]
        assert value.startswith("31 days old, worth ")
        assert "holds 100 of MUG" in value
        assert value.endswith("the store shows 0 of MUG")
        assert "its shopper still waits" in expected
        value, expected = stale[numbers[cancelled]]
        assert "3 of TEA" in value
        assert "cancelled in the store; void it in Cin7" in expected
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(waiting)["id"], "carrier": "UPS"})
        assert set(_stale_sales(trial)) == {numbers[cancelled]}


def test_sale_of_a_deleted_order_is_reported_too(tmp_path: Path) -> None:
    with harness(tmp_path, stock="stale_allocation_days = 3") as trial:
        order_id = trial.place(lines=[{"sku": "TEA", "quantity": 2}])
        trial.run()
        number = trial.assert_one_sale(order_id)["number"]
        _pass_days(trial, 4)
        rule = {"fault": "error_before", "status": 404, "match": {"method": "GET", "path": f"/v2/orders/{order_id}$"}}
        trial.twins.fault("bigcommerce", rule)
        assert "order no longer exists in the store" in _stale_sales(trial)[number][1]
