"""Converts BigCommerce's orders to domain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeGuard

from weighbridge.domain.orders.capture_rule import AFTER_CAPTURE, ENDED, CaptureRule
from weighbridge.domain.orders.order import (
    Address,
    Charge,
    ChargeKind,
    LineKind,
    Order,
    OrderLine,
    OrderStatus,
    TaxRow,
    Tender,
)
from weighbridge.domain.values.countries import country_name
from weighbridge.domain.values.money import ZERO, minor_digits, round_half_up, total
from weighbridge.platforms.bigcommerce.models import orders as order_models
from weighbridge.platforms.bigcommerce.payload import Read

MOST_LINES = 50
"""How many lines an answer includes; with as many, more may exist. Source: platform notes, bigcommerce 1.4."""


def order_currency(header: order_models.OrderHeader) -> str:
    """The currency of every amount. Source: platform notes, bigcommerce 2.2 (default_currency_code)."""
    return header.default_currency_code or header.currency_code


def read_order(
    header: order_models.OrderHeader,
    products: Sequence[order_models.OrderProduct],
    addresses: Sequence[order_models.PostalAddress],
    taxes: Sequence[order_models.OrderTax],
    transactions: Sequence[order_models.Transaction],
    coupons: Sequence[order_models.OrderCoupon],
) -> Order:
    """The order, assembled from its resources. Amounts keep their digits; amounts that Cin7 takes in the currency's
    minor unit are rounded to it."""
    digits = minor_digits(order_currency(header))
    lines, shipping = read_parts(header, products, addresses)
    return Order(
        id=header.id,
        status_id=header.status_id,
        placed_at=header.date_created,
        modified_at=header.date_modified,
        currency=order_currency(header),
        tax_inclusive=header.is_tax_inclusive_pricing,
        customer_id=header.customer_id,
        channel_id=header.channel_id,
        billing=_address(header.billing_address),
        shipping=shipping,
        lines=lines,
        taxes=tuple(_tax(tax) for tax in taxes),
        charges=_charges(header, digits),
        coupon_codes=tuple(coupon.code for coupon in coupons if coupon.code),
        tenders=tuple(_tender(transaction, order_currency(header)) for transaction in transactions),
        total_inc_tax=round_half_up(header.total_inc_tax, digits),
        total_tax=round_half_up(header.total_tax, digits),
        gift_certificate_amount=round_half_up(header.gift_certificate_amount, digits),
        store_credit_amount=round_half_up(header.store_credit_amount, digits),
        payment_method=header.payment_method,
        payment_status=header.payment_status,
        items_total=header.items_total,
        exchange_rate=header.store_default_to_transactional_exchange_rate or Decimal(1),
        store_currency=header.store_default_currency_code,
        staff_notes=header.staff_notes,
        shopper_message=header.customer_message,
        external_order_id=header.external_order_id,
    )


def read_parts(
    header: order_models.OrderHeader,
    products: Sequence[order_models.OrderProduct],
    addresses: Sequence[order_models.PostalAddress],
) -> tuple[tuple[OrderLine, ...], tuple[Address, ...]]:
    """Lines and shipping addresses, sorted by id: consignments group lines by the way they reach the shopper."""
    digits = minor_digits(order_currency(header))
    lines = sorted((_line(product, digits) for product in products), key=lambda line: line.id)
    return tuple(lines), tuple(sorted(map(_address, addresses), key=lambda address: address.id))


def included_products(header: order_models.OrderHeader) -> Sequence[order_models.OrderProduct] | None:
    """All lines that the header includes; None when one may be missing, or misses a field that is read from lines.

    What is missing is not known, never zero: the caller then reads the order's own lists of lines and addresses.
    """
    if not _is_whole(header.consignments):
        return None
    lines = header.consignments.lines
    is_complete = (
        0 < len(lines) < MOST_LINES
        and _is_distinct([line.id for line in lines])
        and total(line.quantity for line in lines) == header.items_total
        and all(_has_every_field(line, order_models.OrderProduct) for line in lines)
    )
    return lines if is_complete else None


def included_addresses(header: order_models.OrderHeader) -> Sequence[order_models.PostalAddress] | None:
    """All shipping addresses of the order, as its lines refer to them; None when one may be missing or incomplete."""
    if not _is_whole(header.consignments):
        return None
    shipping, lines = header.consignments.shipping, header.consignments.lines
    ids = [consignment.id for consignment in shipping]
    is_complete = (
        len(shipping) == header.shipping_address_count
        and _is_distinct(ids)
        and all(line.order_address_id in (0, *ids) for line in lines)
        and all(line.order_address_id == address.id for address in shipping for line in address.line_items)
        and all(_has_every_field(address, order_models.PostalAddress) for address in shipping)
    )
    return shipping if is_complete else None


def order_version(header: order_models.OrderHeader, rule: CaptureRule, *, already_captured: bool) -> str:
    """A digest of what matters to an order's sale. Our own writes (external id, shipments) do not change it."""
    status: object = header.status_id
    is_captured = header.status_id in rule.status_ids or header.status_id in AFTER_CAPTURE
    if is_captured or (already_captured and header.status_id not in ENDED | {OrderStatus.DISPUTED}):
        status = "captured"
    totals = (header.total_inc_tax, header.total_tax, header.items_total, header.shipping_cost_inc_tax)
    reductions = (header.discount_amount, header.coupon_discount)
    seen = (
        status,
        *(str(amount.normalize()) for amount in (*totals, *reductions)),
        header.payment_status,
        order_currency(header),
        header.billing_address.model_dump(mode="json"),
    )
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:40]


def _address(address: order_models.PostalAddress) -> Address:
    return Address(
        id=address.id,
        first_name=address.first_name,
        last_name=address.last_name,
        company=address.company,
        street_1=address.street_1,
        street_2=address.street_2,
        city=address.city,
        state=address.state,
        postcode=address.zip,
        country=address.country or country_name(address.country_iso2),
        country_code=address.country_iso2,
        phone=address.phone,
        email=address.email,
    )


def _line(product: order_models.OrderProduct, digits: int) -> OrderLine:
    kind = product.type if product.type in {kind.value for kind in LineKind} else LineKind.PHYSICAL
    discounts = total(discount.amount for discount in product.applied_discounts)
    discounted = product.discounted_total_inc_tax
    return OrderLine(
        id=product.id,
        product_id=product.product_id,
        variant_id=product.variant_id,
        sku=product.sku,
        name=product.name,
        kind=LineKind(kind),
        quantity=product.quantity,
        total_ex_tax=product.total_ex_tax,
        total_inc_tax=product.total_inc_tax,
        discounted_inc_tax=round_half_up(
            discounted if discounted is not None else product.total_inc_tax - discounts, digits
        ),
        total_tax=product.total_tax,
        address_id=product.order_address_id,
        quantity_shipped=product.quantity_shipped,
        wrapping_inc_tax=product.wrapping_cost_inc_tax,
    )


def _tax(tax: order_models.OrderTax) -> TaxRow:
    return TaxRow(
        line_id=tax.order_product_id if tax.line_item_type in ("", "item") else None,
        applies_to=tax.line_item_type,
        name=tax.name,
        tax_class=tax.tax_class,
        rate=tax.rate,
        amount=tax.line_amount,
        priority=tax.priority,
    )


def _charges(header: order_models.OrderHeader, digits: int) -> tuple[Charge, ...]:
    fees = header.fees
    raw = (
        (
            ChargeKind.SHIPPING,
            "Shipping",
            header.shipping_cost_ex_tax,
            header.shipping_cost_inc_tax,
            header.shipping_cost_tax,
        ),
        (
            ChargeKind.HANDLING,
            "Handling",
            header.handling_cost_ex_tax,
            header.handling_cost_inc_tax,
            header.handling_cost_tax,
        ),
        (
            ChargeKind.WRAPPING,
            "Gift wrapping",
            header.wrapping_cost_ex_tax,
            header.wrapping_cost_inc_tax,
            header.wrapping_cost_tax,
        ),
        (
            ChargeKind.FEE,
            ", ".join(fee.display_name_merchant for fee in fees if fee.display_name_merchant),
            total(fee.cost_ex_tax for fee in fees),
            total(fee.cost_inc_tax for fee in fees),
            total(fee.cost_tax for fee in fees),
        ),
    )
    return tuple(
        Charge(kind, name, round_half_up(ex, digits), round_half_up(inc, digits), tax)
        for kind, name, ex, inc, tax in raw
        if inc != ZERO
    )


def _tender(transaction: order_models.Transaction, currency: str) -> Tender:
    return Tender(
        id=transaction.id,
        event=transaction.event,
        method=transaction.method,
        gateway=transaction.gateway,
        amount=transaction.amount,
        currency=transaction.currency or currency,
        succeeded=transaction.status in ("", "ok"),
        is_test=transaction.test,
        created_at=transaction.date_created,
    )


def _is_whole(consignments: order_models.Consignments | None) -> TypeGuard[order_models.Consignments]:
    return consignments is not None and consignments.warning is None


def _is_distinct(ids: Sequence[int]) -> bool:
    return len(set(ids)) == len(ids)


def _has_every_field(row: Read, model: type[Read]) -> bool:
    return row.model_fields_set >= model.model_fields.keys()
