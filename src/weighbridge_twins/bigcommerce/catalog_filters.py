"""Filters of the product list. Source: platform notes, bigcommerce 4.2; Catalog v3, GET /catalog/products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION
from weighbridge_twins.bigcommerce.paging import id_filter, text_filter
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.state import Product, Store
from weighbridge_twins.http.call import Call

Test = Callable[[Product], bool]

NOT_FILTERS: Final = frozenset({"page", "limit", "sort", "direction", "include", "include_fields", "exclude_fields",
                                "before", "after"})  # fmt: skip
TEXTS: Final = ("name", "mpn", "upc", "condition", "availability", "type")
NUMBERS: Final = ("id", "price", "weight", "brand_id", "total_sold", "inventory_level", "tax_class_id")
DATES: Final = ("date_modified", "date_last_imported")
FLAGS: Final = ("is_visible", "is_featured", "is_free_shipping")
COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "": lambda value, bound: bool(value == bound),
    "min": lambda value, bound: bool(value >= bound),
    "max": lambda value, bound: bool(value <= bound),
    "greater": lambda value, bound: bool(value > bound),
    "less": lambda value, bound: bool(value < bound),
}


def matching(store: Store, call: Call) -> list[Product]:
    """The products that match every filter, by id. Raises Refusal for an unknown filter if the switch rejects it."""
    tests = [_test(store, call, name) for name in call.query if name not in NOT_FILTERS]
    active_tests = [test for test in tests if test is not None]
    return [product for product in _candidates(store, call) if all(test(product) for test in active_tests)]


def total_level(store: Store, product: Product) -> int:
    """Units of all variants of a product at the default location."""
    return sum(store.location_stock.get((DEFAULT_LOCATION, variant.id), 0) for variant in product.variants)


def _candidates(store: Store, call: Call) -> Iterable[Product]:
    """The products to test: looked up by id if the query names ids, otherwise all products."""
    ids = id_filter(call, "id:in")
    if ids is None and call.query.get("id", "").isdigit():
        ids = {int(call.query["id"])}
    return store.products.values() if ids is None else _known(store, ids)


def _known(store: Store, ids: set[int]) -> Iterator[Product]:
    return (store.products[product_id] for product_id in sorted(ids) if product_id in store.products)


def _test(store: Store, call: Call, name: str) -> Test | None:
    field, _, how = name.partition(":")
    text = call.query[name]
    if field in NUMBERS and (how in COMPARED or how in ("in", "not_in")):
        return _number_test(store, field, how, text)
    if field in DATES and how in ("", "min", "max"):
        return _date_test(store, field, how, text)
    if field in FLAGS and not how:
        return lambda product: product.fields[field] == (text in ("true", "1"))
    if field == "sku" and how in ("", "in"):
        skus = text_filter(call, name) or set()
        return lambda product: product.sku.casefold() in skus
    if field in TEXTS and how in ("", "like"):
        folded = text.casefold()
        return lambda product: _text_fits(str(product.fields[field]).casefold(), folded, how)
    return _other_test(store, call, name, text)


def _other_test(store: Store, call: Call, name: str, text: str) -> Test | None:
    ids = id_filter(call, name) or set()
    match name:
        case "categories":
            return lambda product: product.fields["categories"] == [int(text or 0)]
        case "categories:in":
            return lambda product: bool(ids.intersection(product.fields["categories"]))
        case "channel_id:in":
            return lambda product: bool(ids.intersection(product.fields.get("_channels", [1])))
        case "keyword":
            folded = text.casefold()
            return lambda product: any(folded in str(product.fields[field]).casefold() for field in ("name", "sku"))
        case "out_of_stock":
            return lambda product: product.tracking != "none" and (total_level(store, product) <= 0) == (text == "1")
        case "inventory_low":
            return lambda product: total_level(store, product) <= int(product.fields["inventory_warning_level"])
    if store.switches["unknown_filters"] == "rejected":
        raise Refusal(422, f"The filter {name} is not supported", {name: "unknown"})
    return None


def _number_test(store: Store, field: str, how: str, text: str) -> Test:
    def value_of(product: Product) -> Decimal:
        if field == "inventory_level":
            return Decimal(total_level(store, product))
        return Decimal(str(product.fields[field]))

    try:
        numbers = {Decimal(number) for number in text.split(",") if number.strip()}
    except ArithmeticError as error:
        raise Refusal(422, f"'{text}' is not a number", {field: "invalid"}) from error
    if how == "in":
        return lambda product: value_of(product) in numbers
    if how == "not_in":
        return lambda product: value_of(product) not in numbers
    compare, bound = COMPARED[how], next(iter(numbers), Decimal(0))
    return lambda product: compare(value_of(product), bound)


def _date_test(store: Store, field: str, how: str, text: str) -> Test:
    bound = parse_date(_with_time(store, text))
    compare = COMPARED[how]

    def is_within(product: Product) -> bool:
        value = product.fields.get(field)
        return isinstance(value, datetime) and compare(value, bound)

    return is_within


def _text_fits(text: str, expected: str, how: str) -> bool:
    return expected.replace("%", "") in text if how == "like" else text == expected


def _with_time(store: Store, text: str) -> str:
    """Adds the current time of day to a date without a time. Source: platform notes, bigcommerce 4.2."""
    return text if "T" in text or ":" in text else f"{text}T{store.now():%H:%M:%S}+00:00"
