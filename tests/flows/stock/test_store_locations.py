"""Stock by the shop's locations: each shows what the Cin7 locations behind it can ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Rig, rig
from weighbridge.cli.main import app
from weighbridge.flows.stock.locations import LOCATION
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.bigcommerce.locations import add_location

MAPPED = 'shop_locations = { "Overflow" = 2 }'
SET = {"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}
BILL = {"sku": "SET", "name": "Set", "bom": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]}
UNHEARD = {"first_name": "Ada"}
"""An address that holds its order, so that Cin7 knows nothing of it."""


def _open_second(trial: Rig) -> None:
    trial.twins.run(lambda: add_location(trial.twins.bigcommerce.shop, "second", "Second"))


def _overflow(trial: Rig, **units: int) -> None:
    rows = [{"sku": sku, "on_hand": count, "location": "Overflow"} for sku, count in units.items()]
    trial.twins.act("cin7", "seed", {"stock": rows})


def _shown(trial: Rig, sku: str) -> tuple[int, int]:
    levels = (trial.twins.act("bigcommerce", "stock_levels", {"location_id": one}) for one in (1, 2))
    first, second = (int(found[sku]) for found in levels)
    return first, second


def test_each_location_of_the_shop_shows_what_lies_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path, stock=MAPPED) as trial:
        _open_second(trial)
        _overflow(trial, MUG=20)
        trial.push_stock()
        assert (_shown(trial, "MUG"), _shown(trial, "TEA")) == ((100, 20), (500, 0))
        trial.place(lines=[{"sku": "MUG", "quantity": 98}], billing_address=UNHEARD)
        trial.run()
        trial.place(lines=[{"sku": "TEA", "quantity": 5}])
        trial.run()
        trial.push_stock()
        assert (_shown(trial, "MUG"), _shown(trial, "TEA")) == ((2, 20), (495, 0))
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 90, "location_id": 2})
        trial.push_stock()
        trial.push_stock()
        assert _shown(trial, "MUG") == (2, 20), "each location is read back"
        figures = _explained(trial, tmp_path, monkeypatch)["figures"]
        assert [(one["shop_location"], one["in_flight"], one["told"]) for one in figures] == [
            (1, "98", 2),
            (2, "0", 20),
        ]


def _explained(trial: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    for name, value in trial.environment().items():
        monkeypatch.setenv(name, value)
    words = ["explain", "sku", "MUG", "--config", str(config)]
    people = CliRunner().invoke(app, words, env={"COLUMNS": "200"}).output
    assert "location 2 of the shop: the shop was told 20" in people
    found: dict[str, Any] = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    return found


def test_kits_are_shown_where_their_parts_lie_and_fall_there_between_rounds(tmp_path: Path) -> None:
    with rig(tmp_path, stock=MAPPED) as trial:
        _open_second(trial)
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL]})
        _overflow(trial, MUG=6, TEA=4)
        trial.push_stock()
        for number, (mugs, tea) in enumerate([(100, 500), (6, 4)]):
            sets = _shown(trial, "SET")[number]
            assert sets > 0
            assert 2 * sets + _shown(trial, "MUG")[number] <= mugs
            assert 4 * sets + _shown(trial, "TEA")[number] <= tea
        before = _shown(trial, "SET")
        trial.place(lines=[{"sku": "MUG", "quantity": 60}])
        trial.run(until=lambda rows: _shown(trial, "SET")[0] < before[0])
        assert _shown(trial, "SET")[1] == before[1]


def test_location_that_the_shop_lacks_waits_for_a_person_and_stops_no_other(tmp_path: Path) -> None:
    with rig(tmp_path, stock=MAPPED) as trial:
        _overflow(trial, MUG=20)
        trial.push_stock()
        assert _shown(trial, "MUG") == (100, 0)
        (row,) = trial.transfers(LOCATION)
        assert (row.state, row.key, row.reason_kind, row.owner) == (
            State.HELD,
            "2",
            "shop_location_unknown",
            "ecommerce",
        )
        assert "design.stock.shop_locations.Overflow" in row.reason
        _open_second(trial)
        trial.push_stock()
        assert _shown(trial, "MUG") == (100, 20)
        assert [row.state for row in trial.transfers(LOCATION)] == [State.POSTED]


def test_location_taken_out_of_the_design_shows_nothing_any_more(tmp_path: Path) -> None:
    with rig(tmp_path, stock=MAPPED) as trial:
        _open_second(trial)
        _overflow(trial, MUG=20)
        trial.push_stock()
        assert _shown(trial, "MUG") == (100, 20)
        trial.design_of("stock", "")
        trial.push_stock()
        assert _shown(trial, "MUG") == (120, 0)
