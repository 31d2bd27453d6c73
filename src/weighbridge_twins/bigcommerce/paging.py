"""Pages: bare arrays in v2, an envelope in v3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.call import Answer, Call

T = TypeVar("T")
Show = Callable[[Any], Any]
V2_LARGEST = 250


def number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return max(1, int(text)) if text.isdigit() else default


def v2_bounds(call: Call, default: int = 50, *, clamped: bool = False) -> tuple[int, int]:
    """Page and limit that were asked for. Raises Refusal 413 above the largest limit, unless it is clamped."""
    limit = number(call, "limit", default)
    if limit > V2_LARGEST and not clamped:
        raise Refusal(413, f"The limit may not exceed {V2_LARGEST}.")
    return number(call, "page", 1), min(limit, V2_LARGEST)


def v2_page(call: Call, rows: Sequence[T], show: Show | None = None, default: int = 50) -> Answer:
    """A bare array; 204 without a body when there is nothing."""
    page, limit = v2_bounds(call, default)
    chosen = rows[(page - 1) * limit : page * limit]
    if not chosen:
        return Answer(204, empty=True)
    return Answer(200, [show(row) if show else row for row in chosen])


def v3_page(call: Call, rows: Sequence[T], show: Show | None = None, default: int = 50, largest: int = 250) -> Answer:
    """The v3 envelope; an empty list is an ordinary answer."""
    limit = min(number(call, "limit", default), largest)
    page = number(call, "page", 1)
    chosen = [show(row) if show else row for row in rows[(page - 1) * limit : page * limit]]
    pages = max(1, -(-len(rows) // limit))
    pagination = {
        "total": len(rows),
        "count": len(chosen),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": _links(call, page, limit, pages),
    }
    return Answer(200, {"data": chosen, "meta": {"pagination": pagination}})


def _links(call: Call, page: int, limit: int, pages: int) -> dict[str, str]:
    """Where the pages beside this one are; the first has none before it, the last none after it."""
    beside = {"previous": page - 1, "current": page, "next": page + 1}
    return {
        name: "?" + urlencode({**call.query, "page": one, "limit": limit})
        for name, one in beside.items()
        if 1 <= one <= pages or name == "current"
    }


def wanted_ids(call: Call, name: str) -> set[int] | None:
    """The ids of an `:in` filter, None when it was not sent."""
    text = call.query.get(name)
    return {int(part) for part in text.split(",") if part.strip().isdigit()} if text is not None else None


def wanted_texts(call: Call, name: str) -> set[str] | None:
    text = call.query.get(name)
    return {part.strip().casefold() for part in text.split(",")} if text is not None else None
