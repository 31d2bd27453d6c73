"""Faults of returns: refunds, credit notes and returned goods on which the store and Cin7 differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.kind import FindingKind
from weighbridge_simulation.week.fault import HOUR, UNATTENDED_SALE_KINDS, Area, Fault, InjectedFault
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script
from weighbridge_twins.bigcommerce.tenders import add_transaction


def _delivered(scene: Scene) -> tuple[int, Script]:
    """A new order, and the script that ships it, invoices it and waits until the store shows the parcel."""
    order = scene.order()
    scene.leave_alone(order)

    def deliver() -> Script:
        yield from scene.until_posted(order)
        scene.dispatch(order)
        yield from scene.until(scene.has_shipment(order))
        yield HOUR

    return order, deliver()


def refunded_beyond_the_sale(scene: Scene, fault: InjectedFault) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    scene.corrupt(order, refund_set={"total_amount": f"{scene.total(order) + 20:.2f}"})
    refund = scene.refund(order)
    fault.mark_occurred(scene.now(), f"{order}:{refund}", order)


def refunded_at_the_gateway(scene: Scene, fault: InjectedFault) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    store = scene.bigcommerce.store
    add_transaction(store, store.orders[order], "refund", "credit_card", Decimal("2.00"))
    scene.bigcommerce.act("set_payment_status", {"order_id": order, "payment_status": "partially refunded"})
    fault.mark_occurred(scene.now(), order)


def credited_by_hand(scene: Scene, fault: InjectedFault) -> Script:
    """The bookkeeper credits the whole sale first; then staff refund a part of the order in the store."""
    order, delivered = _delivered(scene)
    yield from delivered
    scene.screen.credit(scene.sale(order).id)
    refund = scene.refund(order, reason="As agreed")
    fault.mark_occurred(scene.now(), f"{order}:{refund}", order)


def refunded_before_dispatch(scene: Scene, fault: InjectedFault) -> Script:
    order = scene.order()
    scene.leave_alone(order)
    yield from scene.until_posted(order)
    fault.mark_occurred(scene.now(), f"{order}:{scene.refund(order, reason='Changed their mind')}", order)


def goods_not_restocked(scene: Scene, fault: InjectedFault) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    fault.mark_occurred(scene.now(), f"{order}:{scene.refund(order, reason='Arrived damaged')}", order)


def credited_without_refund(scene: Scene, fault: InjectedFault) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    scene.screen.credit(scene.sale(order).id)
    fault.mark_occurred(scene.now(), order)


def _fault(
    name: str, description: str, script: Any, kind: FindingKind, follows: tuple[FindingKind, ...] = (), **more: Any
) -> Fault:
    more = {"takes": 6 * HOUR} | more
    return Fault(name, Area.RETURNS, description, script, kind, follows=(*follows, *UNATTENDED_SALE_KINDS), **more)


RETURNS: tuple[Fault, ...] = (
    _fault("refunded_beyond_the_sale", "The store shows a refund that exceeds the order's total.",
           refunded_beyond_the_sale, FindingKind.REFUND_EXCEEDS_SALE),
    _fault("refunded_at_the_gateway", "A payment is refunded at the payment gateway only.", refunded_at_the_gateway,
           FindingKind.REFUND_AT_GATEWAY_ONLY),
    _fault("credited_by_hand", "Staff refund an order in the store after its sale was credited by hand in Cin7.",
           credited_by_hand, FindingKind.REFUND_CREDITED_BY_HAND, follows=(FindingKind.CREDITED_NOT_REFUNDED,)),
    _fault("refunded_before_dispatch", "A part of an order is refunded before it is shipped or invoiced.",
           refunded_before_dispatch, FindingKind.REFUND_BEFORE_INVOICE,
           follows=(FindingKind.REFUNDED_BEFORE_DISPATCH,)),
    _fault("goods_not_restocked", "Damaged goods are refunded, and the design does not restock them.",
           goods_not_restocked, FindingKind.NOT_RESTOCKED),
    _fault("credited_without_refund", "A sale is credited in Cin7, but the shopper gets no refund.",
           credited_without_refund, FindingKind.CREDITED_NOT_REFUNDED),
)  # fmt: skip
