"""Converts BigCommerce's refunds to domain values."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.domain.returns.refund import Refund, RefundItem, RefundItemKind, RefundPayment
from weighbridge.domain.values.money import total
from weighbridge.platforms.bigcommerce.models import orders as order_models


def read_refund(refund: order_models.Refund) -> Refund:
    """A refund. The amount refunded for a product is never read: the store does not report it reliably.

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
        uses_merchant_override=refund.uses_merchant_override_values,
    )


def _refund_item(item: order_models.RefundItemRow) -> RefundItem:
    by_quantity = item.item_type in (RefundItemKind.PRODUCT, RefundItemKind.WRAPPING)
    return RefundItem(
        kind=item.item_type,
        item_id=item.item_id,
        quantity=item.quantity or Decimal(1),
        amount=None if by_quantity else item.requested_amount,
        deducted=abs(total(adjustment.amount for adjustment in item.adjustments)),
        reason=item.reason,
    )
