"""What the schema expects, for the message of each validation error."""

from __future__ import annotations

import re
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic_core import ErrorDetails

from weighbridge.design.schema import Installation
from weighbridge.design.sections import Section
from weighbridge.design.source_map import KeyPath

FEW = 8
"""A list of allowed values up to this long is shown in full."""


def expectation(detail: ErrorDetails, path: KeyPath) -> str:
    """What the schema expects at `path`, where the error `detail` occurred."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _known_key(path)
    if kind == "missing":
        return _description(path)
    if kind == "value_error":
        return detail["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "dict_type"):
        return "a table"
    if kind == "too_short":
        return f"at least {detail['ctx']['min_length']} item"
    if kind == "string_too_short":
        return _description(path)
    if kind in ("enum", "literal_error"):
        return _one_of(str(detail["input"]), detail["ctx"]["expected"])
    message = detail["msg"].removeprefix("Input should be ")
    return message[:1].lower() + message[1:]


def _known_key(path: KeyPath) -> str:
    section = schema_at(path[:-1])
    known = list(section.model_fields) if isinstance(section, type) and issubclass(section, Section) else []
    near = get_close_matches(str(path[-1]), known, n=1)
    return f"perhaps '{near[0]}'" if near else f"one of {', '.join(known)}"


def _one_of(value: str, allowed: str) -> str:
    """`allowed` as the schema lists it, `'a', 'b' or 'c'`; of a long list only the nearest member."""
    known = re.findall(r"'([^']*)'", allowed)
    near = get_close_matches(value, known, n=1)
    if len(known) > FEW and near:
        return f"perhaps '{near[0]}'"
    return allowed


def _description(path: KeyPath) -> str:
    section = schema_at(path[:-1])
    if isinstance(section, type) and issubclass(section, Section):
        field = section.model_fields.get(str(path[-1]))
        if field is not None:
            return _phrase(field.description) if field.description else "a table"
    return "a value"


def _phrase(description: str) -> str:
    """The first clause of a field's description, for use inside a sentence."""
    clause = re.split(r"[;.](?:\s|$)", description, maxsplit=1)[0]
    starts_with_name = clause.startswith(("Cin7", "BigCommerce", "ISO", "SKU"))
    return clause if starts_with_name else clause[:1].lower() + clause[1:]


def schema_at(path: KeyPath) -> Any:
    """The type that the schema has at `path`; None where it has none."""
    current: Any = Installation
    for key in path:
        current = _step(_bare(current), key)
    return _bare(current)


def _step(section: Any, key: str | int) -> Any:
    if isinstance(section, type) and issubclass(section, Section):
        field = section.model_fields.get(str(key))
        return field.annotation if field else None
    if get_origin(section) is dict:
        return get_args(section)[1]
    if get_origin(section) is tuple:
        return get_args(section)[0]
    return None


def _bare(annotation: Any) -> Any:
    """`annotation` without `| None` and without metadata."""
    if get_origin(annotation) in (Union, UnionType):
        return next(member for member in get_args(annotation) if member is not type(None))
    if hasattr(annotation, "__metadata__"):
        return annotation.__origin__
    return annotation
