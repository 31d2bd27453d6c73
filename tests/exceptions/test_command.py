"""The command line of exceptions: list, show, act on one or many, under the name of whoever types."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.exceptions.test_exception_records import unknown
from weighbridge.cli.main import app
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.design.example import Example, example_toml
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal

SECRETS = {name: name.upper() for name in ("access_token", "account_id", "application_key", "hooks", "client_secret")}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with three orders that wait for two SKUs."""
    path = tmp_path / "weighbridge.toml"
    example = Example("http://shop.invalid", "abc", "http://books.invalid", SECRETS)
    path.write_text(example_toml(example), encoding="utf-8")

    async def hold(journal: Journal) -> None:
        for order, sku in (("100", "OLD-MUG"), ("101", "OLD-MUG"), ("102", "TEA-1")):
            transfer = await journal.transfers.open("main", "orders", order)
            values = {"amount": Decimal("10.50"), "currency": "USD"}
            await journal.transfers.weighed(transfer.id, (unknown(sku),), **values)

    in_journal(path, hold)
    return path


def in_journal(path: Path, work: Callable[[Journal], Awaitable[None]]) -> None:
    async def at_work() -> None:
        database = Database(f"sqlite:///{path.parent}/weighbridge.db")
        await database.create_tables()
        try:
            await work(Journal.of(database, REAL_CLOCK))
        finally:
            await database.close()

    asyncio.run(at_work())


def typed(config: Path, *words: str) -> Result:
    command, *rest = words
    return CliRunner().invoke(app, ["exceptions", command, "--config", str(config), *rest])


def answered(config: Path, *words: str) -> Any:
    return json.loads(typed(config, *words, "--json").output)


def test_list_and_show_tell_who_must_do_what_for_how_much(config: Path) -> None:
    mug, tea = answered(config, "list")
    assert (mug["title"], mug["objects_open"], mug["money"]) == ("SKU OLD-MUG is not in Cin7", 2, {"USD": "21.00"})
    assert (tea["owner"], tea["remedies"]) == ("ecommerce", ["map_sku", "correct", "retry"])
    shown = typed(config, "show", str(mug["id"])).output
    assert "Found: lines[0].sku is OLD-MUG; expected a SKU that exists in Cin7" in shown
    assert "Safe actions: map_sku sku=...; correct value=...; retry" in shown
    assert [one["key"] for one in answered(config, "show", str(mug["id"]))["objects"]] == ["100", "101"]
    assert "OLD-MUG" in typed(config, "list").output
    assert "Nothing waits" in typed(config, "list", "--containing", "no such thing").output
    assert typed(config, "show", "99").exit_code == 2


def test_people_act_under_their_name(config: Path) -> None:
    for words in (
        ("assign", "1", "--to", "Ines", "--owner", "operations", "--by", "Omar"),
        ("comment", "1", "asked the supplier", "--by", "Omar"),
        ("tag", "spring", "1", "2", "--by", "Omar"),
        ("snooze", "2", "--for", "2h", "--by", "Omar"),
    ):
        assert typed(config, *words).exit_code == 0, words
    [mug] = answered(config, "list")
    assert (mug["assignee"], mug["owner"], mug["tags"]) == ("Ines", "operations", ["spring"])
    history = answered(config, "show", "1")["history"]
    assert [(event["actor"], event["action"]) for event in history][-2:] == [("Omar", "commented"), ("Omar", "tagged")]
    assert typed(config, "wake", "2").exit_code == 0
    assert typed(config, "merge", "2", "--into", "1").output.strip() == "1 objects moved."
    assert typed(config, "unmerge", "2").output.strip() == "1 objects moved back."
    assert typed(config, "tag", "spring", "2", "--remove").exit_code == 0
    assert [case["tags"] for case in answered(config, "list")] == [["spring"], []]


def test_many_need_the_name_of_the_preview(config: Path) -> None:
    assert "say which" in typed(config, "bulk", "assign", "Ines").output
    preview = typed(config, "bulk", "assign", "Ines", "--kind", "sku_unknown")
    assert "2 exceptions with 3 objects, 31.50 USD" in preview.output
    [name] = re.findall(r"--confirm (\w{10})", preview.output)
    assert typed(config, "bulk", "assign", "Ines", "--kind", "sku_unknown", "--confirm", "f" * 10).exit_code == 2
    assert answered(config, "list")[0]["assignee"] == ""
    done = typed(config, "bulk", "assign", "Ines", "--kind", "sku_unknown", "--confirm", name)
    assert "Done for 2 exceptions" in done.output
    assert {case["assignee"] for case in answered(config, "list")} == {"Ines"}
    refused = typed(config, "bulk", "accept", "old", "--kind", "sku_unknown").output
    assert "sku_unknown closes only by proof" in refused


def test_safe_action_is_previewed_before_it_runs_and_can_be_taken_back(config: Path) -> None:
    preview = typed(config, "act", "1", "correct", "--set", "key=100", "--set", "value=MUG")
    assert "The sale of order 100 is made with lines[0].sku 'MUG'" in preview.output
    assert answered(config, "show", "1")["runs"] == []
    unexplained = typed(config, "act", "1", "correct", "--set", "key=100", "--set", "value=MUG", "--yes")
    assert (unexplained.exit_code, "needs a reason" in unexplained.output) == (2, True)
    words = ("act", "1", "correct", "--set", "key=100", "--set", "value=MUG", "--yes", "--reason", "typo")
    assert "Run 1 has begun" in typed(config, *words).output
    assert typed(config, "undo", "1", "--reason", "no, it is the other mug").exit_code == 0
    assert [run["state"] for run in answered(config, "show", "1")["runs"]] == ["undone"]
    money = typed(config, "act", "1", "correct", "--set", "key=100", "--set", "field=total", "--set", "value=1")
    assert "Money and quantities are put right at the shop" in " ".join(money.output.split())
    assert typed(config, "act", "1", "void_duplicate").exit_code == 2
    assert typed(config, "approve", "7").exit_code == 2
    assert typed(config, "refuse", "1").exit_code == 2
    assert typed(config, "reopen", "1", "--reason", "x").exit_code == 2


def designed(config: Path, *words: str) -> Result:
    command, *rest = words
    return CliRunner().invoke(app, ["design", command, "--config", str(config), *rest])


def test_retry_schedules_and_mappings_are_seen_and_changed_beside_the_file(config: Path) -> None:
    before = json.loads(designed(config, "show", "--json").output)
    assert before["schedules"]["throttled"][:2] == [10, 20]
    assert (
        designed(config, "change", "retry.schedules", "throttled", "[5, 50]", "--reason", "short outages").exit_code
        == 0
    )
    change = designed(config, "change", "skus", "OLD-MUG", "MUG", "--reason", "renamed", "--by", "Ines")
    assert "Change 2" in change.output
    after = json.loads(designed(config, "show", "--json").output)
    assert (after["schedules"]["throttled"], after["design"]["skus"]) == ([5, 50], {"OLD-MUG": "MUG"})
    assert after["version"] != before["version"]
    shown = designed(config, "show").output
    assert "Ines: skus OLD-MUG = MUG. renamed" in " ".join(shown.split())
    assert designed(config, "undo", "2", "--by", "Omar").exit_code == 0
    assert designed(config, "undo", "2").exit_code == 2
    assert json.loads(designed(config, "show", "--json").output)["design"]["skus"] == {}
    assert designed(config, "change", "owners", "backordered", "nobody", "--reason", "x").exit_code == 2
    assert designed(config, "version", "v9-00000000").exit_code == 2
