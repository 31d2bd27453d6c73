"""Each boundary check: the order that has it, with field, value, expectation, owner, and the nearest that passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.domain.builders import ADA, books, charge, line, order, policy, product
from weighbridge.domain.findings.finding import Finding, FindingKind, Owner, Severity
from weighbridge.domain.orders.order import LineKind, Order
from weighbridge.domain.orders.reference_data import Books
from weighbridge.domain.orders.validation import check_order


def _found(wanted: Order, known: Books | None = None) -> list[Finding]:
    return list(check_order(wanted, known or books(), policy()))


def _with_line(**changes: object) -> Order:
    return order(lines=(line(), replace(line(2, "TEA", "1", "4.00"), **changes)))  # type: ignore[arg-type]


def test_ordinary_order_has_no_findings() -> None:
    assert _found(order()) == []


LINES: list[tuple[dict[str, object], FindingKind, Severity, str, str]] = [
    ({"sku": ""}, FindingKind.SKU_BLANK, Severity.HOLD, "lines[1].sku", ""),
    ({"sku": "   "}, FindingKind.SKU_BLANK, Severity.HOLD, "lines[1].sku", "   "),
    ({"sku": "S" * 51}, FindingKind.SKU_TOO_LONG, Severity.HOLD, "lines[1].sku", "S" * 51),
    ({"sku": "tea"}, FindingKind.SKU_UNKNOWN, Severity.HOLD, "lines[1].sku", "tea"),
    ({"quantity": Decimal(-1)}, FindingKind.QUANTITY_NOT_POSITIVE, Severity.HOLD, "lines[1].quantity", "-1"),
    ({"quantity": Decimal(0)}, FindingKind.QUANTITY_NOT_POSITIVE, Severity.HOLD, "lines[1].quantity", "0"),
    (
        {"quantity": Decimal(0), "discounted_inc_tax": Decimal(0)},
        FindingKind.EMPTY_LINE_DROPPED,
        Severity.NOTE,
        "lines[1].quantity",
        "0",
    ),
    ({"quantity": Decimal(10001)}, FindingKind.QUANTITY_UNUSUAL, Severity.NOTE, "lines[1].quantity", "10001"),
]


@pytest.mark.parametrize(("changes", "kind", "severity", "field", "value"), LINES)
def test_odd_line_is_named_by_its_place_and_the_good_line_is_not(
    changes: dict[str, object], kind: FindingKind, severity: Severity, field: str, value: str
) -> None:
    (finding,) = _found(_with_line(**changes))
    assert (finding.kind, finding.severity, finding.field, finding.value) == (kind, severity, field, value)
    owner = Owner.OPERATIONS if kind is FindingKind.QUANTITY_UNUSUAL else Owner.ECOMMERCE
    assert finding.owner is owner


@pytest.mark.parametrize(
    "changes", [{"sku": "TEA"}, {"quantity": Decimal(10000)}, {"quantity": Decimal(1)}], ids=["known", "most", "one"]
)
def test_nearest_good_line_passes(changes: dict[str, object]) -> None:
    assert _found(_with_line(**changes)) == []


def test_sku_of_fifty_characters_passes_and_one_more_does_not() -> None:
    longest = "L" * 50
    known = books(products={**books().products, longest: product(longest)})
    assert _found(_with_line(sku=longest), known) == []
    assert [one.kind for one in _found(_with_line(sku=longest + "L"), known)] == [FindingKind.SKU_TOO_LONG]


@pytest.mark.parametrize("fault", [{"is_active": False}, {"is_sellable": False}])
def test_product_that_cin7_no_longer_sells_holds_the_order(fault: dict[str, bool]) -> None:
    known = books(products={**books().products, "TEA": product("TEA", **fault)})
    (finding,) = _found(_with_line(), known)
    assert (finding.kind, finding.field, finding.value) == (FindingKind.PRODUCT_NOT_SELLABLE, "lines[1].sku", "TEA")


def test_gift_certificate_needs_no_sku() -> None:
    assert _found(_with_line(sku="", kind=LineKind.GIFT_CERTIFICATE)) == []


def test_order_without_units_is_held() -> None:
    empty = order(lines=(line(quantity="0", inc="0"),), charges=())
    assert FindingKind.NO_LINES in [one.kind for one in _found(empty)]
    assert [one.field for one in _found(order(lines=(), charges=(charge(),)))] == ["lines"]


ADDRESSES = [
    ({"street_1": " "}, FindingKind.ADDRESS_INCOMPLETE, "street_1", Severity.HOLD),
    ({"country": ""}, FindingKind.ADDRESS_INCOMPLETE, "country", Severity.HOLD),
    ({"postcode": "9" * 21}, FindingKind.POSTCODE_TOO_LONG, "zip", Severity.HOLD),
    ({"street_1": "x" * 257}, FindingKind.TEXT_SHORTENED, "street_1", Severity.NOTE),
    ({"street_2": "x" * 257}, FindingKind.TEXT_SHORTENED, "street_2", Severity.NOTE),
    ({"city": "x" * 257}, FindingKind.TEXT_SHORTENED, "city", Severity.NOTE),
]


@pytest.mark.parametrize(("changes", "kind", "part", "severity"), ADDRESSES)
def test_bad_address_is_named_by_role_and_part(
    changes: dict[str, str], kind: FindingKind, part: str, severity: Severity
) -> None:
    bad = replace(ADA, **changes)  # type: ignore[arg-type]
    (billing,) = _found(order(billing=bad))
    assert (billing.kind, billing.severity, billing.field) == (kind, severity, f"billing_address.{part}")
    shipping, several = _found(order(shipping=(ADA, bad)))
    assert (several.kind, several.severity) == (FindingKind.SEVERAL_ADDRESSES, Severity.NOTE)
    assert (shipping.kind, shipping.field) == (kind, f"shipping_addresses[1].{part}")


def test_longest_texts_pass() -> None:
    longest = replace(ADA, postcode="9" * 20, street_1="x" * 256, street_2="x" * 256, city="x" * 256)
    assert _found(order(billing=longest, shipping=(longest,))) == []


def test_physical_goods_need_somewhere_to_go_and_downloads_do_not() -> None:
    assert [one.field for one in _found(order(shipping=()))] == ["shipping_addresses"]
    download = replace(line(), kind=LineKind.DIGITAL)
    service = books(products={**books().products, "MUG": product("MUG", is_service=True)})
    assert _found(order(lines=(download,), shipping=()), service) == []


def test_download_whose_product_is_stocked_crosses_and_operations_is_told() -> None:
    (finding,) = _found(order(lines=(replace(line(), kind=LineKind.DIGITAL),), shipping=()))
    assert (finding.kind, finding.severity) == (FindingKind.DOWNLOAD_HOLDS_STOCK, Severity.NOTE)
    assert (finding.field, finding.value, finding.owner) == ("lines[0].sku", "MUG", Owner.OPERATIONS)


def test_currency_without_a_web_customer_is_held_for_finance() -> None:
    (finding,) = _found(order(currency="CHF"))
    assert (finding.kind, finding.value, finding.owner) == (FindingKind.CURRENCY_UNKNOWN, "CHF", Owner.FINANCE)
    assert finding.expected == "a currency of the design: JPY, KWD, USD"


def test_line_that_was_lost_on_the_way_is_noticed_by_the_count() -> None:
    (finding,) = _found(replace(order(), items_total=Decimal(3)))
    assert (finding.kind, finding.field, finding.value) == (FindingKind.LINES_INCOMPLETE, "items_total", "3")
    assert finding.expected == "2, the sum of the lines"


def test_everything_wrong_is_told_at_once() -> None:
    wanted = replace(
        order(lines=(line(sku=""), line(2, "NOPE"))),
        billing=replace(ADA, street_1="", postcode="9" * 30),
        currency="CHF",
    )
    assert {one.kind for one in _found(wanted)} == {
        FindingKind.SKU_BLANK,
        FindingKind.SKU_UNKNOWN,
        FindingKind.ADDRESS_INCOMPLETE,
        FindingKind.POSTCODE_TOO_LONG,
        FindingKind.CURRENCY_UNKNOWN,
    }
