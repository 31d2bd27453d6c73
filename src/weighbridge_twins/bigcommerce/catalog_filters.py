"""Which products a list asks for. Source: platform notes, bigcommerce 4.2; Catalog v3, GET /catalog/products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION
from weighbridge_twins.bigcommerce.paging import wanted_ids, wanted_texts
from weighbridge_twins.bigcommerce.rendering import parse_date
from weighbridge_twins.bigcommerce.state import Product, Shop
from weighbridge_twins.call import Call

Test = Callable[[Product], bool]

NOT_FILTERS: Final = frozenset({"page", "limit", "sort", "direction", "include", "include_fields", "exclude_fields",
                                "before", "after"})  # fmt: skip
TEXTS: Final = ("name", "mpn", "upc", "condition", "availability", "type")
NUMBERS: Final = ("id", "price", "weight", "brand_id", "total_sold", "inventory_level", "tax_class_id")
DATES: Final = ("date_modified", "date_last_imported")
FLAGS: Final = ("is_visible", "is_featured", "is_free_shipping")
COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "": lambda own, wanted: bool(own == wanted),
    "min": lambda own, wanted: bool(own >= wanted),
    "max": lambda own, wanted: bool(own <= wanted),
    "greater": lambda own, wanted: bool(own > wanted),
    "less": lambda own, wanted: bool(own < wanted),
}


def matching(shop: Shop, call: Call) -> list[Product]:
    """The products that fit every filter, by id. Raises Refusal for an unknown filter when the switch says so."""
    tests = [_test(shop, call, name) for name in call.query if name not in NOT_FILTERS]
    wanted = [test for test in tests if test is not None]
    return [product for product in _candidates(shop, call) if all(test(product) for test in wanted)]


def total_level(shop: Shop, product: Product) -> int:
    """Units of all its variants at the default location."""
    return sum(shop.location_stock.get((DEFAULT_LOCATION, one.id), 0) for one in product.variants)


def _candidates(shop: Shop, call: Call) -> Iterable[Product]:
    """Few look-ups instead of a walk through everything, where the filters name ids or SKUs."""
    ids = wanted_ids(call, "id:in")
    if ids is None and call.query.get("id", "").isdigit():
        ids = {int(call.query["id"])}
    return shop.products.values() if ids is None else _known(shop, ids)


def _known(shop: Shop, ids: set[int]) -> Iterator[Product]:
    return (shop.products[one] for one in sorted(ids) if one in shop.products)


def _test(shop: Shop, call: Call, name: str) -> Test | None:
    field, _, how = name.partition(":")
    text = call.query[name]
    if field in NUMBERS and (how in COMPARED or how in ("in", "not_in")):
        return _number_test(shop, field, how, text)
    if field in DATES and how in ("", "min", "max"):
        return _date_test(shop, field, how, text)
    if field in FLAGS and not how:
        return lambda product: product.fields[field] == (text in ("true", "1"))
    if field == "sku" and how in ("", "in"):
        skus = wanted_texts(call, name) or set()
        return lambda product: product.sku.casefold() in skus
    if field in TEXTS and how in ("", "like"):
        folded = text.casefold()
        return lambda product: _text_fits(str(product.fields[field]).casefold(), folded, how)
    return _other_test(shop, call, name, text)


def _other_test(shop: Shop, call: Call, name: str, text: str) -> Test | None:
    wanted = wanted_ids(call, name) or set()
    match name:
        case "categories":
            return lambda product: product.fields["categories"] == [int(text or 0)]
        case "categories:in":
            return lambda product: bool(wanted.intersection(product.fields["categories"]))
        case "channel_id:in":
            return lambda product: bool(wanted.intersection(product.fields.get("_channels", [1])))
        case "keyword":
            folded = text.casefold()
            return lambda product: any(folded in str(product.fields[field]).casefold() for field in ("name", "sku"))
        case "out_of_stock":
            return lambda product: product.tracking != "none" and (total_level(shop, product) <= 0) == (text == "1")
        case "inventory_low":
            return lambda product: total_level(shop, product) <= int(product.fields["inventory_warning_level"])
    if shop.switches["unknown_filters"] == "rejected":
        raise Refusal(422, f"The filter {name} is not supported", {name: "unknown"})
    return None


def _number_test(shop: Shop, field: str, how: str, text: str) -> Test:
    def own(product: Product) -> Decimal:
        if field == "inventory_level":
            return Decimal(total_level(shop, product))
        return Decimal(str(product.fields[field]))

    try:
        numbers = {Decimal(part) for part in text.split(",") if part.strip()}
    except ArithmeticError as error:
        raise Refusal(422, f"'{text}' is not a number", {field: "invalid"}) from error
    if how == "in":
        return lambda product: own(product) in numbers
    if how == "not_in":
        return lambda product: own(product) not in numbers
    compare, wanted = COMPARED[how], next(iter(numbers), Decimal(0))
    return lambda product: compare(own(product), wanted)


def _date_test(shop: Shop, field: str, how: str, text: str) -> Test:
    wanted = parse_date(_with_time(shop, text))
    compare = COMPARED[how]

    def fits(product: Product) -> bool:
        own = product.fields.get(field)
        return isinstance(own, datetime) and compare(own, wanted)

    return fits


def _text_fits(own: str, wanted: str, how: str) -> bool:
    return wanted.replace("%", "") in own if how == "like" else own == wanted


def _with_time(shop: Shop, text: str) -> str:
    """A date without a time gets the current time of day. Source: platform notes, bigcommerce 4.2."""
    return text if "T" in text or ":" in text else f"{text}T{shop.now():%H:%M:%S}+00:00"
