"""Pages, filters and dates as the vendor's lists understand them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.errors import Refusal
from weighbridge.twins.cin7.state import Company

T = TypeVar("T")
LARGEST_PAGE = 1000


def given(call: Call, name: str) -> str:
    """A query parameter whatever the case of its name; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in call.query.items() if key.lower() == wanted), "")


def flag(call: Call, name: str) -> bool:
    return given(call, name).lower() == "true"


def page_of(
    company: Company, call: Call, key: str, rows: Sequence[T], show: Callable[[T], Any] | None = None
) -> Answer:
    """One page in the list envelope. With `page_drift`, rows before the page vanish while it is being read."""
    number = _number(call, "Page", 1)
    limit = min(_number(call, "Limit", 100), LARGEST_PAGE)
    start = (number - 1) * limit + (number - 1) * int(company.switches["page_drift"])
    chosen = rows[start : start + limit]
    return Answer(200, {"Total": len(rows), "Page": number, key: [show(row) if show else row for row in chosen]})


def parse_moment(text: str | None) -> datetime | None:
    """An ISO 8601 moment, UTC when it names no zone. Raises Refusal for anything else."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"'{text}' is not a valid date") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _number(call: Call, name: str, default: int) -> int:
    text = given(call, name)
    return max(1, int(text)) if text.isdigit() else default
