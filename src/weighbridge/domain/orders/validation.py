"""Boundary checks on an order: each problem a named finding, all of them at once, so that one look mends them all."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.findings.finding import Finding, FindingKind, hold, note
from weighbridge.domain.orders.order import Address, LineKind, Order, OrderLine
from weighbridge.domain.orders.reference_data import Books
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
"""Longest texts that Cin7 Core takes. Source: Cin7 Core API v2, sale, address and sale line models."""


def check_order(order: Order, books: Books, policy: SalePolicy) -> tuple[Finding, ...]:
    """Everything wrong or odd about `order` that its lines, addresses, currency and counts show."""
    return (
        *_check_lines(order, books, policy),
        *_check_addresses(order),
        *_check_currency(order, books),
        *_check_counts(order),
    )


def _check_lines(order: Order, books: Books, policy: SalePolicy) -> Iterator[Finding]:
    if not any(line.quantity > 0 for line in order.lines):
        yield hold(FindingKind.NO_LINES, "lines", f"{len(order.lines)} lines", "at least one line with a quantity")
    for position, line in enumerate(order.lines):
        if line.kind is not LineKind.GIFT_CERTIFICATE:
            yield from _check_line(f"lines[{position}]", line, books, policy)


def _check_line(field: str, line: OrderLine, books: Books, policy: SalePolicy) -> Iterator[Finding]:
    if line.quantity == 0 and line.discounted_inc_tax == 0:
        yield note(FindingKind.EMPTY_LINE_DROPPED, f"{field}.quantity", 0, "a quantity; the line has no money either")
        return
    if line.quantity <= 0:
        expected = f"a positive quantity for {line.discounted_inc_tax} of money"
        yield hold(FindingKind.QUANTITY_NOT_POSITIVE, f"{field}.quantity", line.quantity, expected)
        return
    if line.quantity > policy.unusual_quantity:
        expected = f"at most {policy.unusual_quantity} units on a line, or a look by operations"
        yield note(FindingKind.QUANTITY_UNUSUAL, f"{field}.quantity", line.quantity, expected)
    yield from _check_sku(f"{field}.sku", line, books)
    product = books.products.get(line.sku)
    if line.kind is LineKind.DIGITAL and product is not None and not product.is_service:
        expected = "a Service product for a download; Cin7 holds stock for this one until somebody picks it"
        yield note(FindingKind.DOWNLOAD_HOLDS_STOCK, f"{field}.sku", line.sku, expected)


def _check_sku(field: str, line: OrderLine, books: Books) -> Iterator[Finding]:
    if not line.sku.strip():
        expected = f"the SKU of {line.name!r} as Cin7 knows it"
        yield hold(FindingKind.SKU_BLANK, field, line.sku, expected)
    elif len(line.sku) > LIMITS["SKU"]:
        yield hold(FindingKind.SKU_TOO_LONG, field, line.sku, f"at most {LIMITS['SKU']} characters")
    elif (product := books.products.get(line.sku)) is None:
        yield hold(FindingKind.SKU_UNKNOWN, field, line.sku, "a SKU that exists in Cin7, letter for letter")
    elif not (product.is_active and product.is_sellable):
        expected = "a product that is active and sellable in Cin7"
        yield hold(FindingKind.PRODUCT_NOT_SELLABLE, field, line.sku, expected)


def _check_addresses(order: Order) -> Iterator[Finding]:
    yield from _check_address("billing_address", order.billing)
    for position, address in enumerate(order.shipping):
        yield from _check_address(f"shipping_addresses[{position}]", address)
    if len(order.shipping) > 1:
        expected = "one address; the sale carries the first, and each line of goods says where it goes"
        yield note(FindingKind.SEVERAL_ADDRESSES, "shipping_addresses", f"{len(order.shipping)} addresses", expected)
    physical = any(line.kind is LineKind.PHYSICAL and line.quantity > 0 for line in order.lines)
    if physical and not order.shipping:
        expected = "a shipping address for the physical items"
        yield hold(FindingKind.ADDRESS_INCOMPLETE, "shipping_addresses", "none", expected)


def _check_address(field: str, address: Address) -> Iterator[Finding]:
    for part, value in (("street_1", address.street_1), ("country", address.country)):
        if not value.strip():
            yield hold(FindingKind.ADDRESS_INCOMPLETE, f"{field}.{part}", value, "text; Cin7 requires it")
    if len(address.postcode) > LIMITS["Postcode"]:
        expected = f"at most {LIMITS['Postcode']} characters"
        yield hold(FindingKind.POSTCODE_TOO_LONG, f"{field}.zip", address.postcode, expected)
    for part, value in (("street_1", address.street_1), ("street_2", address.street_2), ("city", address.city)):
        if len(value) > LIMITS["Line"]:
            yield note(FindingKind.TEXT_SHORTENED, f"{field}.{part}", value, f"at most {LIMITS['Line']} characters")


def _check_currency(order: Order, books: Books) -> Iterator[Finding]:
    foreign = order.currency != books.base_currency
    if foreign and order.store_currency not in ("", books.base_currency):
        expected = f"{books.base_currency}, the books' currency: the order's rate is to the store's"
        yield hold(FindingKind.CURRENCY_UNKNOWN, "store_default_currency_code", order.store_currency, expected)
    if foreign and order.exchange_rate <= 0:
        rate = "store_default_to_transactional_exchange_rate"
        yield hold(FindingKind.CURRENCY_UNKNOWN, rate, order.exchange_rate, "a rate above zero")
    if order.currency not in books.customers:
        known = ", ".join(sorted(books.customers)) or "none"
        yield hold(FindingKind.CURRENCY_UNKNOWN, "currency", order.currency, f"a currency of the design: {known}")


def _check_counts(order: Order) -> Iterator[Finding]:
    """The order states how many items it has; fewer on the lines means that lines were lost on the way here."""
    counted = sum(line.quantity for line in order.lines)
    if order.items_total != counted:
        yield hold(FindingKind.LINES_INCOMPLETE, "items_total", order.items_total, f"{counted}, the sum of the lines")
