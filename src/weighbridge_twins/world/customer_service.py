"""Customer service: changes, cancels and refunds orders that are in Cin7, and instructs the warehouse.

Each follow-up waits for a stage, not for a time: the sale is authorised in Cin7, its goods are picked, or the store
shows its parcels. So a follow-up meets the same stage however fast the connector is, and the outcomes can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.bigcommerce.state import Order
from weighbridge_twins.world.instructions import Instruction
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.plan import AMENDED, Edit, FollowUp, OrderPlan
from weighbridge_twins.world.shoppers import ScheduleIn, Shoppers

_POLL_SECONDS: Final = 30.0
_WHEN_SALE_AUTHORISED: Final = frozenset({*AMENDED, FollowUp.CANCELLED, FollowUp.REFUNDED_WHOLE})
_WHEN_PARCELS_ARRIVED: Final = frozenset({FollowUp.RETURNED, FollowUp.SHIPPING_REFUNDED})


class CustomerService:
    """Carries out the follow-ups of the order plans."""

    def __init__(
        self, bigcommerce: BigCommerceTwin, shoppers: Shoppers, schedule_in: ScheduleIn, options: WorldOptions
    ) -> None:
        self._bigcommerce = bigcommerce
        self._shoppers = shoppers
        self._schedule_in = schedule_in
        self._patience = options.hold_back_minutes * 60.0
        self._started: set[str] = set()
        self._done: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.pending = 0
        """Number of scheduled actions."""

    @property
    def completed_follow_ups(self) -> int:
        """Number of follow-ups that are done or were given up."""
        return len(self._done) + self.counts["gave_up"]

    def on_sale_authorised(self, number: str) -> None:
        """Starts follow-ups that wait until the sale is authorised in Cin7."""
        self._start(number, _WHEN_SALE_AUTHORISED)

    def on_sale_picked(self, number: str) -> None:
        """Starts follow-ups that wait until the goods are picked."""
        self._start(number, frozenset({FollowUp.CANCELLED_PICKED}))

    def on_sale_shipped(self, number: str, parcels: int) -> None:
        """All parcels left the warehouse: schedules follow-ups that wait until the store shows the parcels."""
        plan = self._shoppers.plan_of(number)
        if plan and plan.follow_up in _WHEN_PARCELS_ARRIVED and number not in self._started:
            self.pending += 1
            self._await_parcels(number, plan, parcels, 0.0)

    def instruction(self, number: str, sale: Mapping[str, Any]) -> Instruction:
        """Returns what the warehouse may do with the sale now."""
        plan = self._shoppers.plan_of(number)
        if plan is None:
            return Instruction.SHIP
        if plan.follow_up is FollowUp.CANCELLED_PICKED:
            return Instruction.PUT_BACK if number in self._done else Instruction.PICK
        if plan.ends:
            return Instruction.STOP
        changes = plan.edit is not None and plan.edit is not Edit.NOTE
        changed = int(number) in self._shoppers.edited
        amends = plan.follow_up in AMENDED
        if (changes and not changed) or (amends and number not in self._done):
            return Instruction.WAIT
        return (
            Instruction.SHIP
            if not (changes or amends) or _sale_matches_order(sale, self._order(number))
            else Instruction.WAIT
        )

    def _start(self, number: str, kinds: frozenset[FollowUp]) -> None:
        plan = self._shoppers.plan_of(number)
        if plan is None or plan.follow_up not in kinds or number in self._started:
            return
        self._started.add(number)
        self.pending += 1
        self._schedule_in(plan.follow_up_after, lambda: self._act(number, plan))

    def _await_parcels(self, number: str, plan: OrderPlan, parcels: int, waited: float) -> None:
        if len(self._order(number).shipments) >= parcels:
            self.pending -= 1
            self._start(number, _WHEN_PARCELS_ARRIVED)
        elif waited >= self._patience:
            self.pending -= 1
            self.counts["gave_up"] += 1
        else:
            self._schedule_in(_POLL_SECONDS, lambda: self._await_parcels(number, plan, parcels, waited + _POLL_SECONDS))

    def _act(self, number: str, plan: OrderPlan) -> None:
        order, kind = self._order(number), plan.follow_up
        assert kind is not None
        if kind in AMENDED:
            self._bigcommerce.act("edit_order", {"order_id": order.id, **_change(kind, order, plan)})
            self._shoppers.edited.add(order.id)
        elif kind in (FollowUp.CANCELLED, FollowUp.CANCELLED_PICKED):
            self._bigcommerce.act("cancel_order", {"order_id": order.id})
        else:
            items = REFUNDED[kind](order)
            self._bigcommerce.act("refund_order", {"order_id": order.id, "items": items, "reason": _REASONS[kind]})
        self.pending -= 1
        self._done.add(number)
        self.counts[kind] += 1

    def _order(self, number: str) -> Order:
        return self._bigcommerce.store.orders[int(number)]


def _change(kind: FollowUp, order: Order, plan: OrderPlan) -> dict[str, Any]:
    match kind:
        case FollowUp.SHIPPING_COST:
            return {"shipping_cost": plan.shipping_cost + Decimal("3.00")}
        case FollowUp.MORE:
            line = order.products[0]
            return {"line": line["id"], "quantity": int(line["quantity"]) + 1}
        case FollowUp.FEWER:
            line = next(line for line in order.products if line["quantity"] > 1)
            return {"line": line["id"], "quantity": int(line["quantity"]) - 1}
        case FollowUp.LINE_REMOVED:
            return {"remove_line": order.products[-1]["id"]}
        case _:
            return {"shipping_address": {"street_1": f"{plan.person.street}, gate house"}}


def _whole(order: Order) -> list[dict[str, Any]]:
    return [_units(line, int(line["quantity"])) for line in order.products] + _shipping(order)


def _one_unit(order: Order) -> list[dict[str, Any]]:
    """Returns one unit of the most expensive line."""
    line = max(order.products, key=lambda row: (row["discounted_total_inc_tax"], row["id"]))
    return [_units(line, 1)]


def _shipping(order: Order) -> list[dict[str, Any]]:
    return [
        {"item_type": "SHIPPING", "item_id": row["id"], "amount": row["cost_inc_tax"]}
        for row in order.addresses
        if row["cost_inc_tax"]
    ]


def _units(line: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    return {"item_type": "PRODUCT", "item_id": line["id"], "quantity": quantity}


REFUNDED: Final[Mapping[FollowUp, Callable[[Order], list[dict[str, Any]]]]] = {
    FollowUp.REFUNDED_WHOLE: _whole,
    FollowUp.RETURNED: _one_unit,
    FollowUp.SHIPPING_REFUNDED: _shipping,
}
"""The items of each kind of refund."""
_REASONS: Final = {
    FollowUp.REFUNDED_WHOLE: "Ordered twice by mistake",
    FollowUp.RETURNED: "Sent back unopened",
    FollowUp.SHIPPING_REFUNDED: "The parcel was late",
}


def _sale_matches_order(sale: Mapping[str, Any], order: Order) -> bool:
    """Tells whether the sale has the total and the street of its order."""
    total = Decimal(str((sale.get("Order") or {}).get("Total") or 0))
    street = str((sale.get("ShippingAddress") or {}).get("Line1") or "")
    return bool(total == order.fields["total_inc_tax"] and street == order.addresses[0]["street_1"])
