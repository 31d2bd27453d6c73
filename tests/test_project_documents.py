"""Documents say what the code does: every setting, its default and its meaning stand in docs/configuration.md."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_origin

import pytest
from pydantic.fields import FieldInfo
from tools.docs.bad_week import page as week_page
from tools.docs.exceptions_page import page as exceptions_page
from tools.docs.monitors_page import page as monitors_page
from tools.docs.sale_states import page

from weighbridge.design.expectations import schema_at
from weighbridge.design.schema import Installation
from weighbridge.design.sections import Part, SecretReference
from weighbridge.design.timing import DEFAULT_SCHEDULES
from weighbridge.domain.findings.finding import FindingKind, default_owner

ROOT = Path(__file__).parents[1]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def sections(path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], type[Part]]]:
    """Every table that a configuration file can have, with the part of the schema that reads it."""
    model: Any = schema_at(path) or Installation
    if get_origin(model) is dict:
        yield from sections((*path, "NAME"))
    elif isinstance(model, type) and issubclass(model, Part) and model is not SecretReference:
        yield path, model
        for name in model.model_fields:
            yield from sections((*path, name))


def written_default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    default = field.get_default(call_default_factory=True)
    match default:
        case None:
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case Decimal() | str():
            return f'`"{default}"`'
        case tuple():
            return f"`{json.dumps(list(default))}`"
        case _:
            return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def values_of(path: tuple[str, ...], model: type[Part]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields of a table that are values; tables inside it have sections of their own."""
    inner = {found[: len(path) + 1] for found, _ in SECTIONS}
    return ((name, field) for name, field in model.model_fields.items() if (*path, name) not in inner)


SECTIONS = [(path, model) for path, model in sections() if path]
ROWS = [(path, name, field) for path, model in SECTIONS for name, field in values_of(path, model)]


@pytest.mark.parametrize(("path", "name", "field"), ROWS, ids=lambda part: part if isinstance(part, str) else "")
def test_every_setting_is_documented_with_its_default(path: tuple[str, ...], name: str, field: FieldInfo) -> None:
    heading = f"## [{'.'.join(path)}]\n"
    assert heading in CONFIGURATION
    section = CONFIGURATION.split(heading)[1].split("\n## ")[0]
    assert f"| `{name}` | {written_default(field)} | {field.description} |" in section


def test_nothing_is_documented_that_does_not_exist() -> None:
    headings = set(re.findall(r"^## \[(.+)\]$", CONFIGURATION, re.M))
    assert headings == {".".join(path) for path, _ in SECTIONS}
    assert len(re.findall(r"^\| `\w+` \| .* \| .* \|$", CONFIGURATION, re.M)) == len(ROWS)


def test_default_owners_and_schedules_are_documented() -> None:
    for kind in FindingKind:
        assert f"| `{kind}` | {default_owner(kind)} |" in CONFIGURATION
    for cause, waits in DEFAULT_SCHEDULES.items():
        assert f"| `{cause}` | {', '.join(f'{wait:g}' for wait in waits)} |" in CONFIGURATION


def test_sale_states_are_drawn_from_the_code_that_decides() -> None:
    drawn = (ROOT / "docs" / "sale-states.md").read_text(encoding="utf-8")
    assert drawn == page(), "run: python -m tools.docs.sale_states docs/sale-states.md"


def test_the_catalogue_of_exceptions_is_drawn_from_the_code() -> None:
    drawn = (ROOT / "docs" / "exceptions.md").read_text(encoding="utf-8")
    assert drawn == exceptions_page(), "run: python -m tools.docs.exceptions_page docs/exceptions.md"


def test_the_list_of_monitors_is_drawn_from_the_code() -> None:
    drawn = (ROOT / "docs" / "monitors.md").read_text(encoding="utf-8")
    assert drawn == monitors_page(), "run: python -m tools.docs.monitors_page docs/monitors.md"


def test_the_table_of_faults_is_drawn_from_the_code() -> None:
    drawn = (ROOT / "docs" / "bad-week.md").read_text(encoding="utf-8")
    assert drawn == week_page(), "run: python -m tools.docs.bad_week docs/bad-week.md"


def test_lock_files_name_no_index_and_pin_every_package_by_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"^-", text, re.M)
        for requirement in re.split(r"^(?=\w)", text, flags=re.M)[1:]:
            assert re.match(r"[\w.\[\],-]+==\S+", requirement), requirement
            assert "--hash=sha256:" in requirement, requirement


def test_the_development_lock_holds_the_same_versions_as_the_lock() -> None:
    pins = re.compile(r"^([\w.\[\],-]+==\S+)", re.M)
    run, dev = (
        set(pins.findall((ROOT / name).read_text(encoding="utf-8")))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run <= dev


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_every_dependency_has_a_sentence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    sentences = (ROOT / "docs" / "adr" / "0008-dependencies.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\| ([\w, -]+) \|", sentences, re.M))))
    assert {match[0] for name in named if (match := re.match(r"[\w-]+", name))} == rows - {"package"}
