"""Pages and filters of the vendor's lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from weighbridge_twins.cin7.state import Company
from weighbridge_twins.http.call import Answer, Call

T = TypeVar("T")
LARGEST_PAGE = 1000
NOT_FOUND_PAGE = "<!DOCTYPE html><html><head><title>Page not found</title></head><body>Page not found</body></html>"


def given(call: Call, name: str) -> str:
    """Returns a query parameter, ignoring the case of its name; empty when absent."""
    if name in call.query:
        return call.query[name]
    lower_name = name.lower()
    return next((value for key, value in call.query.items() if key.lower() == lower_name), "")


def flag(call: Call, name: str) -> bool:
    return given(call, name).lower() == "true"


def begins(value: object, prefix: str) -> bool:
    """Prefix match of reference filters, ignoring case. Source: GET /ref/*, parameter Name."""
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
    """Returns one page in the list envelope; `Limit` is clamped to 1000.

    `page_drift` is the number of rows that vanish before each next page: later rows move up and are never returned.
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
    """Returns the answer to a wrong path. Source: platform notes, cin7 1.4."""
    return Answer(200, text=NOT_FOUND_PAGE, content_type="text/html; charset=utf-8")


def _refused_without_page(company: Company, call: Call, lists_without_page: bool) -> bool:
    reading = company.switches["list_without_page"]
    refuses = reading == "always" or (reading == "finished_goods" and not lists_without_page)
    return refuses and not (given(call, "Page") and given(call, "Limit"))


def _number(call: Call, name: str, default: int) -> int:
    text = given(call, name)
    return max(1, int(text)) if text.isdecimal() else default
