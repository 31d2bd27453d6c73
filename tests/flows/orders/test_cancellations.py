"""Orders cancelled at the store, at each stage of their sale: the sale is voided, or held for its owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.harness import Harness, by_key, harness
from tests.flows.orders.test_edits import held_units, transfer_after_run, void_fulfilments
from weighbridge.persistence.repositories.transfers import State


def cancelled(trial: Harness, order_id: int) -> tuple[State, str, str]:
    """State, reason and owner of the order once it was cancelled and looked at."""
    trial.twins.act("bigcommerce", "cancel_order", {"order_id": order_id})
    row = transfer_after_run(trial, order_id)
    return row.state, row.reason_kind, row.owner


def test_held_order_that_was_never_posted_is_cancelled_and_reserves_nothing(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        trial.push_stock()
        order_id = trial.place(status_id=13)
        assert transfer_after_run(trial, order_id).state is State.HELD
        assert cancelled(trial, order_id)[0] is State.CANCELLED
        assert trial.writes() == []
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}


def test_unpaid_invoice_is_voided_with_its_sale(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice") as trial:
        order_id = trial.place(payment="authorized")
        trial.run()
        trial.assert_one_sale(order_id)
        assert cancelled(trial, order_id)[0] is State.CANCELLED
        assert trial.sales(order_id) == []
        assert held_units(trial) == {}


@pytest.mark.parametrize("acts", [["pick"], ["pick", "pack"]], ids=["picked", "packed"])
def test_goods_in_hand_wait_for_the_warehouse_and_the_sale_then_ends_by_itself(tmp_path: Path, acts: list[str]) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        for act in acts:
            trial.twins.act("cin7", act, {"sale_id": sale["id"]})
        assert cancelled(trial, order_id) == (State.HELD, "cancelled_after_picking", "operations")
        assert f"take {sale['number']} out of the packing area" in transfer_after_run(trial, order_id).reason
        assert len(trial.sales(order_id)) == 1
        void_fulfilments(trial, sale["id"])
        trial.ship()
        assert transfer_after_run(trial, order_id).state is State.CANCELLED
        assert trial.sales(order_id) == []
        assert held_units(trial) == {}


@pytest.mark.parametrize("lines", [None, [{"sku": "MUG", "quantity": 1}]], ids=["whole", "part"])
def test_goods_that_left_are_called_back_by_the_warehouse(
    tmp_path: Path, lines: list[dict[str, object]] | None
) -> None:
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "lines": lines})
        assert cancelled(trial, order_id) == (State.HELD, "cancelled_after_dispatch", "operations")
        assert sale["number"] in transfer_after_run(trial, order_id).reason
        assert len(trial.sales(order_id)) == 1


def test_paid_sale_is_held_for_finance_until_its_payment_is_removed(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert cancelled(trial, order_id) == (State.HELD, "cancelled_after_payment", "finance")
        assert f"credit {sale['number']}" in transfer_after_run(trial, order_id).reason

        def remove_payment() -> None:
            company = trial.twins.cin7.company
            stands = company.sales[sale["id"]]
            stands.payments.clear()
            stands.invoices[0]["Status"] = "AUTHORISED"
            company.touch(stands)

        trial.twins.run(remove_payment)
        trial.ship()
        assert by_key(trial.run())[str(order_id)].state is State.CANCELLED
        assert trial.sales(order_id) == []


def test_disputed_payment_waits_for_finance_and_changes_nothing_in_cin7(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        order_id = trial.place()
        trial.run()
        before = trial.assert_one_sale(order_id)
        trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 13})
        row = transfer_after_run(trial, order_id)
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "payment_disputed", "finance")
        assert f"stop {before['number']}" in row.reason
        trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 11})
        assert transfer_after_run(trial, order_id).state is State.POSTED
        after = trial.assert_one_sale(order_id)
        assert (after["invoices"], after["payments"]) == (before["invoices"], before["payments"])


def test_parcel_of_a_cancelled_order_does_not_undo_the_cancellation(tmp_path: Path) -> None:
    """A shipment would mark the cancelled order as shipped; once staff reopen the order, the parcel is reported."""
    with harness(tmp_path) as trial:
        order_id = trial.place()
        trial.run()
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T-1"})
        trial.twins.act("bigcommerce", "cancel_order", {"order_id": order_id})
        trial.ship()
        assert (trial.order(order_id)["status_id"], trial.shipments(order_id)) == (5, [])
        (parcel,) = trial.transfers("fulfilment")
        assert (parcel.state, parcel.reason_kind, parcel.owner) == (
            State.HELD,
            "cancelled_after_dispatch",
            "operations",
        )
        assert transfer_after_run(trial, order_id).state is State.HELD
        trial.twins.act("bigcommerce", "set_status", {"order_id": order_id, "status_id": 11})
        assert transfer_after_run(trial, order_id).state is State.POSTED
        assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1"]
        assert trial.order(order_id)["status_id"] == 2
