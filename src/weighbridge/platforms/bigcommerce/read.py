"""BigCommerce's payloads as domain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

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
from weighbridge.domain.returns.refund import Refund, RefundItem, RefundItemKind, RefundPayment
from weighbridge.domain.stock.available import ShopItem
from weighbridge.domain.values.countries import country_name
from weighbridge.domain.values.money import ZERO, minor_digits, round_half_up, total
from weighbridge.platforms.bigcommerce.models import orders as order_models
from weighbridge.platforms.bigcommerce.models import store as store_models


def read_order(
    header: order_models.OrderHeader,
    products: Sequence[order_models.OrderProduct],
    addresses: Sequence[order_models.PostalAddress],
    taxes: Sequence[order_models.OrderTax],
    transactions: Sequence[order_models.Transaction],
    coupons: Sequence[order_models.OrderCoupon],
) -> Order:
    """The order put together from its parts. Amounts keep the digits they came with, at the coin of the currency
    where the books need whole coins."""
    digits = minor_digits(header.currency)
    return Order(
        id=header.id,
        status_id=header.status_id,
        placed_at=header.date_created,
        modified_at=header.date_modified,
        currency=header.currency,
        tax_inclusive=header.is_tax_inclusive_pricing,
        customer_id=header.customer_id,
        channel_id=header.channel_id,
        billing=_address(header.billing_address),
        shipping=tuple(_address(address) for address in addresses),
        lines=tuple(_line(product, digits) for product in products),
        taxes=tuple(_tax(tax) for tax in taxes),
        charges=_charges(header, digits),
        coupon_codes=tuple(coupon.code for coupon in coupons if coupon.code),
        tenders=tuple(_tender(transaction, header.currency) for transaction in transactions),
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
    """Lines and shipping addresses: what of an order its own fields do not tell of."""
    digits = minor_digits(header.currency)
    return tuple(_line(product, digits) for product in products), tuple(_address(address) for address in addresses)


def order_version(header: order_models.OrderHeader, rule: CaptureRule, *, already_captured: bool) -> str:
    """A digest of what about an order matters to its sale. Our own writes (external id, shipments) leave it alone."""
    status: object = header.status_id
    captures = header.status_id in rule.status_ids or header.status_id in AFTER_CAPTURE
    if captures or (already_captured and header.status_id not in ENDED | {OrderStatus.DISPUTED}):
        status = "captured"
    seen = (
        status,
        str(header.total_inc_tax.normalize()),
        str(header.total_tax.normalize()),
        str(header.items_total.normalize()),
        str(header.shipping_cost_inc_tax.normalize()),
        str(header.discount_amount.normalize()),
        str(header.coupon_discount.normalize()),
        header.payment_status,
        header.currency,
        header.billing_address.model_dump(mode="json"),
    )
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:40]


def read_refund(refund: order_models.Refund) -> Refund:
    """A refund. What a product was refunded with is never read: the shop tells it one day and not the next.

    Source: platform notes, bigcommerce 3.3 (requested_amount; adjustments are negative deductions).
    """
    return Refund(
        id=str(refund.id),
        order_id=refund.order_id,
        created_at=refund.created,
        total=refund.total_amount,
        total_tax=refund.total_tax,
        items=tuple(_refund_item(item) for item in refund.items),
        payments=tuple(
            RefundPayment(
                id=payment.id or str(position),
                provider=payment.provider_id,
                amount=payment.amount,
                offline=payment.offline,
                declined=payment.is_declined,
                transaction_id=payment.transaction_id,
            )
            for position, payment in enumerate(refund.payments, 1)
        ),
        reason=refund.reason,
        merchant_figures=refund.uses_merchant_override_values,
    )


def _refund_item(item: order_models.RefundItemRow) -> RefundItem:
    by_quantity = item.item_type in (RefundItemKind.PRODUCT, RefundItemKind.WRAPPING)
    return RefundItem(
        kind=item.item_type,
        item_id=item.item_id,
        quantity=item.quantity or Decimal(1),
        amount=None if by_quantity else item.requested_amount,
        deducted=abs(total(one.amount for one in item.adjustments)),
        reason=item.reason,
    )


def read_shop_items(products: Sequence[store_models.ProductRow]) -> list[ShopItem]:
    """The SKUs of a page of products, addressed as their tracking mode wants.

    Variants of a product that is not tracked by variant are SKUs that nobody counts. Source: platform notes,
    bigcommerce 5.1: tracked by variant -> variant id, otherwise -> product id.
    """
    found = (item for product in products for item in (*_as_product(product), *_as_variants(product)))
    return list({item.sku: item for item in found}.values())


def read_sku_places(products: Sequence[store_models.ProductRow]) -> list[tuple[str, int]]:
    """Every SKU of a page of products with the product it stands at; most stand at a product and at its one variant."""
    return [
        (sku, product.id)
        for product in products
        for sku in (product.sku, *(one.sku for one in product.variants))
        if sku
    ]


def _as_product(product: store_models.ProductRow) -> list[ShopItem]:
    """The SKU of the product itself; one with variants is counted under its own SKU only where it says so."""
    has_variants = any(one.sku not in ("", product.sku) for one in product.variants)
    tracking = product.inventory_tracking
    if not product.sku or tracking == "variant" or (has_variants and tracking == "none"):
        return []
    return [ShopItem(product.sku, product.id, None, tracking, product.price, _is_on_sale(product))]


def _as_variants(product: store_models.ProductRow) -> list[ShopItem]:
    by_variant = product.inventory_tracking == "variant"
    tracking = "with_product" if product.inventory_tracking == "product" else product.inventory_tracking
    return [
        ShopItem(
            one.sku,
            product.id,
            one.id,
            tracking,
            product.price if one.price is None else one.price,
            _is_on_sale(product) and not one.purchasing_disabled,
        )
        for one in product.variants
        if one.sku and (by_variant or one.sku != product.sku)
    ]


def _is_on_sale(product: store_models.ProductRow) -> bool:
    return product.is_visible and product.availability != "disabled"


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
        at=transaction.date_created,
    )
