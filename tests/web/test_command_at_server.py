"""Commands print the same with the API in the process and with the API of a running console."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.design.examples import SMALL
from tests.web.installation import RunningInstallation, running_installation
from tests.web.test_api import token
from tests.web.test_exceptions import TAX, UNKNOWN_SKU, held, lines
from weighbridge.app.context import AppContext
from weighbridge.cli.main import app
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind

WHEN = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")
PREVIEW = re.compile(r"--confirm ([0-9a-f]{10})")


@dataclass(frozen=True)
class CommandSetup:
    """A console with three held orders, and the configuration file of its installation."""

    installation: RunningInstallation
    config: Path

    def invoke(self, arguments: Sequence[str], *, server: bool, name: str = "ada") -> tuple[int, str]:
        """The exit code and output of a command, at the server or in the process."""
        options = ["--server", self.installation.url] if server else ["--config", str(self.config)]
        environment = {"WEIGHBRIDGE_TOKEN": token(self.installation, name), "WEIGHBRIDGE_ACTOR": name}
        result = CliRunner().invoke(app, [*arguments, *options], env=environment)
        return result.exit_code, result.output


@contextmanager
def command_setup(folder: Path) -> Iterator[CommandSetup]:
    folder.mkdir()
    config = folder / "weighbridge.toml"
    config.write_text(SMALL, encoding="utf-8")
    with running_installation(folder) as home:
        held(home, "101", UNKNOWN_SKU)
        held(home, "102", TAX, "7.25")
        held(home, "103", hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "LOST-MUG", "a SKU that Cin7 knows"))
        home.do(_keep_version)
        yield CommandSetup(home, config)


async def _keep_version(app: AppContext) -> str:
    return await app.repositories.designs.store_version("main", app.connections["main"].design)


READ_COMMANDS = (
    "exceptions list", "exceptions list --json", "exceptions list --limit 2", "exceptions list --owner finance --late",
    "exceptions list --kind sku_unknown --kind tax_unmapped --containing phantom", "exceptions list --state closed",
    "exceptions show 1", "exceptions show 2 --json", "exceptions show 99", "exceptions run 2 map_tax",
    "exceptions run 2 map_tax --set rule=Elsewhere --reason x", "exceptions run 2 map_tax --set rule=Nowhere",
    "exceptions run 1 retry",
    "exceptions bulk tag spring --kind sku_unknown", "design show", "design show --json", "design version v9-unknown",
    "design show --connection nowhere", "orders show 101", "orders show 101 --json", "orders show 999", "monitors",
    "monitors --json", "orders held", "orders held --json", "returns list", "returns list --json", "reports status",
    "reports status --json", "stock explain MUG", "stock explain LOST/MUG", "stock shortages",
    "stock shortages --connection nowhere", "users list", "users list --json", "alerts list", "alerts list --json",
    "alerts test", "alerts test nowhere",
)  # fmt: skip
ACTION_COMMANDS = (
    "exceptions assign 1 3 --to fina", "exceptions assign 99 --to fina", "exceptions comment 1 asked_the_store",
    "exceptions snooze 2 --for 4h", "exceptions unsnooze 2", "exceptions tag spring 1 2",
    "exceptions tag spring 2 --remove",
    "exceptions list --tagged spring", "exceptions reopen 1 --reason why", "exceptions merge 3 --into 1",
    "exceptions merge 3 --into 1", "exceptions show 1", "exceptions unmerge 3", "exceptions unmerge 3",
    "exceptions run 1 retry --yes", "exceptions run 2 map_tax --set rule=Nowhere --reason agreed --yes",
    "exceptions show 2", "exceptions undo 2 --reason mistaken", "exceptions undo 99 --reason mistaken",
    "exceptions approve 99", "exceptions refuse 99", "exceptions list --snoozed",
    "design change skus OLD-MUG MUG-9 --reason agreed",
    "design change retry.schedules throttled [5,60] --reason agreed",
    "design change sale.location x y --reason agreed", "design change owners sku_unknown board --reason agreed",
    "design change deadlines sku_unknown 4 --reason agreed", "design undo 2", "design undo 2", "design undo 99",
    "design show",
    "users add eve --no-password", "users role eve operator", "users role nobody operator", "users lock eve",
    "users unlock eve", "users unlink eve", "users token nobody nightly", "users list",
)  # fmt: skip


def test_read_commands_print_the_same_locally_and_remotely(tmp_path: Path) -> None:
    with command_setup(tmp_path / "server") as setup:
        for line in READ_COMMANDS:
            arguments = line.split()
            assert setup.invoke(arguments, server=True) == setup.invoke(arguments, server=False), line
        code, output = setup.invoke(["orders", "held", "--json"], server=True)
        held_orders = [(row["key"], row["state"], row["amount"]) for row in json.loads(output)]
        assert held_orders[1] == ("102", "held", {"amount": "7.25", "currency": "USD"})
        code, output = setup.invoke(["exceptions", "show", "2", "--json"], server=True)
        exception_record = json.loads(output)
        assert (code, exception_record["money"], exception_record["objects"][0]["key"]) == (0, {"USD": "7.25"}, "102")


def test_action_commands_do_the_same_locally_and_remotely(tmp_path: Path) -> None:
    with command_setup(tmp_path / "local") as local, command_setup(tmp_path / "remote") as remote:
        for line in ACTION_COMMANDS:
            arguments = line.split()
            (local_code, local_output), (code, output) = (
                local.invoke(arguments, server=False),
                remote.invoke(arguments, server=True),
            )
            assert (code, WHEN.sub("then", output)) == (local_code, WHEN.sub("then", local_output)), line
        for setup, server in ((local, False), (remote, True)):
            code, output = setup.invoke(["users", "token", "otto", "nightly", "--days", "1"], server=server)
            assert (code, output[:3]) == (0, "wb_")
        names = []
        for setup, server in ((local, False), (remote, True)):
            bulk = ["exceptions", "bulk", "comment", "seen", "--kind", "sku_unknown"]
            _, preview = setup.invoke(bulk, server=server)
            match = PREVIEW.search(preview)
            assert match, preview
            names.append(match[1])
            assert setup.invoke([*bulk, "--confirm", "0000000000"], server=server)[0] == 2
            assert setup.invoke([*bulk, "--confirm", match[1]], server=server) == (0, "Done for 2 exceptions.\n")
        assert names[0] == names[1]
        remote_lines, local_lines = lines(remote.installation), lines(local.installation)
        assert {line.actor for line in remote_lines} == {"ada"}, "the user of the token"
        assert {line.actor for line in local_lines} == {"ada (command line)"}, "no password was checked"
        assert [(line.action, line.subject) for line in local_lines] == [
            (line.action, line.subject) for line in remote_lines
        ]


def test_sizes_are_those_of_the_server(tmp_path: Path) -> None:
    with command_setup(tmp_path / "server") as setup:
        for server in (True, False):
            code, output = setup.invoke(["storage", "sizes", "--json"], server=server)
            stored = json.loads(output)
            kinds = {kind["name"]: kind for kind in stored["kinds"]}
            assert (code, kinds["transfers"]["rows"], kinds["transfers"]["kept_days"]) == (0, 3, None)
            assert (kinds["http_bodies"]["rows"], kinds["http_bodies"]["kept_days"]) == (0, 30)
            assert 0 < kinds["transfers"]["bytes"] < stored["total_bytes"]
            code, output = setup.invoke(["storage", "sizes"], server=server)
            assert (code, "Exceptions and their history" in output, "for good" in output) == (0, True, True)


@pytest.mark.parametrize(
    ("server", "token_text", "message"),
    [
        ("http://console.example.com", "wb_x", "expected an https address"),
        ("", "", "no token in WEIGHBRIDGE_TOKEN"),
        ("", "wb_guess", "does not accept the token"),
        ("http://127.0.0.1:9", "wb_x", "no answer from http://127.0.0.1:9: 127.0.0.1:9 refuses the connection; check"),
        ("https://console.invalid", "wb_x", "the host name of console.invalid is not found; check the address"),
    ],
)
def test_an_unreachable_server_is_reported_in_one_line(
    installation: RunningInstallation, server: str, token_text: str, message: str
) -> None:
    command = ["exceptions", "list", "--server", server or installation.url]
    result = CliRunner().invoke(app, command, env={"WEIGHBRIDGE_TOKEN": token_text})
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_the_server_refuses_an_action_outside_the_role(tmp_path: Path) -> None:
    with command_setup(tmp_path / "server") as setup:
        code, output = setup.invoke(["exceptions", "assign", "1", "--to", "vera"], server=True, name="vera")
        assert (code, "viewer may not work" in output) == (2, True)
        code, output = setup.invoke(["design", "change", "owners", "a", "b", "--reason", "c"], server=True, name="otto")
        assert (code, "operator may not manage_users" in output) == (2, True)
