"""A damaged row stops its own object: every other order is posted, and nothing is written twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.flows.harness import harness
from weighbridge.persistence.repositories.transfers import State, Transfer


@pytest.mark.parametrize("content", ['{"no": "order"}', "no JSON at all"])
def test_a_damaged_row_stops_its_own_order_only(tmp_path: Path, content: str) -> None:
    with harness(tmp_path) as trial:
        damaged = str(trial.place())
        trial.run()
        with closing(sqlite3.connect(tmp_path / "weighbridge.db")) as database:
            change = "UPDATE transfer SET content = ? WHERE flow = 'orders' AND key = ?"
            assert database.execute(change, (content, damaged)).rowcount == 1
            database.commit()
        trial.twins.act("bigcommerce", "edit_order", {"order_id": int(damaged), "shipping_cost": "7.00"})
        new = str(trial.place())

        def is_new_posted(rows: list[Transfer]) -> bool:
            return any(row.key == new and row.state is State.POSTED for row in rows)

        trial.run(until=is_new_posted)
        trial.assert_one_sale(int(new))
        assert len(trial.sales(int(damaged))) == 1
