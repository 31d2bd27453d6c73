"""From the bytes of an answer to our models of it, or to what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

_adapters: dict[Any, TypeAdapter[Any]] = {}


def parsed(body: bytes, model: Any) -> Any:
    """An answer as `model`; one without a body is an empty list: BigCommerce v2 answers 204 to a list without rows.

    Raises ValidationError when it is JSON that the model does not fit, ValueError when it is cut short.
    """
    if model not in _adapters:
        _adapters[model] = TypeAdapter(model)
    value = from_json(body) if body.strip() else None
    return _adapters[model].validate_python([] if value is None else value)


def is_json(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a body looks like JSON; proxies and login pages answer HTML with a good status."""
    return "html" not in headers.get("content-type", "").lower() and body.lstrip()[:1] in b"{["


def problems_of(error: ValidationError) -> tuple[tuple[str, str, str], ...]:
    """(field, value, expected) for each thing pydantic found wrong."""
    return tuple(
        (".".join(str(part) for part in one["loc"]) or "(body)", repr(one.get("input"))[:80], _expected(one["msg"]))
        for one in error.errors(include_url=False)[:10]
    )


def _expected(message: str) -> str:
    """What would have passed, from pydantic's sentence about it."""
    return message.removeprefix("Input should be ")
