"""Pages and filters as the vendor's lists understand them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from weighbridge_twins.call import Answer, Call
from weighbridge_twins.cin7.state import Company

T = TypeVar("T")
LARGEST_PAGE = 1000
NOT_FOUND_PAGE = "<!DOCTYPE html><html><head><title>Page not found</title></head><body>Page not found</body></html>"


def given(call: Call, name: str) -> str:
    """A query parameter whatever the case of its name; empty when absent."""
    if name in call.query:
        return call.query[name]
    wanted = name.lower()
    return next((value for key, value in call.query.items() if key.lower() == wanted), "")


def flag(call: Call, name: str) -> bool:
    return given(call, name).lower() == "true"


def begins(value: object, prefix: str) -> bool:
    """The prefix match of reference filters, whatever the case. Source: GET /ref/*, parameter Name."""
    return not prefix or str(value or "").casefold().startswith(prefix.casefold())


def page_of(
    company: Company,
    call: Call,
    key: str,
    rows: Sequence[T],
    show: Callable[[T], Any] | None = None,
    *,
    lists_without_page: bool = True,
) -> Answer:
    """One page in the list envelope; `Limit` is clamped to 1000.

    With `page_drift`, so many rows before each next page have vanished: later rows move up and are never seen.
    """
    if _refused_without_page(company, call, lists_without_page):
        return html_page()
    number = _number(call, "Page", 1)
    limit = min(_number(call, "Limit", 100), LARGEST_PAGE)
    vanished = (number - 1) * int(company.switches["page_drift"])
    start = (number - 1) * limit + vanished
    chosen = rows[start : start + limit]
    total = max(0, len(rows) - vanished)
    return Answer(200, {"Total": total, "Page": number, key: [show(row) if show else row for row in chosen]})


def html_page() -> Answer:
    """What a wrong path answers. Source: platform notes, cin7 1.4."""
    return Answer(200, text=NOT_FOUND_PAGE, content_type="text/html; charset=utf-8")


def _refused_without_page(company: Company, call: Call, lists_without_page: bool) -> bool:
    reading = company.switches["list_without_page"]
    refuses = reading == "always" or (reading == "finished_goods" and not lists_without_page)
    return refuses and not (given(call, "Page") and given(call, "Limit"))


def _number(call: Call, name: str, default: int) -> int:
    text = given(call, name)
    return max(1, int(text)) if text.isdecimal() else default
