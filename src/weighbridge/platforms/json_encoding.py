"""Request bodies as bytes: JSON whose amounts keep every digit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json


def dump(body: Any) -> bytes:
    """JSON with decimals as exact numbers; fields that are None are left out."""
    if isinstance(body, BaseModel):
        body = body.model_dump(mode="python", by_alias=True, exclude_none=True)
    return _render(body).encode()


def _render(value: Any) -> str:
    """Decimals keep their digits: neither a float nor text would."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{to_json(str(key)).decode()}:{_render(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_render(inner) for inner in value) + "]"
    return to_json(value).decode()
