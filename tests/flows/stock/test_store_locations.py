"""Stock by store location: each shows what its Cin7 locations can ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Harness, harness
from weighbridge.cli.main import app
from weighbridge.flows.stock.locations import LOCATION
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.bigcommerce.locations import add_location

MAPPED = 'store_locations = { "Overflow" = 2 }'
SET = {"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}
BILL = {"sku": "SET", "name": "Set", "bom": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]}
INCOMPLETE_ADDRESS = {"first_name": "Ada"}
"""An address that holds its order, so that Cin7 does not get it."""


def _open_second(trial: Harness) -> None:
    trial.twins.run(lambda: add_location(trial.twins.bigcommerce.store, "second", "Second"))


def _overflow(trial: Harness, **units: int) -> None:
    rows = [{"sku": sku, "on_hand": count, "location": "Overflow"} for sku, count in units.items()]
    trial.twins.act("cin7", "seed", {"stock": rows})


def _location_levels(trial: Harness, sku: str) -> tuple[int, int]:
    levels = (trial.twins.act("bigcommerce", "stock_levels", {"location_id": location}) for location in (1, 2))
    first, second = (int(by_sku[sku]) for by_sku in levels)
    return first, second


def test_each_store_location_has_the_stock_of_its_cin7_locations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with harness(tmp_path, stock=MAPPED) as trial:
        _open_second(trial)
        _overflow(trial, MUG=20)
        trial.push_stock()
        assert (_location_levels(trial, "MUG"), _location_levels(trial, "TEA")) == ((100, 20), (500, 0))
        trial.place(lines=[{"sku": "MUG", "quantity": 98}], billing_address=INCOMPLETE_ADDRESS)
        trial.run()
        trial.place(lines=[{"sku": "TEA", "quantity": 5}])
        trial.run()
        trial.push_stock()
        assert (_location_levels(trial, "MUG"), _location_levels(trial, "TEA")) == ((2, 20), (495, 0))
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 90, "location_id": 2})
        trial.push_stock()
        trial.push_stock()
        assert _location_levels(trial, "MUG") == (2, 20), "each location is read back"
        levels = _explained(trial, tmp_path, monkeypatch)["levels"]
        assert [(level["store_location"], level["in_flight"], level["published_level"]) for level in levels] == [
            (1, "98", 2),
            (2, "0", 20),
        ]


def _explained(trial: Harness, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    for name, value in trial.environment().items():
        monkeypatch.setenv(name, value)
    command = ["stock", "explain", "MUG", "--config", str(config)]
    printed = CliRunner().invoke(app, command, env={"COLUMNS": "200"}).output
    assert "location 2 of the store: level 20 was published at" in printed
    explanation: dict[str, Any] = json.loads(CliRunner().invoke(app, [*command, "--json"]).output)
    return explanation


def test_kits_are_published_and_decreased_at_the_location_of_their_components(tmp_path: Path) -> None:
    with harness(tmp_path, stock=MAPPED) as trial:
        _open_second(trial)
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL]})
        _overflow(trial, MUG=6, TEA=4)
        trial.push_stock()
        for number, (mugs, tea) in enumerate([(100, 500), (6, 4)]):
            sets = _location_levels(trial, "SET")[number]
            assert sets > 0
            assert 2 * sets + _location_levels(trial, "MUG")[number] <= mugs
            assert 4 * sets + _location_levels(trial, "TEA")[number] <= tea
        before = _location_levels(trial, "SET")
        trial.place(lines=[{"sku": "MUG", "quantity": 60}])
        trial.run(until=lambda rows: _location_levels(trial, "SET")[0] < before[0])
        assert _location_levels(trial, "SET")[1] == before[1]


def test_location_missing_at_the_store_is_held_and_stops_no_other(tmp_path: Path) -> None:
    with harness(tmp_path, stock=MAPPED) as trial:
        _overflow(trial, MUG=20)
        trial.push_stock()
        assert _location_levels(trial, "MUG") == (100, 0)
        (row,) = trial.transfers(LOCATION)
        assert (row.state, row.key, row.reason_kind, row.owner) == (
            State.HELD,
            "2",
            "store_location_unknown",
            "ecommerce",
        )
        assert "design.stock.store_locations.Overflow" in row.reason
        _open_second(trial)
        trial.push_stock()
        assert _location_levels(trial, "MUG") == (100, 20)
        assert [row.state for row in trial.transfers(LOCATION)] == [State.POSTED]


def test_location_removed_from_the_design_is_published_as_zero(tmp_path: Path) -> None:
    with harness(tmp_path, stock=MAPPED) as trial:
        _open_second(trial)
        _overflow(trial, MUG=20)
        trial.push_stock()
        assert _location_levels(trial, "MUG") == (100, 20)
        trial.design_of("stock", "")
        trial.push_stock()
        assert _location_levels(trial, "MUG") == (120, 0)
