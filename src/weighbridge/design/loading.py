"""Reads `weighbridge.toml`: returns an installation, or reports every problem of the file with its line and owner."""

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
from weighbridge.domain.exceptions.owners import Owner

_FINANCE = ("sale", "tax", "payments")
_ECOMMERCE = ("capture", "bigcommerce", "catalogue")
_OPERATIONS_FIELDS = ("location", "type", "unusual_quantity")
_TOML_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a configuration file."""

    file: str
    line: int
    table: str
    """Dotted name of the table; empty for the top of the file."""
    field: str
    """Name inside the table; empty when the problem concerns the whole table or file."""
    got: str
    expected: str
    owner: Owner

    def __str__(self) -> str:
        table = f"[{self.table}] " if self.table else ""
        field = f"field '{self.field}': " if self.field else ""
        return f"{self.file}:{self.line}: {table}{field}got {self.got}, expected {self.expected}; {self.owner} acts"


class ConfigurationProblem(Exception):
    """An unusable configuration file. The message has one line for each problem, in the file's order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_installation(path: Path | str) -> Installation:
    """The installation of the file at `path`, with database paths resolved against its folder.

    Raises ConfigurationProblem with all problems of the file. Secrets are resolved elsewhere: see secrets.py.
    """
    path = Path(path)
    return parse_installation(_text(path), str(path)).resolved(path.absolute().parent)


def parse_installation(text: str, file: str = "weighbridge.toml") -> Installation:
    """The installation of `text`; `file` is its name in messages. Raises ConfigurationProblem."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationProblem((_syntax_problem(error, text, file),)) from None
    try:
        return Installation.model_validate(document)
    except ValidationError as error:
        lines = key_lines(text)
        problems = {_problem(detail, document, lines, file): None for detail in error.errors(include_url=False)}
    # Raised outside the handler: the validation error carries the input, which may contain a secret.
    raise ConfigurationProblem(tuple(sorted(problems, key=lambda problem: problem.line)))


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
    position = _TOML_POSITION.search(message)
    line = int(position[1]) if position and position[1] else text.count("\n") + 1
    return Problem(file, line, "", "", _TOML_POSITION.sub("", message), "valid TOML", Owner.OPERATIONS)


def _problem(detail: ErrorDetails, document: Mapping[str, Any], lines: Mapping[KeyPath, int], file: str) -> Problem:
    # Pydantic reports a bad key of a mapping below the key, as `[key]`, which does not exist in the file.
    path: KeyPath = tuple(key for key in detail["loc"] if key != "[key]")
    table, field = _split(path, document)
    got = "an unknown field" if detail["type"] == "extra_forbidden" else _displayed_value(detail, path)
    return Problem(file, line_of(path, lines), table, field, got, expectation(detail, path), _owner(path))


def _split(path: KeyPath, document: Mapping[str, Any]) -> tuple[str, str]:
    """`path` as the name of the innermost table and the name inside it."""
    value: Any = document
    depth = 0
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping):
            break
        depth += 1
    depth = min(depth, len(path) - 1) if path else 0
    return ".".join(map(str, path[:depth])), ".".join(map(str, path[depth:]))


def _displayed_value(detail: ErrorDetails, path: KeyPath) -> str:
    """The value as in the file; where it might be a secret, only its type."""
    value = detail["input"]
    if detail["type"] == "missing":
        return "nothing"
    if isinstance(value, Mapping):
        return "a table"
    if schema_at(path) is SecretReference or (len(path) > 2 and path[2] in ("bigcommerce", "cin7", "webhooks")):
        return {str: "text", bool: "a boolean", int: "a number"}.get(type(value), "a value")
    return f"{value!s}" if isinstance(value, Decimal) else repr(value)


def _owner(path: KeyPath) -> Owner:
    """The owner of the setting at `path`: finance for money and tax, ecommerce for the store, otherwise operations."""
    if any(key in _FINANCE for key in path[3:4]) and path[-1] not in _OPERATIONS_FIELDS:
        return Owner.FINANCE
    if any(key in _ECOMMERCE for key in path[2:4]):
        return Owner.ECOMMERCE
    return Owner.OPERATIONS
