"""The same commands print the same, whether they open the database or ask a running console."""

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
from tests.web.installation import House, house
from tests.web.test_api import token
from tests.web.test_exceptions import GHOST, TAX, held, lines
from weighbridge.app.context import Office
from weighbridge.cli.main import app
from weighbridge.domain.findings.finding import FindingKind, hold

WHEN = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")
PREVIEW = re.compile(r"--confirm ([0-9a-f]{10})")


@dataclass(frozen=True)
class Place:
    """A console with three orders that wait, and the file of its installation."""

    home: House
    config: Path

    def typed(self, words: Sequence[str], *, server: bool, name: str = "ada") -> tuple[int, str]:
        """What a command prints, moments left out: two places never open an exception at the same one."""
        options = ["--server", self.home.url] if server else ["--config", str(self.config)]
        secret = {"WEIGHBRIDGE_TOKEN": token(self.home, name), "WEIGHBRIDGE_PERSON": name}
        done = CliRunner().invoke(app, [*words, *options], env=secret)
        return done.exit_code, done.output


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    folder.mkdir()
    config = folder / "weighbridge.toml"
    config.write_text(SMALL, encoding="utf-8")
    with house(folder) as home:
        held(home, "101", GHOST)
        held(home, "102", TAX, "7.25")
        held(home, "103", hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "PHANTOM", "a SKU that Cin7 knows"))
        home.do(_keeps_a_version)
        yield Place(home, config)


async def _keeps_a_version(office: Office) -> str:
    return await office.journal.designs.keep("main", office.connections["main"].design)


READING = (
    "exceptions list", "exceptions list --json", "exceptions list --limit 2", "exceptions list --owner finance --late",
    "exceptions list --kind sku_unknown --kind tax_unmapped --containing ghost", "exceptions list --state closed",
    "exceptions show 1", "exceptions show 2 --json", "exceptions show 99", "exceptions act 2 map_tax",
    "exceptions act 2 map_tax --set rule=Nowhere --reason x", "exceptions act 1 retry",
    "exceptions bulk tag spring --kind sku_unknown", "design show", "design show --json", "design version v9-unheard",
    "design show --connection nowhere",
)  # fmt: skip
DEEDS = (
    "exceptions assign 1 3 --to fina", "exceptions assign 99 --to fina", "exceptions comment 1 asked_the_shop",
    "exceptions snooze 2 --for 4h", "exceptions wake 2", "exceptions tag spring 1 2",
    "exceptions tag spring 2 --remove",
    "exceptions list --tagged spring", "exceptions reopen 1 --reason why", "exceptions merge 3 --into 1",
    "exceptions merge 3 --into 1", "exceptions show 1", "exceptions unmerge 3", "exceptions unmerge 3",
    "exceptions act 1 retry --yes", "exceptions act 2 map_tax --set rule=Exempt --reason agreed --yes",
    "exceptions show 2", "exceptions undo 2 --reason mistaken", "exceptions undo 99 --reason mistaken",
    "exceptions approve 99", "exceptions refuse 99", "exceptions list --snoozed",
    "design change skus OLD-MUG MUG-9 --reason agreed",
    "design change retry.schedules throttled [5,60] --reason agreed",
    "design change sale.location x y --reason agreed", "design change owners sku_unknown board --reason agreed",
    "design change deadlines sku_unknown 4 --reason agreed", "design undo 2", "design undo 2", "design undo 99",
    "design show",
)  # fmt: skip


def test_reading_prints_the_same_to_the_letter(tmp_path: Path) -> None:
    with place(tmp_path / "one") as one:
        for line in READING:
            words = line.split()
            assert one.typed(words, server=True) == one.typed(words, server=False), line
        code, told = one.typed(["exceptions", "show", "2", "--json"], server=True)
        assert (code, json.loads(told)["money"], json.loads(told)["objects"][0]["key"]) == (0, {"USD": "7.25"}, "102")


def test_deeds_print_and_do_the_same(tmp_path: Path) -> None:
    with place(tmp_path / "here") as here, place(tmp_path / "there") as there:
        for line in DEEDS:
            words = line.split()
            (code, local), (same, afar) = here.typed(words, server=False), there.typed(words, server=True)
            assert (same, WHEN.sub("then", afar)) == (code, WHEN.sub("then", local)), line
        names = []
        for one, server in ((here, False), (there, True)):
            bulk = ["exceptions", "bulk", "comment", "seen", "--kind", "sku_unknown"]
            _, preview = one.typed(bulk, server=server)
            found = PREVIEW.search(preview)
            assert found, preview
            names.append(found[1])
            assert one.typed([*bulk, "--confirm", "0000000000"], server=server)[0] == 2
            done = one.typed([*bulk, "--confirm", found[1]], server=server)
            assert done == (0, "Done for 2 exceptions.\n")
        assert names[0] == names[1]
        asked, done_here = lines(there.home), lines(here.home)
        assert {one.actor for one in asked} == {"ada"}, "what is asked of a server is in its audit log"
        assert {one.actor for one in done_here} == {"ada (command line)"}, "nobody asked them for a password"
        assert [(one.action, one.subject) for one in done_here] == [(one.action, one.subject) for one in asked]


@pytest.mark.parametrize(
    ("server", "secret", "says"),
    [
        ("http://console.example.com", "wb_x", "expected an https address"),
        ("", "", "no token in WEIGHBRIDGE_TOKEN"),
        ("", "wb_guess", "does not take the token"),
        ("http://127.0.0.1:9", "wb_x", "no answer from http://127.0.0.1:9"),
    ],
)
def test_a_server_that_cannot_be_asked_is_told_in_a_line(home: House, server: str, secret: str, says: str) -> None:
    command = ["exceptions", "list", "--server", server or home.url]
    done = CliRunner().invoke(app, command, env={"WEIGHBRIDGE_TOKEN": secret})
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())


def test_a_role_that_does_not_include_it_is_refused_at_the_server(tmp_path: Path) -> None:
    with place(tmp_path / "one") as one:
        code, told = one.typed(["exceptions", "assign", "1", "--to", "vera"], server=True, name="vera")
        assert (code, "viewer may not work" in told) == (2, True)
        code, told = one.typed(["design", "change", "owners", "a", "b", "--reason", "c"], server=True, name="otto")
        assert (code, "operator may not manage_users" in told) == (2, True)
