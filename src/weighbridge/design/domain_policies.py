"""Converts a design to the policies of the domain."""

from __future__ import annotations

from weighbridge.design.schema import Connection, Design
from weighbridge.domain.fulfilment.carriers import StoreCarrier
from weighbridge.domain.orders.capture_rule import CaptureRule
from weighbridge.domain.orders.order import ChargeKind
from weighbridge.domain.orders.sale_policy import CancelPolicy, Depth, EditPolicy, SalePolicy, StoreRate
from weighbridge.domain.returns.refund import RefundPolicy
from weighbridge.domain.returns.restock import RestockPolicy

AUTO_FULFIL = {"no": "NOPICK", "pick": "AUTOPICK", "pick_pack": "AUTOPICKPACK", "pick_pack_ship": "AUTOPICKPACKSHIP"}


def capture_rule(design: Design) -> CaptureRule:
    """Which orders are transferred under this design."""
    capture = design.capture
    return CaptureRule(
        status_ids=frozenset(capture.status_ids),
        hold_status_ids=frozenset(capture.hold_status_ids),
        channel_ids=frozenset(capture.channels) if capture.channels is not None else None,
        include_test_orders=capture.include_test_orders,
    )


def store_carriers(design: Design) -> dict[str, StoreCarrier]:
    """The carriers that this design maps, by their Cin7 name."""
    return {
        name: StoreCarrier(carrier.provider, carrier.tracking_carrier)
        for name, carrier in design.fulfilment.carriers.items()
    }


def refund_policy(design: Design) -> RefundPolicy:
    """How refunds are processed under this design."""
    refunds = design.refunds
    location = refunds.restock_location or design.sale.location
    return RefundPolicy(
        posts_credit_notes=refunds.mode == "credit_note",
        goodwill_product=refunds.goodwill_product,
        restock=RestockPolicy(
            location=location if refunds.restock == "dispatched" else "",
            by_reason={word.lower(): other for word, other in refunds.restock_reasons.items()},
        ),
    )


def sale_policy(connection: Connection) -> SalePolicy:
    """How a sale is created under this connection's design."""
    sale, tax = connection.design.sale, connection.design.tax
    return SalePolicy(
        external_id_prefix=sale.external_id_prefix,
        store=connection.bigcommerce.store_hash,
        sale_type=sale.type,
        location=sale.location,
        price_tier=sale.price_tier,
        payment_terms=sale.payment_terms,
        revenue_account=sale.revenue_account,
        receivable_account=sale.receivable_account,
        untaxed_rule=tax.untaxed,
        tax_rules=dict(tax.rules),
        charge_products={
            ChargeKind.SHIPPING: sale.shipping_product,
            ChargeKind.HANDLING: sale.handling_product,
            ChargeKind.WRAPPING: sale.wrapping_product,
            ChargeKind.FEE: sale.fee_product,
        },
        rounding_product=sale.rounding_product,
        gift_certificate_product=sale.gift_certificate_product,
        tolerance=sale.tolerance,
        payment_accounts=dict(connection.design.payments.accounts),
        depth=Depth(sale.post),
        unusual_quantity=sale.unusual_quantity,
        auto_fulfil=AUTO_FULFIL[sale.auto_fulfil],
        drop_ship=sale.drop_ship,
        store_rate=StoreRate(sale.store_rate),
        edits=EditPolicy(connection.design.edits.policy),
        cancelled=CancelPolicy(connection.design.edits.cancelled),
    )
