"""A damaged row stops its own object: every other order is posted, and nothing is written twice."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.flows.harness import harness
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.types import Dictionary, compress


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


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ({"v": 2, "sale": {}}, "order snapshot of version 2; expected version 1"),
        ({"v": 1, "sold": {}}, "order snapshot of version 1: sale: Field required; "),
    ],
)
def test_a_document_of_another_version_or_shape_holds_its_own_order(
    tmp_path: Path, stored: JsonValue, says: str
) -> None:
    with harness(tmp_path) as trial:
        unreadable, sound = str(trial.place()), str(trial.place())
        trial.run()
        with closing(sqlite3.connect(tmp_path / "weighbridge.db")) as database:
            content = compress(json.dumps(stored).encode(), Dictionary.DOCUMENTS)
            change = "UPDATE transfer SET content = ? WHERE flow = 'orders' AND key = ?"
            assert database.execute(change, (content, unreadable)).rowcount == 1
            database.commit()
        for number in (unreadable, sound):
            trial.twins.act("bigcommerce", "edit_order", {"order_id": int(number), "shipping_cost": "7.00"})
        amount_before = next(row.amount for row in trial.transfers("orders") if row.key == sound)

        def is_settled(rows: list[Transfer]) -> bool:
            by_key = {row.key: row for row in rows}
            return by_key[unreadable].state is State.HELD and by_key[sound].amount != amount_before

        rows = {row.key: row for row in trial.run(until=is_settled)}
        held = rows[unreadable]
        assert held.reason.startswith(f"main orders {unreadable}, transfer {held.id}: {says}")
        assert (held.reason_kind, held.owner) == ("unexpected_error", "operations")
        assert len(trial.sales(int(unreadable))) == 1
