"""For any order of the store, Cin7 gets the same amounts, or the order is held with a reason."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.builders import order, policy, reference_data
from tests.properties.store_orders import DIGITS, at_coin, store_orders
from weighbridge.domain.exceptions.owners import Owner, default_owner
from weighbridge.domain.findings.finding import Finding, Severity
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order
from weighbridge.domain.orders.tax import TaxSpread, spread_tax
from weighbridge.domain.values.money import total

TOLERANT = policy(tolerance=Decimal(5))
"""Six lines and three charges in yen can differ by five yen through rounding alone."""


def _mapped(outcome: Mapped | Stopped) -> Sale:
    assert isinstance(outcome, Mapped), [str(finding) for finding in outcome.findings]
    return outcome.sale


@settings(max_examples=300, deadline=None)
@given(store_orders())
def test_sale_equals_the_order_to_the_last_coin(store_order: Order) -> None:
    sale = _mapped(map_order(store_order, reference_data(), TOLERANT))
    digits = DIGITS[store_order.currency]
    assert sale.total == store_order.value == store_order.total_inc_tax
    assert sale.tax == store_order.total_tax
    assert total(tender.amount for tender in sale.tenders) == store_order.value
    for line in sale.lines:
        assert line.price == at_coin(line.price, 4), "Cin7 accepts four decimals"
        assert line.line_total == at_coin(line.price * line.quantity, digits), "Cin7 checks price times quantity"


@settings(max_examples=200, deadline=None)
@given(store_orders())
def test_units_are_neither_made_nor_lost(store_order: Order) -> None:
    sale = _mapped(map_order(store_order, reference_data(), TOLERANT))
    for sku in {line.sku for line in store_order.lines}:
        ordered = total(line.quantity for line in store_order.lines if line.sku == sku)
        assert total(line.quantity for line in sale.lines if line.sku == sku) == ordered
    assert all(line.quantity > 0 for line in sale.lines)


@settings(max_examples=200, deadline=None)
@given(store_orders())
def test_rounding_line_equals_the_rounding_of_the_store(store_order: Order) -> None:
    """At most half a coin per line or charge: a larger difference must be reported."""
    sale = _mapped(map_order(store_order, reference_data(), TOLERANT))
    rounding = total(charge.price for charge in sale.charges if charge.product_name == "Rounding")
    stated = total(line.discounted_inc_tax for line in store_order.lines) + total(
        charge.inc_tax for charge in store_order.charges
    )
    assert rounding == store_order.total_inc_tax - stated


@settings(max_examples=200, deadline=None)
@given(store_order=store_orders(), cents=st.integers(6, 100_000), sign=st.sampled_from([1, -1]))
def test_money_that_is_missing_beyond_the_tolerance_stops_the_order_for_finance(
    store_order: Order, cents: int, sign: int
) -> None:
    changed = store_order.total_inc_tax + sign * (TOLERANT.tolerance + cents)
    other = replace(store_order, total_inc_tax=changed, tenders=())
    outcome = map_order(other, reference_data(), TOLERANT)
    assert isinstance(outcome, Stopped)
    (finding,) = (finding for finding in outcome.findings if finding.severity is Severity.HOLD)
    assert (finding.kind, finding.owner) == (FindingKind.TOTALS_DO_NOT_ADD_UP, Owner.FINANCE)
    assert str(other.total_inc_tax) in finding.value
    assert str(total(line.discounted_inc_tax for line in other.lines) + other.charges_value) in finding.expected


@settings(max_examples=200, deadline=None)
@given(store_orders())
def test_every_coin_of_tax_is_assigned_to_a_line_or_charge(store_order: Order) -> None:
    spread = spread_tax(store_order, DIGITS[store_order.currency])
    assert isinstance(spread, TaxSpread)
    shares = [*spread.lines.values(), *spread.charges.values()]
    assert total(share.amount for share in shares) == store_order.total_tax
    for line in store_order.lines:
        own = total(row.amount for row in store_order.taxes if row.line_id == line.id)
        assert abs(spread.lines[line.id].amount - own) <= Decimal(1).scaleb(-DIGITS[store_order.currency])


@settings(max_examples=200, deadline=None)
@given(store_order=store_orders(), name=st.sampled_from(["Automatic Tax", ""]))
def test_tax_that_names_no_line_is_spread_without_losing_a_coin(store_order: Order, name: str) -> None:
    """Automatic tax: rows without a line, for the whole order."""
    rows = tuple(replace(row, line_id=None, applies_to="", name=name) for row in store_order.taxes)
    spread = spread_tax(replace(store_order, taxes=rows), DIGITS[store_order.currency])
    assert isinstance(spread, TaxSpread)
    shares = [*spread.lines.values(), *spread.charges.values()]
    assert total(share.amount for share in shares) == store_order.total_tax


INVALID = {
    "sku": [("sku", ""), ("sku", "S" * 51), ("sku", "NOPE")],
    "quantity": [("quantity", Decimal(-1))],
}


@st.composite
def invalid_orders(draw: st.DrawFn) -> Order:
    """An order in which any field may be invalid, several at once."""
    store_order = draw(store_orders(most_lines=4))
    lines = list(store_order.lines)
    for position in draw(st.sets(st.integers(0, len(lines) - 1), max_size=2)):
        field, value = draw(st.sampled_from([pair for pairs in INVALID.values() for pair in pairs]))
        lines[position] = replace(lines[position], **{field: value})
    changes: dict[str, object] = {"lines": tuple(lines)}
    if draw(st.booleans()):
        changes["billing"] = replace(store_order.billing, street_1="", postcode="9" * 30)
    if draw(st.booleans()):
        changes["currency"] = "CHF"
    if draw(st.booleans()):
        changes["items_total"] = store_order.items_total + 1
    if draw(st.booleans()):
        changes["taxes"] = tuple(replace(row, name="Moon Tax") for row in store_order.taxes)
    if draw(st.booleans()):
        changes["tenders"] = tuple(replace(tender, method="barter", gateway="") for tender in store_order.tenders)
        changes["payment_method"] = "Barter"
    return replace(store_order, **changes)  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(invalid_orders())
def test_every_invalid_order_is_held_with_complete_findings(store_order: Order) -> None:
    """Never an error or an incomplete sale: the order is mapped completely, or every finding is complete."""
    outcome = map_order(store_order, reference_data(), TOLERANT)
    findings = outcome.notes if isinstance(outcome, Mapped) else outcome.findings
    if isinstance(outcome, Mapped):
        assert outcome.sale.total == store_order.value
        assert all(finding.severity is Severity.NOTE for finding in findings)
    else:
        assert any(finding.severity is not Severity.NOTE for finding in findings)
    for finding in findings:
        _assert_complete(finding, store_order)


def _assert_complete(finding: Finding, store_order: Order) -> None:
    assert finding.field, finding
    assert finding.expected, finding
    assert finding.owner is default_owner(finding.kind)
    text = str(finding)
    assert finding.field in text
    assert finding.expected in text
    assert f"({finding.owner} acts)" in text
    if finding.field.startswith("lines["):
        position = int(finding.field.removeprefix("lines[").partition("]")[0])
        assert position < len(store_order.lines)


@given(tolerance=st.integers(0, 20), missing=st.integers(-20, 20))
def test_tolerance_is_the_exact_border_between_a_rounding_line_and_a_hold(tolerance: int, missing: int) -> None:
    plain = order()
    other = replace(plain, total_inc_tax=plain.total_inc_tax + Decimal(missing) / 100)
    outcome = map_order(other, reference_data(), policy(tolerance=Decimal(tolerance) / 100))
    if abs(missing) > tolerance:
        assert isinstance(outcome, Stopped)
        return
    sale = _mapped(outcome)
    rounding = [charge.price for charge in sale.charges if charge.product_name == "Rounding"]
    assert rounding == ([Decimal(missing) / 100] if missing else [])
    assert sale.total == other.total_inc_tax
