"""Formats of values: string decimals and RFC 2822 dates in v2, numbers and ISO dates in v3."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from weighbridge_twins.bigcommerce.errors import Refusal

FOUR = Decimal("0.0001")
CENT = Decimal("0.01")


def money(amount: Decimal | int) -> str:
    """The v2 format: a string with four decimals."""
    return format(Decimal(amount).quantize(FOUR, rounding=ROUND_HALF_UP), "f")


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def rfc2822(at: datetime | None) -> str:
    return format_datetime(at.astimezone(UTC)) if at else ""


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_date(text: str) -> datetime:
    """Parses RFC 2822 or ISO 8601; a date without a zone is UTC. Raises Refusal 400."""
    try:
        parsed = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, f"The date '{text}' is not valid.") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def rendered(value: Any) -> Any:
    """A record in v2: decimals as strings, datetimes as RFC 2822, nested records likewise."""
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, datetime):
        return rfc2822(value)
    if isinstance(value, dict):
        return {name: rendered(inner) for name, inner in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [rendered(inner) for inner in value]
    return value
