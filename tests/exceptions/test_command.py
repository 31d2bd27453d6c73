"""The command line of exceptions and designs: queries and actions, under the name of the user."""

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
from weighbridge.persistence.repositories import Repositories

SECRETS = {
    name: name.upper() for name in ("access_token", "account_id", "application_key", "webhooks", "client_secret")
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with three orders that are held for two unknown SKUs."""
    path = tmp_path / "weighbridge.toml"
    example = Example("http://shop.invalid", "abc", "http://books.invalid", SECRETS)
    path.write_text(example_toml(example), encoding="utf-8")

    async def hold(repositories: Repositories) -> None:
        for order, sku in (("100", "OLD-MUG"), ("101", "OLD-MUG"), ("102", "TEA-1")):
            transfer = await repositories.transfers.open("main", "orders", order)
            values = {"amount": Decimal("10.50"), "currency": "USD"}
            await repositories.transfers.record_evaluation(transfer.id, (unknown(sku),), **values)

    with_repositories(path, hold)
    return path


def with_repositories(path: Path, work: Callable[[Repositories], Awaitable[None]]) -> None:
    async def run() -> None:
        database = Database(f"sqlite:///{path.parent}/weighbridge.db")
        await database.create_tables()
        try:
            await work(Repositories.of(database, REAL_CLOCK))
        finally:
            await database.close()

    asyncio.run(run())


def invoke(config: Path, *arguments: str) -> Result:
    command, *rest = arguments
    return CliRunner().invoke(app, ["exceptions", command, "--config", str(config), *rest])


def invoke_json(config: Path, *arguments: str) -> Any:
    return json.loads(invoke(config, *arguments, "--json").output)


def test_list_and_show_print_owner_advice_and_amount(config: Path) -> None:
    mug, tea = invoke_json(config, "list")
    assert (mug["title"], mug["objects_open"], mug["money"]) == ("SKU OLD-MUG is not in Cin7", 2, {"USD": "21.00"})
    assert (tea["owner"], tea["playbooks"]) == ("ecommerce", ["map_sku", "correct", "retry"])
    printed = invoke(config, "show", str(mug["id"])).output
    assert "Found: lines[0].sku is OLD-MUG; expected a SKU that exists in Cin7" in printed
    assert "Safe actions: map_sku sku=...; correct value=...; retry" in printed
    assert [held["key"] for held in invoke_json(config, "show", str(mug["id"]))["objects"]] == ["100", "101"]
    assert "OLD-MUG" in invoke(config, "list").output
    assert "No exceptions wait" in invoke(config, "list", "--containing", "no such thing").output
    assert invoke(config, "show", "99").exit_code == 2


def test_actions_are_recorded_under_the_name_of_the_actor(config: Path) -> None:
    for arguments in (
        ("assign", "1", "--to", "Ines", "--owner", "operations", "--by", "Omar"),
        ("comment", "1", "asked the supplier", "--by", "Omar"),
        ("tag", "spring", "1", "2", "--by", "Omar"),
        ("snooze", "2", "--for", "2h", "--by", "Omar"),
    ):
        assert invoke(config, *arguments).exit_code == 0, arguments
    [mug] = invoke_json(config, "list")
    assert (mug["assignee"], mug["owner"], mug["tags"]) == ("Ines", "operations", ["spring"])
    history = invoke_json(config, "show", "1")["history"]
    assert [(event["actor"], event["action"]) for event in history][-2:] == [("Omar", "commented"), ("Omar", "tagged")]
    assert invoke(config, "unsnooze", "2").exit_code == 0
    assert invoke(config, "merge", "2", "--into", "1").output.strip() == "1 objects moved."
    assert invoke(config, "unmerge", "2").output.strip() == "1 objects moved back."
    assert invoke(config, "tag", "spring", "2", "--remove").exit_code == 0
    assert [exception_record["tags"] for exception_record in invoke_json(config, "list")] == [["spring"], []]


def test_bulk_actions_need_the_name_of_the_preview(config: Path) -> None:
    assert "give a filter" in invoke(config, "bulk", "assign", "Ines").output
    preview = invoke(config, "bulk", "assign", "Ines", "--kind", "sku_unknown")
    assert "2 exceptions with 3 objects, 31.50 USD" in preview.output
    [name] = re.findall(r"--confirm (\w{10})", preview.output)
    assert invoke(config, "bulk", "assign", "Ines", "--kind", "sku_unknown", "--confirm", "f" * 10).exit_code == 2
    assert invoke_json(config, "list")[0]["assignee"] == ""
    done = invoke(config, "bulk", "assign", "Ines", "--kind", "sku_unknown", "--confirm", name)
    assert "Done for 2 exceptions" in done.output
    assert {exception_record["assignee"] for exception_record in invoke_json(config, "list")} == {"Ines"}
    refused = invoke(config, "bulk", "accept", "old", "--kind", "sku_unknown").output
    assert "sku_unknown closes only by proof" in refused


def test_a_playbook_is_previewed_before_it_runs_and_can_be_undone(config: Path) -> None:
    preview = invoke(config, "run", "1", "correct", "--set", "key=100", "--set", "value=MUG")
    assert "The sale of order 100 is made with lines[0].sku 'MUG'" in preview.output
    assert invoke_json(config, "show", "1")["runs"] == []
    unexplained = invoke(config, "run", "1", "correct", "--set", "key=100", "--set", "value=MUG", "--yes")
    assert (unexplained.exit_code, "needs a reason" in unexplained.output) == (2, True)
    arguments = ("run", "1", "correct", "--set", "key=100", "--set", "value=MUG", "--yes", "--reason", "typo")
    assert "Run 1 has started" in invoke(config, *arguments).output
    assert invoke(config, "undo", "1", "--reason", "no, it is the other mug").exit_code == 0
    assert [run["state"] for run in invoke_json(config, "show", "1")["runs"]] == ["undone"]
    money = invoke(config, "run", "1", "correct", "--set", "key=100", "--set", "field=total", "--set", "value=1")
    assert "Correct amounts and quantities in BigCommerce" in " ".join(money.output.split())
    assert invoke(config, "run", "1", "void_duplicate").exit_code == 2
    assert invoke(config, "approve", "7").exit_code == 2
    assert invoke(config, "refuse", "1").exit_code == 2
    assert invoke(config, "reopen", "1", "--reason", "x").exit_code == 2


def invoke_design(config: Path, *arguments: str) -> Result:
    command, *rest = arguments
    return CliRunner().invoke(app, ["design", command, "--config", str(config), *rest])


def test_retry_schedules_and_mappings_are_printed_and_overridden(config: Path) -> None:
    before = json.loads(invoke_design(config, "show", "--json").output)
    assert before["schedules"]["throttled"][:2] == [10, 20]
    assert (
        invoke_design(
            config, "change", "retry.schedules", "throttled", "[5, 50]", "--reason", "short outages"
        ).exit_code
        == 0
    )
    change = invoke_design(config, "change", "skus", "OLD-MUG", "MUG", "--reason", "renamed", "--by", "Ines")
    assert "Change 2" in change.output
    after = json.loads(invoke_design(config, "show", "--json").output)
    assert (after["schedules"]["throttled"], after["design"]["skus"]) == ([5, 50], {"OLD-MUG": "MUG"})
    assert after["version"] != before["version"]
    printed = invoke_design(config, "show").output
    assert "Ines: skus OLD-MUG = MUG. renamed" in " ".join(printed.split())
    assert invoke_design(config, "undo", "2", "--by", "Omar").exit_code == 0
    assert invoke_design(config, "undo", "2").exit_code == 2
    assert json.loads(invoke_design(config, "show", "--json").output)["design"]["skus"] == {}
    assert invoke_design(config, "change", "owners", "backordered", "nobody", "--reason", "x").exit_code == 2
    assert invoke_design(config, "version", "v9-00000000").exit_code == 2
