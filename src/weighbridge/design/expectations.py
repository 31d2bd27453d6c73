"""What would have been right? Says for each validation error what the schema expects at that place."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic_core import ErrorDetails

from weighbridge.design.parts import Part
from weighbridge.design.positions import KeyPath
from weighbridge.design.schema import Installation


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a message says about one error."""

    expected: str
    got: str = ""
    """What stood there, where the value itself says too little; empty: show the value."""


def expectation(detail: ErrorDetails, path: KeyPath) -> Expectation:
    """What the schema expects at `path`, where `detail` was found."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return Expectation(_description(path))
    if kind == "value_error":
        return Expectation(detail["msg"].removeprefix("Value error, "))
    if kind == "model_type" or kind == "dict_type":
        return Expectation("a table")
    if kind == "string_pattern_mismatch":
        return Expectation(f"text that matches {detail['ctx']['pattern']}")
    message = detail["msg"].removeprefix("Input should be ")
    return Expectation(message[:1].lower() + message[1:])


def _unknown_key(path: KeyPath) -> Expectation:
    around = schema_at(path[:-1])
    known = list(around.model_fields) if isinstance(around, type) and issubclass(around, Part) else []
    near = get_close_matches(str(path[-1]), known, n=1)
    hint = f"perhaps '{near[0]}'" if near else f"one of {', '.join(known)}"
    return Expectation(hint, got="an unknown field")


def _description(path: KeyPath) -> str:
    around = schema_at(path[:-1])
    if isinstance(around, type) and issubclass(around, Part):
        field = around.model_fields.get(str(path[-1]))
        if field is not None and field.description:
            first = field.description.split("\n")[0].rstrip(".")
            return first[:1].lower() + first[1:] if not first[1:2].isupper() else first
        if field is not None:
            return "a table"
    return "a value"


def schema_at(path: KeyPath) -> Any:
    """The type that the schema has at `path`; None where the schema has nothing."""
    found: Any = Installation
    for part in path:
        found = _step(_bare(found), part)
    return _bare(found)


def _step(around: Any, part: str | int) -> Any:
    if isinstance(around, type) and issubclass(around, Part):
        field = around.model_fields.get(str(part))
        return field.annotation if field else None
    if get_origin(around) is dict:
        return get_args(around)[1]
    if get_origin(around) is tuple:
        return get_args(around)[0]
    return None


def _bare(annotation: Any) -> Any:
    """`annotation` without `| None`, its metadata peeled off."""
    if get_origin(annotation) in (Union, UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    if hasattr(annotation, "__metadata__"):
        return annotation.__origin__
    return annotation
