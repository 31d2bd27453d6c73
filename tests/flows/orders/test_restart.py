"""A sale whose order document Cin7 refused is restarted once the order was changed at the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.harness import ADDRESS, Harness, harness
from weighbridge.persistence.repositories.transfers import State

TEA = {"sku": "TEA", "quantity": 1}


def staff_remove_a_line(trial: Harness, order_id: int) -> None:
    line = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].products[0]["id"])
    trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, "remove_line": line})


@pytest.mark.parametrize("void_answer_lost", [False, True])
def test_refused_order_is_posted_once_staff_shortened_it(tmp_path: Path, void_answer_lost: bool) -> None:
    """Three lines where Cin7 accepts two: the header is voided, and another sale with two lines replaces it."""
    with harness(tmp_path, cin7_switches={"maximum_lines": 2}) as trial:
        order_id = trial.place(lines=[TEA, TEA, TEA])
        row = trial.run()[0]
        assert (row.state, row.reason_kind) == (State.HELD, "refused_by_cin7")
        (bare,) = trial.sales(order_id)
        if void_answer_lost:
            trial.twins.fault("cin7", {"fault": "drop_after", "match": {"method": "DELETE"}, "times": 1})
        staff_remove_a_line(trial, order_id)
        trial.run_order(order_id)
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert sale["id"] != bare["id"]
        assert [line["Quantity"] for line in sale["order"]["Lines"]] == [1, 1]
        assert trial.writes().count("DELETE /sale") == 1


def test_country_given_by_code_only_is_posted_by_name(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        bare = ADDRESS | {"country": ""}
        order_id = trial.place(billing_address=bare, shipping_addresses=[bare])
        trial.run()
        assert trial.assert_one_sale(order_id)["header"]["BillingAddress"]["Country"] == "United States"
