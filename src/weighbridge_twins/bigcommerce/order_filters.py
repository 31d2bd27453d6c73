"""Filters and sorting of order lists and counts. Source: Orders V2, GET /orders; notes 2.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import decimal
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Call

Test = Callable[[Order], bool]

SORTS: Final = {
    "id": "id",
    "customer_id": "customer_id",
    "date_created": "date_created",
    "date_modified": "date_modified",
    "status_id": "status_id",
    "channel_id": "channel_id",
    "external_id": "external_order_id",
}
NUMBERS: Final = ("status_id", "customer_id", "channel_id")
TEXTS: Final = ("cart_id", "payment_method", "external_order_id")
DATES: Final = ("min_date_created", "max_date_created", "min_date_modified", "max_date_modified")
TOTALS: Final = ("min_total", "max_total")
KNOWN: Final = frozenset(
    (*NUMBERS, *TEXTS, *DATES, *TOTALS, "min_id", "max_id", "email", "sort", "page", "limit", "include",
     "consignment_structure")
)  # fmt: skip
HIGHEST_ID: Final = 2**62


def selected(store: Store, call: Call) -> Iterator[Order]:
    """The orders that match every filter, sorted as requested (default: by id). Evaluates lazily."""
    if store.switches["unknown_filters"] == "rejected":
        unknown = sorted(set(call.query) - KNOWN)
        if unknown:
            raise Refusal(400, f"The filter '{unknown[0]}' is not supported.")
    field, _, direction = call.query.get("sort", "id:asc").partition(":")
    if field not in SORTS or direction not in ("", "asc", "desc"):
        raise Refusal(400, f"The sort '{call.query['sort']}' is not supported.")
    tests = _tests(store, call)
    matches = (order for order in _candidates(store, call, field, direction) if all(test(order) for test in tests))
    if field in ("id", "date_modified"):
        return matches
    name = SORTS[field]
    return iter(sorted(matches, key=lambda order: (order.fields[name], order.id), reverse=direction == "desc"))


def _candidates(store: Store, call: Call, field: str, direction: str) -> Iterable[Order]:
    """Orders from the index by id or change, already sorted if the sort field is id or date_modified."""
    lowest, highest = _number(call, "min_id", 0), _number(call, "max_id", HIGHEST_ID)
    if not store.switches["id_bounds_inclusive"]:
        lowest, highest = lowest + ("min_id" in call.query), highest - ("max_id" in call.query)
    descending = direction == "desc"
    if field == "date_modified":
        changes = store.orders.by_change(*_changes(call), descending=descending)
        return (order for order in changes if lowest <= order.id <= highest)
    if field != "id" and any(name in call.query for name in ("min_date_modified", "max_date_modified")):
        changes = store.orders.by_change(*_changes(call))
        return (order for order in changes if lowest <= order.id <= highest)
    return store.orders.by_id(lowest, highest, descending=descending)


def _changes(call: Call) -> tuple[datetime | None, datetime | None]:
    return _date(call, "min_date_modified"), _date(call, "max_date_modified")


def _tests(store: Store, call: Call) -> list[Test]:
    query = call.query
    tests: list[Test] = []
    if not store.switches["archived_orders_listed"]:
        tests.append(lambda order: not order.fields["is_deleted"])
    tests += [_equals(name, _number(call, name, 0)) for name in NUMBERS if query.get(name)]
    tests += [_equals(name, query[name]) for name in TEXTS if query.get(name)]
    if query.get("email"):
        tests.append(_has_email(query["email"].casefold()))
    tests += [_total_bound(name, _amount(call, name)) for name in TOTALS if query.get(name)]
    for name in DATES:
        bound = _date(call, name)
        if bound is not None:
            inclusive = bool(store.switches[f"{name[:3]}_date_inclusive"])
            tests.append(_date_bound(name[4:], bound, lower=name.startswith("min"), inclusive=inclusive))
    tests.append(lambda order: not order.corruption.get("unlisted"))
    delay = float(store.switches["delayed_visibility_seconds"])
    if delay:
        tests.append(
            _visible(store.now() - timedelta(seconds=delay), by_change=any("modified" in name for name in query))
        )
    return tests


def _equals(name: str, value: Any) -> Test:
    return lambda order: bool(order.fields[name] == value)


def _has_email(email: str) -> Test:
    return lambda order: str(order.fields["billing_address"].get("email") or "").casefold() == email


def _total_bound(name: str, bound: Decimal) -> Test:
    if name == "min_total":
        return lambda order: bool(order.fields["total_inc_tax"] >= bound)
    return lambda order: bool(order.fields["total_inc_tax"] <= bound)


def _date_bound(name: str, bound: datetime, *, lower: bool, inclusive: bool) -> Test:
    def within(order: Order) -> bool:
        timestamp: datetime = order.fields[name]
        if timestamp == bound:
            return inclusive
        return timestamp > bound if lower else timestamp < bound

    return within


def _visible(before: datetime, *, by_change: bool) -> Test:
    """Delayed visibility: new orders are missing, and changed orders do not appear as changed yet."""
    name = "date_modified" if by_change else "date_created"
    return lambda order: bool(order.fields[name] <= before)


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.lstrip("-").isdigit():
        raise _invalid(name, text)
    return int(text)


def _amount(call: Call, name: str) -> Decimal:
    try:
        return decimal(call.query[name])
    except ValueError as error:
        raise _invalid(name, call.query[name]) from error


def _date(call: Call, name: str) -> datetime | None:
    return parse_date(call.query[name]) if call.query.get(name) else None


def _invalid(name: str, value: str) -> Refusal:
    return Refusal(400, f"The field '{name}' is invalid.", {"invalid_reason": f"'{value}' cannot be read"})
