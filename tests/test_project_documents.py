"""Documents match the code: docs/reference/configuration.md lists every setting with its default and its meaning."""

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
from tools.docs.metrics_page import page as metrics_page
from tools.docs.monitors_page import page as monitors_page
from tools.docs.sale_states import page

from weighbridge.design.expectations import schema_at
from weighbridge.design.retry_schedules import DEFAULT_SCHEDULES
from weighbridge.design.schema import Installation
from weighbridge.design.sections import SecretReference, Section
from weighbridge.domain.exceptions.owners import default_owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.readiness import ProblemId

ROOT = Path(__file__).parents[1]
CONFIGURATION = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")


def sections(path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], type[Section]]]:
    """Every table that a configuration file can have, with the section of the schema that reads it."""
    model: Any = schema_at(path) or Installation
    if get_origin(model) is dict:
        yield from sections((*path, "NAME"))
    elif isinstance(model, type) and issubclass(model, Section) and model is not SecretReference:
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


def values_of(path: tuple[str, ...], model: type[Section]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields of a table that are values; nested tables are separate sections."""
    inner = {inner_path[: len(path) + 1] for inner_path, _ in SECTIONS}
    return ((name, field) for name, field in model.model_fields.items() if (*path, name) not in inner)


SECTIONS = [(path, model) for path, model in sections() if path]
ROWS = [(path, name, field) for path, model in SECTIONS for name, field in values_of(path, model)]


@pytest.mark.parametrize(
    ("path", "name", "field"), ROWS, ids=lambda parameter: parameter if isinstance(parameter, str) else ""
)
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


def test_the_page_of_sale_states_is_generated_from_the_code() -> None:
    document = (ROOT / "docs" / "finance" / "sale-states.md").read_text(encoding="utf-8")
    assert document == page(), "run: python -m tools.docs.sale_states docs/finance/sale-states.md"


def test_the_catalogue_of_exceptions_is_generated_from_the_code() -> None:
    document = (ROOT / "docs" / "reference" / "exceptions.md").read_text(encoding="utf-8")
    assert document == exceptions_page(), "run: python -m tools.docs.exceptions_page docs/reference/exceptions.md"


def test_the_list_of_monitors_is_generated_from_the_code() -> None:
    document = (ROOT / "docs" / "reference" / "monitors.md").read_text(encoding="utf-8")
    assert document == monitors_page(), "run: python -m tools.docs.monitors_page docs/reference/monitors.md"


def test_the_list_of_metrics_is_generated_from_the_code() -> None:
    document = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    assert document == metrics_page(), "run: python -m tools.docs.metrics_page docs/reference/metrics.md"


def test_every_problem_of_readiness_is_documented() -> None:
    document = (ROOT / "docs" / "operate" / "monitoring.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)` \| ", document, re.M)
    assert documented == [str(problem_id) for problem_id in ProblemId]


def test_the_table_of_faults_is_generated_from_the_code() -> None:
    document = (ROOT / "docs" / "explanation" / "bad-week.md").read_text(encoding="utf-8")
    assert document == week_page(), "run: python -m tools.docs.bad_week docs/explanation/bad-week.md"


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


def test_links_between_documents_are_not_broken() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_every_dependency_is_explained_in_the_adr() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    sentences = (ROOT / "docs" / "adr" / "0008-dependencies.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\| ([\w, -]+) \|", sentences, re.M))))
    assert {match[0] for name in named if (match := re.match(r"[\w-]+", name))} == rows - {"package"}
