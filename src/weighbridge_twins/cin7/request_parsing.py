"""Parses the members of a request: numbers, booleans and dates, which may also be sent as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from weighbridge_twins.cin7.errors import Problem, Refusal, required, too_long
from weighbridge_twins.cin7.state import Record
from weighbridge_twins.http.call import Call

MAXIMUM = Decimal(10) ** 12


def body_of(call: Call) -> Record:
    """Returns the JSON object of the body. Raises Refusal for any other body."""
    if not isinstance(call.body, dict):
        raise Refusal("Request body is not provided or is not an object.")
    return call.body


def missing(body: Record, names: Iterable[str]) -> list[Problem]:
    """Returns a problem for each name that is absent, null or an empty string."""
    return [required(name) for name in names if body.get(name) in (None, "")]


def overlong(body: Record, longest: Mapping[str, int], prefix: str = "") -> list[Problem]:
    """Returns a problem for each text that is too long or not a string. Source: Cin7 Core API v2, column Length."""
    problems: list[Problem] = []
    for name, length in longest.items():
        value = body.get(name)
        if isinstance(value, (dict, list)):
            problems.append(f"{prefix}{name} is invalid")
        elif len(str(value or "")) > length:
            problems.append(too_long(prefix + name, length))
    return problems


def with_texts(body: Record, names: Iterable[str]) -> Record:
    """Converts numbers under these names to text, which the vendor accepts."""
    numbers = {name: str(body[name]) for name in names if isinstance(body.get(name), (int, Decimal))}
    return {**body, **numbers}


def rows_of(body: Record, name: str, problems: list[Problem]) -> list[Record]:
    """Returns the objects of an array member; empty when absent, a problem when it is not an array of objects."""
    rows = body.get(name)
    if rows is None:
        return []
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return rows
    problems.append(f"{name} is invalid")
    return []


def number(value: Any, name: str, problems: list[Problem], default: Decimal | None = None) -> Decimal:
    """Parses a decimal number; adds a problem when it is invalid, or absent without a default."""
    if value is None or value == "":
        if default is None:
            problems.append(required(name))
        return default or Decimal(0)
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        parsed = Decimal("NaN")
    if isinstance(value, bool) or not parsed.is_finite() or abs(parsed) >= MAXIMUM:
        problems.append(f"{name} is invalid")
        return Decimal(0)
    return parsed


def truth(value: Any) -> bool:
    """Parses a boolean; the vendor's own examples send "false" as text."""
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def timestamp_of(text: object) -> datetime | None:
    """Parses an ISO 8601 timestamp, UTC without a zone; None for an empty value. Raises Refusal."""
    if text in (None, ""):
        return None
    try:
        parsed = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Refusal(f"'{text}' is not a valid date.") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def date_of(value: object, name: str, problems: list[Problem]) -> str | None:
    """Parses a document's date into the form of answers, midnight without a zone. Source: platform notes, cin7 1.5."""
    try:
        timestamp = timestamp_of(value)
    except Refusal:
        problems.append(f"{name} is not a valid date.")
        return None
    return timestamp.strftime("%Y-%m-%dT00:00:00") if timestamp else None
