"""A flash sale: the named SKUs are read and published separately, and the full reading waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.flows.harness import Harness, harness
from weighbridge.domain.lanes import Lane
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import fast_lane as stock_fast
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.budget import budget_calls

FAST = 'fast_lane = ["MUG"]\nfast_lane_seconds = 20'
SET = {"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}
BILL = {"sku": "SET", "name": "Set", "bom": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]}


def _levels(trial: Harness) -> dict[str, int]:
    return dict(trial.twins.act("bigcommerce", "stock_levels"))


def _push(trial: Harness) -> None:
    trial.run(stock_fast.FLOW, until=lambda rows: True)


def _availability_calls(trial: Harness) -> list[dict[str, Any]]:
    return trial.twins.calls("cin7", path="productavailability")


def _queried_sku(call: dict[str, Any]) -> str:
    return str(dict(call["query"]).get("Sku", ""))


def test_fast_lane_sku_is_read_alone_and_published_at_once(tmp_path: Path) -> None:
    with harness(tmp_path, stock=FAST) as trial:
        trial.run(reference_data.FLOW, stock.FLOW, stock_fast.FLOW, until=lambda rows: True)
        _push(trial)
        assert _levels(trial) == {"MUG": 100, "TEA": 500}
        before = len(_availability_calls(trial))
        trial.twins.act("cin7", "count_stock", {"sku": "MUG", "quantity": 30})
        trial.twins.act("cin7", "count_stock", {"sku": "TEA", "quantity": 40})
        _push(trial)
        assert _levels(trial) == {"MUG": 30, "TEA": 500}, "tea waits for the next full reading"
        assert [_queried_sku(call) for call in _availability_calls(trial)[before:]] == ["MUG"]
        held = trial.place(lines=[{"sku": "MUG", "quantity": 4}], billing_address={"first_name": "Ada"})
        trial.run()
        posted = trial.place(lines=[{"sku": "MUG", "quantity": 5}])
        trial.run()
        assert (trial.sales(held), len(trial.sales(posted))) == ([], 1)
        _push(trial)
        _push(trial)
        assert _levels(trial)["MUG"] == 21, "units that Cin7 has allocated are not deducted twice"
        trial.push_stock()
        assert _levels(trial) == {"MUG": 21, "TEA": 40}


def _lanes(trial: Harness) -> Counter[Lane]:
    """Calls to Cin7 in the current window, by lane."""

    async def read() -> Counter[Lane]:
        worker = trial.worker()
        try:
            async with worker.database.reading() as reading:
                query = sa.select(budget_calls.c.lane).where(budget_calls.c.application.like("cin7%"))
                return Counter(Lane(lane) for lane in (await reading.execute(query)).scalars())
        finally:
            await worker.database.close()

    return asyncio.run(read())


def test_full_reading_calls_in_a_lower_lane_than_the_fast_lane(tmp_path: Path) -> None:
    """Lanes decide which calls go first when calls run short; the tests of the budget show that they do."""
    with harness(tmp_path, stock=FAST, speed=5.0) as trial:
        trial.run(reference_data.FLOW, until=lambda rows: True)
        before = _lanes(trial)
        trial.run(stock.FLOW, until=lambda rows: True)
        full = _lanes(trial) - before
        _push(trial)
        fast = _lanes(trial) - before - full
        assert (set(full), set(fast)) == ({Lane.CATALOGUE}, {Lane.STOCK})


def test_increase_of_a_fast_lane_sku_waits_for_the_next_reading(tmp_path: Path) -> None:
    with harness(tmp_path, stock=FAST) as trial:
        trial.run(reference_data.FLOW, stock_fast.FLOW, until=lambda rows: True)
        _push(trial)
        trial.twins.act("cin7", "receive_stock", {"sku": "MUG", "quantity": 50})
        _push(trial)
        assert _levels(trial)["MUG"] == 100
        _push(trial)
        assert _levels(trial)["MUG"] == 150


def test_kits_of_a_fast_lane_component_are_published_with_it(tmp_path: Path) -> None:
    with harness(tmp_path, stock=FAST.replace('"MUG"', '"MUG", "mug"')) as trial:
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL]})
        trial.run(reference_data.FLOW, stock.FLOW, stock_fast.FLOW, until=lambda rows: True)
        _push(trial)
        published = _levels(trial)
        assert published["SET"] > 0
        assert 2 * published["SET"] + published["MUG"] == 100
        trial.twins.act("cin7", "count_stock", {"sku": "MUG", "quantity": 9})
        _push(trial)
        published = _levels(trial)
        assert 2 * published["SET"] + published["MUG"] == 9
        (held,) = [row for row in trial.transfers(stock_fast.NAME) if row.state is State.HELD]
        assert (held.key, held.reason_kind, held.owner) == ("mug", "fast_lane_unusable", "ecommerce")
