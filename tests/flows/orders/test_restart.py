"""A sale whose order Cin7 refused is begun anew once the order was changed at the shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.harness import ADDRESS, Rig, rig
from weighbridge.persistence.repositories.transfers import State

TEA = {"sku": "TEA", "quantity": 1}


def staff_remove_a_line(trial: Rig, order_id: int) -> None:
    line = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].products[0]["id"])
    trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, "remove_line": line})


@pytest.mark.parametrize("void_answer_lost", [False, True])
def test_refused_order_crosses_once_staff_made_it_shorter(tmp_path: Path, void_answer_lost: bool) -> None:
    """Three lines where Cin7 takes two: its bare header is voided, and one sale of two lines stands in its place."""
    with rig(tmp_path, cin7_switches={"maximum_lines": 2}) as trial:
        order_id = trial.place(lines=[TEA, TEA, TEA])
        row = trial.run()[0]
        assert (row.state, row.reason_kind) == (State.HELD, "refused_by_cin7")
        (bare,) = trial.sales(order_id)
        if void_answer_lost:
            trial.twins.fault("cin7", {"fault": "drop_after", "match": {"method": "DELETE"}, "times": 1})
        staff_remove_a_line(trial, order_id)
        trial.look(order_id)
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert sale["id"] != bare["id"]
        assert [line["Quantity"] for line in sale["order"]["Lines"]] == [1, 1]
        assert trial.writes().count("DELETE /sale") == 1


def test_country_that_the_shop_knows_by_code_alone_is_told_by_name(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        bare = ADDRESS | {"country": ""}
        order_id = trial.place(billing_address=bare, shipping_addresses=[bare])
        trial.run()
        assert trial.assert_one_sale(order_id)["header"]["BillingAddress"]["Country"] == "United States"
