"""Reads the members of a request: numbers, booleans and dates come as themselves or as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from weighbridge_twins.call import Call
from weighbridge_twins.cin7.errors import Problem, Refusal, required, too_long
from weighbridge_twins.cin7.state import Record

MAXIMUM = Decimal(10) ** 12


def body_of(call: Call) -> Record:
    """The JSON object that was sent. Raises Refusal when there is none."""
    if not isinstance(call.body, dict):
        raise Refusal("Request body is not provided or is not an object.")
    return call.body


def missing(body: Record, names: Iterable[str]) -> list[Problem]:
    """A problem for each name that is absent, null or an empty text."""
    return [required(name) for name in names if body.get(name) in (None, "")]


def overlong(body: Record, longest: Mapping[str, int], prefix: str = "") -> list[Problem]:
    """A problem for each text above its length, or that is no text at all. Source: Cin7 Core API v2, column Length."""
    problems: list[Problem] = []
    for name, length in longest.items():
        value = body.get(name)
        if isinstance(value, (dict, list)):
            problems.append(f"{prefix}{name} is invalid")
        elif len(str(value or "")) > length:
            problems.append(too_long(prefix + name, length))
    return problems


def with_texts(body: Record, names: Iterable[str]) -> Record:
    """The body with numbers under these names as text, as the vendor takes them."""
    numbers = {name: str(body[name]) for name in names if isinstance(body.get(name), (int, Decimal))}
    return {**body, **numbers}


def rows_of(body: Record, name: str, problems: list[Problem]) -> list[Record]:
    """The objects of an array member; empty when it is absent, a problem when it is anything else."""
    rows = body.get(name)
    if rows is None:
        return []
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return rows
    problems.append(f"{name} is invalid")
    return []


def number(value: Any, name: str, problems: list[Problem], default: Decimal | None = None) -> Decimal:
    """A decimal number; a problem when it is none, or absent and without default."""
    if value is None or value == "":
        if default is None:
            problems.append(required(name))
        return default or Decimal(0)
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite() or abs(found) >= MAXIMUM:
        problems.append(f"{name} is invalid")
        return Decimal(0)
    return found


def truth(value: Any) -> bool:
    """The vendor's own examples send booleans as "false"."""
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def moment_of(text: object) -> datetime | None:
    """An ISO 8601 moment, UTC when it names no zone; None for nothing. Raises Refusal for anything else."""
    if text in (None, ""):
        return None
    try:
        parsed = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Refusal(f"'{text}' is not a valid date.") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def date_of(value: object, name: str, problems: list[Problem]) -> str | None:
    """A document's date as answers show it, midnight without a zone. Source: platform notes, cin7 1.5."""
    try:
        moment = moment_of(value)
    except Refusal:
        problems.append(f"{name} is not a valid date.")
        return None
    return moment.strftime("%Y-%m-%dT00:00:00") if moment else None
