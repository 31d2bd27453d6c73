"""Checks of an order before it is mapped: one finding per problem, all reported together, to be fixed at once."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.customers.web_customer import customer_id_of
from weighbridge.domain.findings.finding import Finding, hold, note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import Address, LineKind, Order, OrderLine
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.sale_policy import SalePolicy

LIMITS = {
    "SKU": 50,
    "Name": 1024,
    "Postcode": 20,
    "Contact": 256,
    "Email": 256,
    "Phone": 50,
    "Line": 256,
    "Note": 1024,
    "Comment": 256,
}
"""The longest texts that Cin7 Core accepts. Source: Cin7 Core API v2, sale, address and sale line models."""


def check_order(order: Order, reference_data: ReferenceData, policy: SalePolicy) -> tuple[Finding, ...]:
    """Every problem or oddity in the lines, addresses, currency and item count of `order`."""
    return (
        *_check_lines(order, reference_data, policy),
        *_check_addresses(order),
        *_check_currency(order, reference_data),
        *_check_counts(order),
    )


def _check_lines(order: Order, reference_data: ReferenceData, policy: SalePolicy) -> Iterator[Finding]:
    if not any(line.quantity > 0 for line in order.lines):
        yield hold(FindingKind.NO_LINES, "lines", f"{len(order.lines)} lines", "at least one line with a quantity")
    for position, line in enumerate(order.lines):
        if line.kind is not LineKind.GIFT_CERTIFICATE:
            yield from _check_line(f"lines[{position}]", line, reference_data, policy)


def _check_line(field: str, line: OrderLine, reference_data: ReferenceData, policy: SalePolicy) -> Iterator[Finding]:
    if line.quantity == 0 and line.discounted_inc_tax == 0:
        yield note(FindingKind.EMPTY_LINE_DROPPED, f"{field}.quantity", 0, "a quantity; the line has no amount either")
        return
    if line.quantity <= 0:
        expected = f"a positive quantity, since the line costs {line.discounted_inc_tax}"
        yield hold(FindingKind.QUANTITY_NOT_POSITIVE, f"{field}.quantity", line.quantity, expected)
        return
    if line.quantity > policy.unusual_quantity:
        expected = f"at most {policy.unusual_quantity} units on a line, or a check by operations"
        yield note(FindingKind.QUANTITY_UNUSUAL, f"{field}.quantity", line.quantity, expected)
    yield from _check_sku(f"{field}.sku", line, reference_data)
    product = reference_data.products.get(line.sku)
    if line.kind is LineKind.DIGITAL and product is not None and not product.is_service:
        expected = "a Service product for a download; Cin7 allocates stock for this product until it is picked"
        yield note(FindingKind.DOWNLOAD_HOLDS_STOCK, f"{field}.sku", line.sku, expected)


def _check_sku(field: str, line: OrderLine, reference_data: ReferenceData) -> Iterator[Finding]:
    if not line.sku.strip():
        expected = f"the SKU of {line.name!r} in Cin7"
        yield hold(FindingKind.SKU_BLANK, field, line.sku, expected)
    elif len(line.sku) > LIMITS["SKU"]:
        yield hold(FindingKind.SKU_TOO_LONG, field, line.sku, f"at most {LIMITS['SKU']} characters")
    elif (product := reference_data.products.get(line.sku)) is None:
        yield hold(FindingKind.SKU_UNKNOWN, field, line.sku, "a SKU that exists in Cin7, letter for letter")
    elif not (product.is_active and product.is_sellable):
        expected = "a product that is active and sellable in Cin7"
        yield hold(FindingKind.PRODUCT_NOT_SELLABLE, field, line.sku, expected)


def _check_addresses(order: Order) -> Iterator[Finding]:
    yield from _check_address("billing_address", order.billing)
    for position, address in enumerate(order.shipping):
        yield from _check_address(f"shipping_addresses[{position}]", address)
    if len(order.shipping) > 1:
        expected = "one address; the sale has the first one, and the comment of each line names its own"
        yield note(FindingKind.SEVERAL_ADDRESSES, "shipping_addresses", f"{len(order.shipping)} addresses", expected)
    physical = any(line.kind is LineKind.PHYSICAL and line.quantity > 0 for line in order.lines)
    if physical and not order.shipping:
        expected = "a shipping address for the physical items"
        yield hold(FindingKind.ADDRESS_INCOMPLETE, "shipping_addresses", "none", expected)


def _check_address(field: str, address: Address) -> Iterator[Finding]:
    for name, value in (("street_1", address.street_1), ("country", address.country)):
        if not value.strip():
            yield hold(FindingKind.ADDRESS_INCOMPLETE, f"{field}.{name}", value, "a text; Cin7 requires it")
    if len(address.postcode) > LIMITS["Postcode"]:
        expected = f"at most {LIMITS['Postcode']} characters"
        yield hold(FindingKind.POSTCODE_TOO_LONG, f"{field}.zip", address.postcode, expected)
    for name, value in (("street_1", address.street_1), ("street_2", address.street_2), ("city", address.city)):
        if len(value) > LIMITS["Line"]:
            yield note(FindingKind.TEXT_SHORTENED, f"{field}.{name}", value, f"at most {LIMITS['Line']} characters")


def _check_currency(order: Order, reference_data: ReferenceData) -> Iterator[Finding]:
    foreign = order.currency != reference_data.base_currency
    if foreign and order.store_currency not in ("", reference_data.base_currency):
        expected = f"{reference_data.base_currency}, Cin7's base currency: the order's rate is to the store's currency"
        yield hold(FindingKind.CURRENCY_UNKNOWN, "store_default_currency_code", order.store_currency, expected)
    if foreign and order.exchange_rate <= 0:
        rate = "store_default_to_transactional_exchange_rate"
        yield hold(FindingKind.CURRENCY_UNKNOWN, rate, order.exchange_rate, "a rate above zero")
    customer_id = customer_id_of(order, reference_data)
    if isinstance(customer_id, Finding):
        yield customer_id


def _check_counts(order: Order) -> Iterator[Finding]:
    """Compares the order's item count with its lines: fewer items on the lines mean that lines are missing."""
    counted = sum(line.quantity for line in order.lines)
    if order.items_total != counted:
        yield hold(FindingKind.LINES_INCOMPLETE, "items_total", order.items_total, f"{counted}, the sum of the lines")
