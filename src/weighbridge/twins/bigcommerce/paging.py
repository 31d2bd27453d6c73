"""Pages: bare arrays in v2, an envelope in v3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from weighbridge.twins.bigcommerce.errors import Refusal
from weighbridge.twins.call import Answer, Call

T = TypeVar("T")
Show = Callable[[Any], Any]
V2_LARGEST = 250


def number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return max(1, int(text)) if text.isdigit() else default


def v2_page(call: Call, rows: Sequence[T], show: Show | None = None, default: int = 50) -> Answer:
    """A bare array; 204 without a body when there is nothing."""
    limit = number(call, "limit", default)
    if limit > V2_LARGEST:
        raise Refusal(413, f"The limit may not exceed {V2_LARGEST}.")
    start = (number(call, "page", 1) - 1) * limit
    chosen = rows[start : start + limit]
    if not chosen:
        return Answer(204, empty=True)
    return Answer(200, [show(row) if show else row for row in chosen])


def v3_page(call: Call, rows: Sequence[T], show: Show | None = None, default: int = 50, largest: int = 250) -> Answer:
    """The v3 envelope; an empty list is an ordinary answer."""
    limit = min(number(call, "limit", default), largest)
    page = number(call, "page", 1)
    start = (page - 1) * limit
    chosen = [show(row) if show else row for row in rows[start : start + limit]]
    pages = max(1, -(-len(rows) // limit))
    pagination = {
        "total": len(rows),
        "count": len(chosen),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": {"current": f"?page={page}&limit={limit}"},
    }
    return Answer(200, {"data": chosen, "meta": {"pagination": pagination}})


def wanted_ids(call: Call, name: str) -> set[int] | None:
    """The ids of an `:in` filter, None when it was not sent."""
    text = call.query.get(name)
    return {int(part) for part in text.split(",") if part.strip().isdigit()} if text is not None else None


def wanted_texts(call: Call, name: str) -> set[str] | None:
    text = call.query.get(name)
    return {part.strip().casefold() for part in text.split(",")} if text is not None else None
