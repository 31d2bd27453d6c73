"""Reading `weighbridge.toml`: either an installation, or every problem of the file with its line and who acts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weighbridge.design.expectations import expectation, schema_at
from weighbridge.design.schema import Installation
from weighbridge.design.sections import SecretReference
from weighbridge.design.source_map import KeyPath, key_lines, line_of
from weighbridge.domain.findings.finding import Owner

_FINANCE = ("sale", "tax", "payments")
_ECOMMERCE = ("capture", "bigcommerce", "catalogue")
_OF_THE_WAREHOUSE = ("location", "type", "unusual_quantity")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration file."""

    file: str
    line: int
    table: str
    """Dotted name of the table; empty for the top of the file."""
    field: str
    """Name inside the table; empty when the table or the file as a whole is meant."""
    got: str
    expected: str
    owner: Owner

    def __str__(self) -> str:
        table = f"[{self.table}] " if self.table else ""
        field = f"field '{self.field}': " if self.field else ""
        return f"{self.file}:{self.line}: {table}{field}got {self.got}, expected {self.expected}; {self.owner} acts"


class ConfigurationProblem(Exception):
    """A configuration file that cannot be used. Its text has one line for each problem, in the file's order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_installation(path: Path | str) -> Installation:
    """The installation that the file at `path` states, database paths resolved against its folder.

    Raises ConfigurationProblem with all problems of the file. Secrets are not looked up here: see settings.py.
    """
    path = Path(path)
    return parse_installation(_text(path), str(path)).resolved(path.absolute().parent)


def parse_installation(text: str, file: str = "weighbridge.toml") -> Installation:
    """The installation that `text` states; `file` is its name in messages. Raises ConfigurationProblem."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationProblem((_syntax_problem(error, text, file),)) from None
    try:
        return Installation.model_validate(document)
    except ValidationError as error:
        lines = key_lines(text)
        found = {_problem(detail, document, lines, file): None for detail in error.errors(include_url=False)}
    # Raised outside the handler: the validation error carries the input, in which a secret may stand.
    raise ConfigurationProblem(tuple(sorted(found, key=lambda problem: problem.line)))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        got, expected = error.strerror or type(error).__name__, "a readable configuration file"
    except UnicodeDecodeError as error:
        got, expected = f"a byte that is not UTF-8 at offset {error.start}", "text in UTF-8"
    raise ConfigurationProblem((Problem(str(path), 1, "", "", got, expected, Owner.OPERATIONS),))


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str, file: str) -> Problem:
    message = str(error)
    place = _TOML_PLACE.search(message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    return Problem(file, line, "", "", _TOML_PLACE.sub("", message), "valid TOML", Owner.OPERATIONS)


def _problem(detail: ErrorDetails, document: Mapping[str, Any], lines: Mapping[KeyPath, int], file: str) -> Problem:
    # A bad key of a mapping is reported below the key, as `[key]`, which is no place in the file.
    path: KeyPath = tuple(part for part in detail["loc"] if part != "[key]")
    table, field = _split(path, document)
    got = "an unknown field" if detail["type"] == "extra_forbidden" else _shown(detail, path)
    return Problem(file, line_of(path, lines), table, field, got, expectation(detail, path), _owner(path))


def _split(path: KeyPath, document: Mapping[str, Any]) -> tuple[str, str]:
    """`path` as the name of the innermost table around it and what is left."""
    value: Any = document
    depth = 0
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping):
            break
        depth += 1
    depth = min(depth, len(path) - 1) if path else 0
    return ".".join(map(str, path[:depth])), ".".join(map(str, path[depth:]))


def _shown(detail: ErrorDetails, path: KeyPath) -> str:
    """The value as it stands in the file; where a secret might stand only its type."""
    value = detail["input"]
    if detail["type"] == "missing":
        return "nothing"
    if isinstance(value, Mapping):
        return "a table"
    if schema_at(path) is SecretReference or (len(path) > 2 and path[2] in ("bigcommerce", "cin7", "hooks")):
        return {str: "text", bool: "a truth value", int: "a number"}.get(type(value), "a value")
    return f"{value!s}" if isinstance(value, Decimal) else repr(value)


def _owner(path: KeyPath) -> Owner:
    """Who can say what belongs at `path`: money and tax finance, the shop ecommerce, all else operations."""
    if any(part in _FINANCE for part in path[3:4]) and path[-1] not in _OF_THE_WAREHOUSE:
        return Owner.FINANCE
    if any(part in _ECOMMERCE for part in path[2:4]):
        return Owner.ECOMMERCE
    return Owner.OPERATIONS
