"""`weighbridge stock explain`, and the oversell bound in `weighbridge reports status`."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.flows.harness import Harness, harness
from weighbridge.cli.main import app

SET = {"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}
BILL = {"sku": "SET", "name": "Set", "bom": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]}


class CommandLine:
    """Runs commands for one installation."""

    def __init__(self, trial: Harness, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._config = folder / "weighbridge.toml"
        self._config.write_text(trial.configuration())
        for name, value in trial.environment().items():
            monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, "--config", str(self._config)], env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        return result.output

    def sku(self, sku: str) -> dict[str, Any]:
        explanation: dict[str, Any] = json.loads(self("stock", "explain", sku, "--json"))
        return explanation


def test_every_term_of_an_available_level_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with harness(tmp_path, stock="buffer = 3") as trial:
        ask = CommandLine(trial, tmp_path, monkeypatch)
        trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 20, "location": "Overflow"}]})
        trial.push_stock()
        held = trial.place(lines=[{"sku": "MUG", "quantity": 7}], billing_address={"first_name": "Ada"})
        trial.run()
        trial.push_stock()
        explanation = ask.sku("MUG")
        (level,) = explanation["levels"]
        assert level["available"] == {"Main Warehouse": "100", "Overflow": "20"}
        assert (level["in_flight"], level["buffer"], level["buffer_kind"]) == ("7", "3", "units")
        assert (level["available_to_sell"], level["published_level"]) == (110, 110)
        sold = [(row["order"], row["quantity"]) for row in explanation["sold_and_not_in_cin7"]]
        assert sold == [(str(held), "7")]
        assert trial.twins.act("bigcommerce", "stock_levels")["MUG"] == 110
        printed = ask("stock", "explain", "MUG")
        for text in ("level 110 was published at", "available in Overflow", f"order {held} (7)", "units of every SKU"):
            assert text in printed


def test_kit_explains_its_allocation_and_what_limits_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with harness(tmp_path) as trial:
        ask = CommandLine(trial, tmp_path, monkeypatch)
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL]})
        trial.push_stock()
        components = ask.sku("SET")["levels"][0]["components"]
        assert components["by_location"]["Main Warehouse"] == trial.twins.act("bigcommerce", "stock_levels")["SET"]
        assert components["shares_with"] == ["MUG", "TEA"]
        assert "shares components with MUG, TEA" in ask("stock", "explain", "SET")


def test_reason_that_a_sku_is_not_published_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with harness(tmp_path) as trial:
        ask = CommandLine(trial, tmp_path, monkeypatch)
        extra = [{"sku": sku, "name": sku, "price": "1.00"} for sku in ("LOOSE", "STRANGE")]
        trial.twins.act("bigcommerce", "seed_products", [extra[0] | {"tracking": "none"}, extra[1]])
        trial.push_stock()
        assert "does not track" in ask("stock", "explain", "LOOSE")
        assert "Cin7 has no stock product" in ask("stock", "explain", "STRANGE")
        missing = CliRunner().invoke(app, ["stock", "explain", "mug", "--config", str(tmp_path / "weighbridge.toml")])
        assert missing.exit_code == 2


def test_worst_oversell_counts_the_store_level_and_the_units_owed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with harness(tmp_path) as trial:
        ask = CommandLine(trial, tmp_path, monkeypatch)
        trial.push_stock()
        assert json.loads(ask("reports", "status", "--json"))["worst_oversell"] == [
            {"connection": "main", "units": 0, "money": "0.00", "skus": {}}
        ]
        order = {"lines": [{"sku": "MUG", "quantity": 104}], "billing_address": {"first_name": "Ada"}}
        trial.twins.set_switches("bigcommerce", {"sells_below_zero": True})
        trial.place(**order)
        trial.run()
        trial.push_stock()
        clock = trial.twins.running.clock
        trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(hours=2)))
        ask = CommandLine(trial, tmp_path, monkeypatch)
        oversell = ask.sku("MUG")["worst_oversell"]
        assert (oversell["on_sale"], oversell["free"]) == (0, "-4")
        worst = json.loads(ask("reports", "status", "--json"))["worst_oversell"][0]
        assert worst["skus"]["MUG"] == oversell["units"] >= 4
        assert float(worst["money"]) >= 4 * 12.5
        assert "MUG" in ask("reports", "status")


def test_what_to_buy_for_kits_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with harness(tmp_path) as trial:
        ask = CommandLine(trial, tmp_path, monkeypatch)
        trial.twins.act("bigcommerce", "seed_products", [SET])
        trial.twins.act("cin7", "seed", {"products": [BILL], "stock": [{"sku": "MUG", "on_hand": 9}]})
        trial.push_stock()
        trial.place(lines=[{"sku": "MUG", "quantity": 1}], billing_address={"first_name": "Ada"})
        trial.run()
        shortages = json.loads(ask("stock", "shortages", "--goal", "10", "--json"))
        assert shortages == [{"kit": "SET", "can_build": 4, "buy": {"MUG": 20}, "unlocks": 10}]
        assert "20 of MUG" in ask("stock", "shortages", "--goal", "10")
