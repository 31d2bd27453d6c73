"""`weighbridge explain sku` and the largest oversell in `weighbridge status`."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Rig, rig
from weighbridge.cli.main import app

SET = {"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}
BILL = {"sku": "SET", "name": "Set", "bom": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]}


class Asker:
    """Asks the command line about one installation."""

    def __init__(self, trial: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._config = folder / "weighbridge.toml"
        self._config.write_text(trial.configuration())
        for name, value in trial.environment().items():
            monkeypatch.setenv(name, value)

    def __call__(self, *words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--config", str(self._config)], env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.output

    def sku(self, sku: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("explain", "sku", sku, "--json"))
        return found


def test_every_term_of_a_figure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path, stock="buffer = 3") as trial:
        ask = Asker(trial, tmp_path, monkeypatch)
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 20, "location": "Overflow"}]})
        trial.push_stock()
        held = trial.place(lines=[{"sku": "MUG", "quantity": 7}], billing_address={"first_name": "Ada"})
        trial.run()
        trial.push_stock()
        told = ask.sku("MUG")
        (figure,) = told["figures"]
        assert figure["available"] == {"Main Warehouse": "100", "Overflow": "20"}
        assert (figure["in_flight"], figure["buffer"], figure["buffer_kind"]) == ("7", "3", "units")
        assert (figure["may_be_sold"], figure["told"]) == (110, 110)
        assert [(one["order"], one["quantity"]) for one in told["sold_and_not_in_cin7"]] == [(str(held), "7")]
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 110
        shown = ask("explain", "sku", "MUG")
        for words in ("the shop was told 110", "available in Overflow", f"order {held} (7)", "units of every SKU"):
            assert words in shown


def test_a_kit_tells_its_share_and_what_limits_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path) as trial:
        ask = Asker(trial, tmp_path, monkeypatch)
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL]})
        trial.push_stock()
        parts = ask.sku("SET")["figures"][0]["parts"]
        assert parts["by_location"]["Main Warehouse"] == trial.twins.act("bigcommerce", "stock_levels")["SET"]
        assert parts["shares_with"] == ["MUG", "TEA"]
        assert "shares parts with MUG, TEA" in ask("explain", "sku", "SET")


def test_what_keeps_a_sku_from_being_told_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path) as trial:
        ask = Asker(trial, tmp_path, monkeypatch)
        extra = [{"sku": sku, "name": sku, "price": "1.00"} for sku in ("LOOSE", "STRANGE")]
        trial.twins.act("bigcommerce", "seed_products", [extra[0] | {"tracking": "none"}, extra[1]])
        trial.push_stock()
        assert "does not track" in ask("explain", "sku", "LOOSE")
        assert "Cin7 has no stock product" in ask("explain", "sku", "STRANGE")
        missing = CliRunner().invoke(app, ["explain", "sku", "mug", "--config", str(tmp_path / "weighbridge.toml")])
        assert missing.exit_code == 2


def test_the_largest_oversell_counts_what_the_shop_shows_and_what_is_owed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig(tmp_path) as trial:
        ask = Asker(trial, tmp_path, monkeypatch)
        trial.push_stock()
        assert json.loads(ask("status", "--json"))["worst_oversell"] == [
            {"connection": "main", "units": 0, "money": "0.00", "skus": {}}
        ]
        order = {"lines": [{"sku": "MUG", "quantity": 104}], "billing_address": {"first_name": "Ada"}}
        trial.twins.set_switches("bigcommerce", {"sells_below_zero": True})
        trial.place(**order)
        trial.run()
        trial.push_stock()
        clock = trial.twins.running.clock
        trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(hours=2)))
        ask = Asker(trial, tmp_path, monkeypatch)
        told = ask.sku("MUG")["worst_oversell"]
        assert (told["shown"], told["free"]) == (0, "-4")
        worst = json.loads(ask("status", "--json"))["worst_oversell"][0]
        assert worst["skus"]["MUG"] == told["units"] >= 4
        assert float(worst["money"]) >= 4 * 12.5
        assert "MUG" in ask("status")


def test_what_to_buy_for_kits_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rig(tmp_path) as trial:
        ask = Asker(trial, tmp_path, monkeypatch)
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL], "stock": [{"sku": "MUG", "on_hand": 9}]})
        trial.push_stock()
        trial.place(lines=[{"sku": "MUG", "quantity": 1}], billing_address={"first_name": "Ada"})
        trial.run()
        told = json.loads(ask("shortages", "--goal", "10", "--json"))
        assert told == [{"kit": "SET", "can_build": 4, "buy": {"MUG": 20}, "unlocks": 10}]
        assert "20 of MUG" in ask("shortages", "--goal", "10")
