"""The shoppers: they place, pay, cancel and change orders in the store as planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.baskets import Basket, sku_of
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.world.plan import Edit, OrderPlan, Payment

INCOMPLETE: Final = 0
AWAITING_PAYMENT: Final = 7
AWAITING_FULFILLMENT: Final = 11

ScheduleIn = Callable[[float, Callable[[], None]], None]
"""Schedules a step of the world: seconds from now, function to call."""


class Shoppers:
    """Carries out order plans in the store, through the user actions of the BigCommerce twin."""

    def __init__(self, bigcommerce: BigCommerceTwin, schedule_in: ScheduleIn) -> None:
        self._bigcommerce = bigcommerce
        self._schedule_in = schedule_in
        # An earlier world may have left customers, and the store accepts each e-mail address once.
        self._customers = {
            str(customer["email"]): int(number) for number, customer in bigcommerce.store.customers.items()
        }
        self._plan_by_order: dict[str, OrderPlan] = {}
        self.edited: set[int] = set()
        """Orders whose address or shipping cost was changed."""
        self.counts: Counter[str] = Counter()
        self.pending = 0
        """Number of scheduled actions of shoppers."""

    def basket_of(self, order_number: str) -> str | None:
        """Returns the basket of a store order, None when no shopper placed it."""
        plan = self.plan_of(order_number)
        return plan.basket.id if plan else None

    def plan_of(self, order_number: str) -> OrderPlan | None:
        """Returns the plan of a store order, None when no shopper placed it."""
        return self._plan_by_order.get(order_number)

    def check_out(self, plan: OrderPlan) -> None:
        """Places the order and schedules the shopper's next actions."""
        order_id = self._place_order(plan)
        self.counts["orders"] += 1
        if plan.payment is Payment.NEVER:
            self.counts["abandoned"] += 1
            return
        if plan.incomplete_first:
            self._soon(plan.completes_after, lambda: self._complete(order_id, plan))
        else:
            self._placed(order_id, plan)

    def _place_order(self, plan: OrderPlan) -> int:
        answer = self._bigcommerce.act("place_order", self._order(plan))
        order_id = int(answer["id"])
        self._plan_by_order[str(order_id)] = plan
        return order_id

    def _order(self, plan: OrderPlan) -> dict[str, Any]:
        address = plan.person.address()
        incomplete = plan.incomplete_first
        return {
            "lines": [
                {
                    "sku": sku_of(line.product_id),
                    "quantity": line.quantity,
                    "line_total": line.shelf_total,
                    "discount": line.promotion,
                    "coupon": line.coupon,
                }
                for line in plan.basket.lines
            ],
            "coupon_code": _coupon_code(plan.basket),
            "shipping_cost": plan.shipping_cost,
            "customer_id": 0 if plan.guest else self._customer(plan),
            "billing_address": address,
            "shipping_addresses": [address],
            "status_id": INCOMPLETE if incomplete else _first_status(plan),
            "payment": "none" if incomplete else _first_payment(plan),
            "payment_method": "Bank Deposit" if plan.payment is Payment.LATER else "Credit Card",
        }

    def _customer(self, plan: OrderPlan) -> int:
        person = plan.person
        if person.email not in self._customers:
            created = self._bigcommerce.act(
                "seed_customers",
                [{"email": person.email, "first_name": person.first_name, "last_name": person.last_name}],
            )
            self._customers[person.email] = int(created["ids"][0])
        return self._customers[person.email]

    def _complete(self, order_id: int, plan: OrderPlan) -> None:
        if plan.payment is Payment.AT_ONCE:
            self._bigcommerce.act("capture_payment", {"order_id": order_id})
        self._bigcommerce.act("set_status", {"order_id": order_id, "status_id": _first_status(plan)})
        self._placed(order_id, plan)

    def _placed(self, order_id: int, plan: OrderPlan) -> None:
        cancels = plan.cancels_after
        if plan.payment is not Payment.AT_ONCE and (cancels is None or cancels > plan.pays_after):
            self._soon(plan.pays_after, lambda: self._pay(order_id, plan))
        if plan.edit is not None and (cancels is None or cancels > plan.edits_after):
            edit = plan.edit
            self._soon(plan.edits_after, lambda: self._edit(order_id, plan, edit))
        if cancels is not None:
            self._soon(cancels, lambda: self._cancel(order_id))

    def _pay(self, order_id: int, plan: OrderPlan) -> None:
        self._bigcommerce.act("capture_payment", {"order_id": order_id})
        if plan.payment is Payment.LATER:
            self._bigcommerce.act("set_status", {"order_id": order_id, "status_id": AWAITING_FULFILLMENT})
        self.counts["paid_later"] += 1

    def _cancel(self, order_id: int) -> None:
        self._bigcommerce.act("cancel_order", {"order_id": order_id})
        self.counts["cancelled"] += 1

    def _edit(self, order_id: int, plan: OrderPlan, edit: Edit) -> None:
        changes: dict[str, Any] = {"order_id": order_id}
        if edit is Edit.NOTE:
            changes["customer_message"] = "Please leave it at the back door 🙂"
        elif edit is Edit.ADDRESS:
            changes["shipping_address"] = {"street_1": f"{plan.person.street}, rear building", "street_2": "Floor 2"}
        else:
            changes["shipping_cost"] = plan.shipping_cost + Decimal("2.00")
        self._bigcommerce.act("edit_order", changes)
        if edit is not Edit.NOTE:
            self.edited.add(order_id)
        self.counts[f"edited_{edit}"] += 1

    def _soon(self, seconds: float, step: Callable[[], None]) -> None:
        self.pending += 1

        def done() -> None:
            self.pending -= 1
            step()

        self._schedule_in(seconds, done)


def _first_status(plan: OrderPlan) -> int:
    return AWAITING_PAYMENT if plan.payment is Payment.LATER else AWAITING_FULFILLMENT


def _first_payment(plan: OrderPlan) -> str:
    return {Payment.AT_ONCE: "captured", Payment.AUTHORISED_FIRST: "authorized"}.get(plan.payment, "none")


def _coupon_code(basket: Basket) -> str | None:
    return f"SAVE{int(basket.household_id) % 100:02d}" if any(line.coupon for line in basket.lines) else None
