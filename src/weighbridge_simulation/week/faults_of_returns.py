"""Faults of returns: money and goods that go back otherwise than shop and books agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.finding import FindingKind
from weighbridge_simulation.week.fault import HOUR, LEFT_STANDING, Area, Fault, Injected, Script
from weighbridge_simulation.week.scene import Scene
from weighbridge_twins.bigcommerce.tenders import add_transaction


def _delivered(scene: Scene) -> tuple[int, Script]:
    """An order that was shipped, billed and reported, and the wait until it is."""
    order = scene.order()
    scene.leave_alone(order)

    def goes() -> Script:
        yield from scene.once_sold(order)
        scene.dispatch(order)
        yield from scene.until(scene.is_told_of_parcels(order))
        yield HOUR

    return order, goes()


def refunded_beyond_the_sale(scene: Scene, fault: Injected) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    scene.spoil(order, refund_set={"total_amount": f"{scene.total(order) + 20:.2f}"})
    refund = scene.refund(order)
    fault.struck(scene.now(), f"{order}:{refund}", order)


def refunded_at_the_gateway(scene: Scene, fault: Injected) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    shop = scene.shop.shop
    add_transaction(shop, shop.orders[order], "refund", "credit_card", Decimal("2.00"))
    scene.shop.act("set_payment_status", {"order_id": order, "payment_status": "partially refunded"})
    fault.struck(scene.now(), order)


def credited_by_hand(scene: Scene, fault: Injected) -> Script:
    """The bookkeeper credits everything first, then staff refund a part at the shop."""
    order, delivered = _delivered(scene)
    yield from delivered
    scene.screen.credit(scene.sale(order).id)
    refund = scene.refund(order, reason="As agreed")
    fault.struck(scene.now(), f"{order}:{refund}", order)


def refunded_before_dispatch(scene: Scene, fault: Injected) -> Script:
    order = scene.order()
    scene.leave_alone(order)
    yield from scene.once_sold(order)
    fault.struck(scene.now(), f"{order}:{scene.refund(order, reason='Changed their mind')}", order)


def goods_on_no_shelf(scene: Scene, fault: Injected) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    fault.struck(scene.now(), f"{order}:{scene.refund(order, reason='Arrived damaged')}", order)


def credited_without_refund(scene: Scene, fault: Injected) -> Script:
    order, delivered = _delivered(scene)
    yield from delivered
    scene.screen.credit(scene.sale(order).id)
    fault.struck(scene.now(), order)


def _fault(
    name: str, what: str, script: Any, kind: FindingKind, follows: tuple[FindingKind, ...] = (), **more: Any
) -> Fault:
    more = {"takes": 6 * HOUR} | more
    return Fault(name, Area.RETURNS, what, script, kind, follows=(*follows, *LEFT_STANDING), **more)


RETURNS: tuple[Fault, ...] = (
    _fault("refunded_beyond_the_sale", "The shop shows a refund above the order's total.", refunded_beyond_the_sale,
           FindingKind.REFUND_EXCEEDS_SALE),
    _fault("refunded_at_the_gateway", "Money goes back at the payment gateway alone.", refunded_at_the_gateway,
           FindingKind.REFUND_AT_GATEWAY_ONLY),
    _fault("credited_by_hand", "A refund is made at the shop that was credited in Cin7 by hand.", credited_by_hand,
           FindingKind.REFUND_CREDITED_BY_HAND, follows=(FindingKind.CREDITED_NOT_REFUNDED,)),
    _fault("refunded_before_dispatch", "A part is refunded before anything is shipped or billed.",
           refunded_before_dispatch, FindingKind.REFUND_BEFORE_INVOICE,
           follows=(FindingKind.REFUNDED_BEFORE_DISPATCH,)),
    _fault("goods_on_no_shelf", "Damaged goods are refunded, and the design restocks none of them.",
           goods_on_no_shelf, FindingKind.NOT_RESTOCKED),
    _fault("credited_without_refund", "A sale is credited in Cin7, and the shopper gets no money.",
           credited_without_refund, FindingKind.CREDITED_NOT_REFUNDED),
)  # fmt: skip
