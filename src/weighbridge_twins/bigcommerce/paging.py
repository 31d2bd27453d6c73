"""Pagination: plain arrays in v2, an envelope in v3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.http.call import Answer, Call

T = TypeVar("T")
Render = Callable[[Any], Any]
V2_LARGEST = 250


def number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return max(1, int(text)) if text.isdigit() else default


def v2_bounds(call: Call, default: int = 50, *, clamped: bool = False) -> tuple[int, int]:
    """The requested page and limit. Raises Refusal 413 above the largest limit unless it is clamped."""
    limit = number(call, "limit", default)
    if limit > V2_LARGEST and not clamped:
        raise Refusal(413, f"The limit may not exceed {V2_LARGEST}.")
    return number(call, "page", 1), min(limit, V2_LARGEST)


def v2_page(call: Call, rows: Sequence[T], render: Render | None = None, default: int = 50) -> Answer:
    """A plain array; 204 without a body if the page is empty."""
    page, limit = v2_bounds(call, default)
    page_rows = rows[(page - 1) * limit : page * limit]
    if not page_rows:
        return Answer(204, empty=True)
    return Answer(200, [render(row) if render else row for row in page_rows])


def v3_page(
    call: Call, rows: Sequence[T], render: Render | None = None, default: int = 50, largest: int = 250
) -> Answer:
    """The v3 envelope; an empty page is an empty list."""
    limit = min(number(call, "limit", default), largest)
    page = number(call, "page", 1)
    page_rows = [render(row) if render else row for row in rows[(page - 1) * limit : page * limit]]
    pages = max(1, -(-len(rows) // limit))
    pagination = {
        "total": len(rows),
        "count": len(page_rows),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": _links(call, page, limit, pages),
    }
    return Answer(200, {"data": page_rows, "meta": {"pagination": pagination}})


def _links(call: Call, page: int, limit: int, pages: int) -> dict[str, str]:
    """Links to the previous, current and next page; omits previous on the first page and next on the last one."""
    beside = {"previous": page - 1, "current": page, "next": page + 1}
    return {
        name: "?" + urlencode({**call.query, "page": target, "limit": limit})
        for name, target in beside.items()
        if 1 <= target <= pages or name == "current"
    }


def id_filter(call: Call, name: str) -> set[int] | None:
    """The ids of an `:in` filter; None if the query does not contain it."""
    text = call.query.get(name)
    return {int(item) for item in text.split(",") if item.strip().isdigit()} if text is not None else None


def text_filter(call: Call, name: str) -> set[str] | None:
    text = call.query.get(name)
    return {item.strip().casefold() for item in text.split(",")} if text is not None else None
