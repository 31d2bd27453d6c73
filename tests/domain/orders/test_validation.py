"""Each check of an order: a failing order with field, value, expectation and owner, and the nearest passing one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.domain.builders import ADA, charge, line, order, policy, product, reference_data
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import Finding, Severity
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import LineKind, Order
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.validation import check_order


def _findings(store_order: Order, known: ReferenceData | None = None) -> list[Finding]:
    return list(check_order(store_order, known or reference_data(), policy()))


def _with_line(**changes: object) -> Order:
    return order(lines=(line(), replace(line(2, "TEA", "1", "4.00"), **changes)))  # type: ignore[arg-type]


def test_ordinary_order_has_no_findings() -> None:
    assert _findings(order()) == []


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
def test_invalid_line_is_reported_by_position_and_the_valid_line_is_not(
    changes: dict[str, object], kind: FindingKind, severity: Severity, field: str, value: str
) -> None:
    (finding,) = _findings(_with_line(**changes))
    assert (finding.kind, finding.severity, finding.field, finding.value) == (kind, severity, field, value)
    owner = Owner.OPERATIONS if kind is FindingKind.QUANTITY_UNUSUAL else Owner.ECOMMERCE
    assert finding.owner is owner


@pytest.mark.parametrize(
    "changes", [{"sku": "TEA"}, {"quantity": Decimal(10000)}, {"quantity": Decimal(1)}], ids=["known", "most", "one"]
)
def test_nearest_good_line_passes(changes: dict[str, object]) -> None:
    assert _findings(_with_line(**changes)) == []


def test_sku_of_fifty_characters_passes_and_one_more_does_not() -> None:
    longest = "L" * 50
    known = reference_data(products={**reference_data().products, longest: product(longest)})
    assert _findings(_with_line(sku=longest), known) == []
    assert [finding.kind for finding in _findings(_with_line(sku=longest + "L"), known)] == [FindingKind.SKU_TOO_LONG]


@pytest.mark.parametrize("fault", [{"is_active": False}, {"is_sellable": False}])
def test_product_that_cin7_no_longer_sells_holds_the_order(fault: dict[str, bool]) -> None:
    known = reference_data(products={**reference_data().products, "TEA": product("TEA", **fault)})
    (finding,) = _findings(_with_line(), known)
    assert (finding.kind, finding.field, finding.value) == (FindingKind.PRODUCT_NOT_SELLABLE, "lines[1].sku", "TEA")


def test_gift_certificate_needs_no_sku() -> None:
    assert _findings(_with_line(sku="", kind=LineKind.GIFT_CERTIFICATE)) == []


def test_order_without_units_is_held() -> None:
    empty = order(lines=(line(quantity="0", inc="0"),), charges=())
    assert FindingKind.NO_LINES in [finding.kind for finding in _findings(empty)]
    assert [finding.field for finding in _findings(order(lines=(), charges=(charge(),)))] == ["lines"]


ADDRESSES = [
    ({"street_1": " "}, FindingKind.ADDRESS_INCOMPLETE, "street_1", Severity.HOLD),
    ({"country": ""}, FindingKind.ADDRESS_INCOMPLETE, "country", Severity.HOLD),
    ({"postcode": "9" * 21}, FindingKind.POSTCODE_TOO_LONG, "zip", Severity.HOLD),
    ({"street_1": "x" * 257}, FindingKind.TEXT_SHORTENED, "street_1", Severity.NOTE),
    ({"street_2": "x" * 257}, FindingKind.TEXT_SHORTENED, "street_2", Severity.NOTE),
    ({"city": "x" * 257}, FindingKind.TEXT_SHORTENED, "city", Severity.NOTE),
]


@pytest.mark.parametrize(("changes", "kind", "address_field", "severity"), ADDRESSES)
def test_invalid_address_is_reported_by_role_and_field(
    changes: dict[str, str], kind: FindingKind, address_field: str, severity: Severity
) -> None:
    bad = replace(ADA, **changes)  # type: ignore[arg-type]
    (billing,) = _findings(order(billing=bad))
    assert (billing.kind, billing.severity, billing.field) == (kind, severity, f"billing_address.{address_field}")
    shipping, several = _findings(order(shipping=(ADA, bad)))
    assert (several.kind, several.severity) == (FindingKind.SEVERAL_ADDRESSES, Severity.NOTE)
    assert (shipping.kind, shipping.field) == (kind, f"shipping_addresses[1].{address_field}")


def test_longest_texts_pass() -> None:
    longest = replace(ADA, postcode="9" * 20, street_1="x" * 256, street_2="x" * 256, city="x" * 256)
    assert _findings(order(billing=longest, shipping=(longest,))) == []


def test_physical_goods_need_somewhere_to_go_and_downloads_do_not() -> None:
    assert [finding.field for finding in _findings(order(shipping=()))] == ["shipping_addresses"]
    download = replace(line(), kind=LineKind.DIGITAL)
    service = reference_data(products={**reference_data().products, "MUG": product("MUG", is_service=True)})
    assert _findings(order(lines=(download,), shipping=()), service) == []


def test_download_with_a_stocked_product_passes_with_a_note_for_operations() -> None:
    (finding,) = _findings(order(lines=(replace(line(), kind=LineKind.DIGITAL),), shipping=()))
    assert (finding.kind, finding.severity) == (FindingKind.DOWNLOAD_HOLDS_STOCK, Severity.NOTE)
    assert (finding.field, finding.value, finding.owner) == ("lines[0].sku", "MUG", Owner.OPERATIONS)


def test_currency_without_a_web_customer_is_held_for_finance() -> None:
    (finding,) = _findings(order(currency="CHF"))
    assert (finding.kind, finding.value, finding.owner) == (FindingKind.CURRENCY_UNKNOWN, "CHF", Owner.FINANCE)
    assert finding.expected == "a currency of the design: JPY, KWD, USD"


def test_line_that_was_lost_on_the_way_is_noticed_by_the_count() -> None:
    (finding,) = _findings(replace(order(), items_total=Decimal(3)))
    assert (finding.kind, finding.field, finding.value) == (FindingKind.LINES_INCOMPLETE, "items_total", "3")
    assert finding.expected == "2, the sum of the lines"


def test_all_problems_are_reported_at_once() -> None:
    invalid = replace(
        order(lines=(line(sku=""), line(2, "NOPE"))),
        billing=replace(ADA, street_1="", postcode="9" * 30),
        currency="CHF",
    )
    assert {finding.kind for finding in _findings(invalid)} == {
        FindingKind.SKU_BLANK,
        FindingKind.SKU_UNKNOWN,
        FindingKind.ADDRESS_INCOMPLETE,
        FindingKind.POSTCODE_TOO_LONG,
        FindingKind.CURRENCY_UNKNOWN,
    }
