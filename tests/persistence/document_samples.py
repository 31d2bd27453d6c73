"""Sample documents with a value in every field: texts are the field's wire name, numbers its position."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

NOON = datetime(2026, 3, 2, 12, 30, 15, tzinfo=UTC)


def sample_of(model: Any) -> Any:
    """A value of a model in which no field has its default and no optional value is missing."""
    hints = get_type_hints(model, include_extras=True)
    names = [field.name for field in fields(model)] if is_dataclass(model) else list(hints)
    return model(*(_value(hints[name], name, position) for position, name in enumerate(names, 1)))


def _value(hint: Any, name: str, position: int) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if metadata := getattr(hint, "__metadata__", ()):
        alias = next((field.alias for field in metadata if getattr(field, "alias", None)), name)
        return _value(hint.__origin__, alias, position)
    if origin in (Union, types.UnionType):
        return _value(next(each for each in arguments if each is not type(None)), name, position)
    if origin is tuple:
        each = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return tuple(_value(of, name, position) for of in each)
    if origin is Mapping:
        return {f"a key of {name}": _value(arguments[1], name, position)}
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        return sample_of(hint)
    if issubclass(hint, Enum):
        return list(hint)[-1]
    plain = {bool: True, int: position, Decimal: Decimal(f"{position}.50"), datetime: NOON, str: name}
    return plain[hint]
