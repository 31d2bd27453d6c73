"""A finding gets the owner that the design names: in the list of holds, in the reason and in the stored findings."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import Harness, by_key, harness
from weighbridge.persistence.repositories.transfers import State, Transfer

OWNERS = """
[connections.main.design.owners]
sku_unknown = "finance"
status_on_hold = "operations"
refused_by_cin7 = "finance"
payload_malformed = "operations"
backordered = "ecommerce"
"""


def _transfer_after_run(trial: Harness, order_id: int) -> Transfer:
    return by_key(trial.run())[str(order_id)]


def test_order_stopped_by_a_check_waits_for_the_owner_of_the_design(tmp_path: Path) -> None:
    with harness(tmp_path, design=OWNERS) as trial:
        row = _transfer_after_run(trial, trial.place(lines=[{"sku": "NOPE", "quantity": 1, "price": "5.00"}]))
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "sku_unknown", "finance")
        assert "(finance acts)" in row.reason
        assert [(finding["kind"], finding["owner"]) for finding in row.findings] == [("sku_unknown", "finance")]


def test_order_held_at_the_store_has_the_owner_of_the_design(tmp_path: Path) -> None:
    with harness(tmp_path, design=OWNERS) as trial:
        row = _transfer_after_run(trial, trial.place(status_id=12))
        assert (row.reason_kind, row.owner) == ("status_on_hold", "operations")


def test_refusal_and_broken_payload_have_the_owner_of_the_design(tmp_path: Path) -> None:
    with harness(tmp_path, design=OWNERS) as trial:
        broken = trial.place()
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": broken, "set": {"total_inc_tax": "abc"}})
        assert _transfer_after_run(trial, broken).owner == "operations"
        match = {"method": "POST", "path": "(?i)/v2/sale/order$"}
        trial.twins.fault("cin7", {"fault": "error_before", "status": 400, "match": match, "times": 1})
        refused = _transfer_after_run(trial, trial.place())
        assert (refused.state, refused.reason_kind, refused.owner) == (State.HELD, "refused_by_cin7", "finance")


def test_note_on_a_posted_order_has_the_owner_of_the_design(tmp_path: Path) -> None:
    with harness(tmp_path, design=OWNERS) as trial:
        order_id = trial.place(lines=[{"sku": "MUG", "quantity": 130}])
        row = _transfer_after_run(trial, order_id)
        trial.assert_one_sale(order_id)
        assert [(finding["kind"], finding["value"], finding["owner"]) for finding in row.findings] == [
            ("backordered", "30", "ecommerce")
        ]


def test_kind_that_the_design_does_not_name_keeps_its_default_owner(tmp_path: Path) -> None:
    with harness(tmp_path, design=OWNERS) as trial:
        row = _transfer_after_run(trial, trial.place(currency="CHF"))
        assert (row.reason_kind, row.owner) == ("currency_unknown", "finance")
