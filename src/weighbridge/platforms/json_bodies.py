"""JSON bodies: requests as bytes with every digit of their amounts, answers as models or as a list of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

_adapters: dict[Any, TypeAdapter[Any]] = {}


def parsed(body: bytes, model: Any) -> Any:
    """An answer as `model`. Without a body it is an empty list: BigCommerce v2 answers 204 to a list without rows.

    Raises ValidationError when the JSON does not fit the model, ValueError when it is incomplete.
    """
    if model not in _adapters:
        _adapters[model] = TypeAdapter(model)
    value = from_json(body) if body.strip() else None
    return _adapters[model].validate_python([] if value is None else value)


def is_json(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a body looks like JSON; proxies and login pages answer with HTML and a success status."""
    return "html" not in headers.get("content-type", "").lower() and body.lstrip()[:1] in b"{["


def problems_of(error: ValidationError) -> tuple[tuple[str, str, str], ...]:
    """(field, value, expected) for each error that pydantic reports."""
    return tuple(
        (".".join(map(str, detail["loc"])) or "(body)", repr(detail.get("input"))[:80], _expected(detail["msg"]))
        for detail in error.errors(include_url=False)[:10]
    )


def _expected(message: str) -> str:
    """The expected value, from pydantic's message."""
    return message.removeprefix("Input should be ")


def dump(body: Any) -> bytes:
    """JSON with decimals as exact numbers, without fields that are None."""
    if isinstance(body, BaseModel):
        body = body.model_dump(mode="python", by_alias=True, exclude_none=True)
    return _render(body).encode()


def _render(value: Any) -> str:
    """Renders decimals as numbers with all their digits, which neither a float nor text would do."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{to_json(str(key)).decode()}:{_render(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_render(inner) for inner in value) + "]"
    return to_json(value).decode()
