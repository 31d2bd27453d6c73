"""Customer service: what people still do to an order once it is in the books, and the word to the warehouse.

Each act waits for a stage, not for an hour: the sale stands in Cin7, its goods are picked, the shop shows its parcels.
So it finds the same stage however quick the connector is, and what comes of it can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.bigcommerce.state import Order
from weighbridge_twins.world_options import WorldOptions
from weighbridge_twins.world_plan import AMENDED, Afterwards, Edit, OrderPlan
from weighbridge_twins.world_shoppers import Later, Shoppers
from weighbridge_twins.world_words import Word

_LOOK_SECONDS: Final = 30.0
_AT_THE_SALE: Final = frozenset({*AMENDED, Afterwards.CANCELLED, Afterwards.REFUNDED_WHOLE})
_WITH_THE_SHOPPER: Final = frozenset({Afterwards.RETURNED, Afterwards.SHIPPING_REFUNDED})


class CustomerService:
    """Carries out what the plans say will happen afterwards."""

    def __init__(self, shop: BigCommerceTwin, shoppers: Shoppers, later: Later, options: WorldOptions) -> None:
        self._shop = shop
        self._shoppers = shoppers
        self._later = later
        self._patience = options.hold_back_minutes * 60.0
        self._begun: set[str] = set()
        self._done: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.pending = 0
        """Things that are still going to be done."""

    @property
    def acts(self) -> int:
        """How much has happened, or was given up."""
        return len(self._done) + self.counts["gave_up"]

    def sale_came(self, number: str) -> None:
        """The sale of a shop order is authorised in Cin7."""
        self._begin(number, _AT_THE_SALE)

    def picked(self, number: str) -> None:
        """Its goods are in somebody's hands."""
        self._begin(number, frozenset({Afterwards.CANCELLED_PICKED}))

    def left(self, number: str, parcels: int) -> None:
        """All its parcels left; what waits for them waits until the shop shows them."""
        plan = self._shoppers.plan_of(number)
        if plan and plan.afterwards in _WITH_THE_SHOPPER and number not in self._begun:
            self.pending += 1
            self._await_parcels(number, plan, parcels, 0.0)

    def word(self, number: str, sale: Mapping[str, Any]) -> Word:
        """Whether the warehouse may ship the sale as it stands."""
        plan = self._shoppers.plan_of(number)
        if plan is None:
            return Word.SHIP
        if plan.afterwards is Afterwards.CANCELLED_PICKED:
            return Word.PUT_BACK if number in self._done else Word.PICK
        if plan.ends:
            return Word.STOP
        changes = plan.edit is not None and plan.edit is not Edit.NOTE
        changed = int(number) in self._shoppers.edited
        amends = plan.afterwards in AMENDED
        if (changes and not changed) or (amends and number not in self._done):
            return Word.WAIT
        return Word.SHIP if not (changes or amends) or _shows(sale, self._order(number)) else Word.WAIT

    def _begin(self, number: str, kinds: frozenset[Afterwards]) -> None:
        plan = self._shoppers.plan_of(number)
        if plan is None or plan.afterwards not in kinds or number in self._begun:
            return
        self._begun.add(number)
        self.pending += 1
        self._later(plan.acts_after, lambda: self._act(number, plan))

    def _await_parcels(self, number: str, plan: OrderPlan, parcels: int, waited: float) -> None:
        if len(self._order(number).shipments) >= parcels:
            self.pending -= 1
            self._begin(number, _WITH_THE_SHOPPER)
        elif waited >= self._patience:
            self.pending -= 1
            self.counts["gave_up"] += 1
        else:
            self._later(_LOOK_SECONDS, lambda: self._await_parcels(number, plan, parcels, waited + _LOOK_SECONDS))

    def _act(self, number: str, plan: OrderPlan) -> None:
        order, kind = self._order(number), plan.afterwards
        assert kind is not None
        if kind in AMENDED:
            self._shop.act("edit_order", {"order_id": order.id, **_change(kind, order, plan)})
            self._shoppers.edited.add(order.id)
        elif kind in (Afterwards.CANCELLED, Afterwards.CANCELLED_PICKED):
            self._shop.act("cancel_order", {"order_id": order.id})
        else:
            items = REFUNDED[kind](order)
            self._shop.act("refund_order", {"order_id": order.id, "items": items, "reason": _REASONS[kind]})
        self.pending -= 1
        self._done.add(number)
        self.counts[kind] += 1

    def _order(self, number: str) -> Order:
        return self._shop.shop.orders[int(number)]


def _change(kind: Afterwards, order: Order, plan: OrderPlan) -> dict[str, Any]:
    match kind:
        case Afterwards.SHIPPING_COST:
            return {"shipping_cost": plan.shipping_cost + Decimal("3.00")}
        case Afterwards.MORE:
            line = order.products[0]
            return {"line": line["id"], "quantity": int(line["quantity"]) + 1}
        case Afterwards.FEWER:
            line = next(line for line in order.products if line["quantity"] > 1)
            return {"line": line["id"], "quantity": int(line["quantity"]) - 1}
        case Afterwards.LINE_REMOVED:
            return {"remove_line": order.products[-1]["id"]}
        case _:
            return {"shipping_address": {"street_1": f"{plan.person.street}, gate house"}}


def _whole(order: Order) -> list[dict[str, Any]]:
    return [_units(line, int(line["quantity"])) for line in order.products] + _shipping(order)


def _one_unit(order: Order) -> list[dict[str, Any]]:
    """One unit of the line that cost the most."""
    line = max(order.products, key=lambda one: (one["discounted_total_inc_tax"], one["id"]))
    return [_units(line, 1)]


def _shipping(order: Order) -> list[dict[str, Any]]:
    return [
        {"item_type": "SHIPPING", "item_id": row["id"], "amount": row["cost_inc_tax"]}
        for row in order.addresses
        if row["cost_inc_tax"]
    ]


def _units(line: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    return {"item_type": "PRODUCT", "item_id": line["id"], "quantity": quantity}


REFUNDED: Final[Mapping[Afterwards, Callable[[Order], list[dict[str, Any]]]]] = {
    Afterwards.REFUNDED_WHOLE: _whole,
    Afterwards.RETURNED: _one_unit,
    Afterwards.SHIPPING_REFUNDED: _shipping,
}
"""The items of each kind of refund."""
_REASONS: Final = {
    Afterwards.REFUNDED_WHOLE: "Ordered twice by mistake",
    Afterwards.RETURNED: "Sent back unopened",
    Afterwards.SHIPPING_REFUNDED: "The parcel was late",
}


def _shows(sale: Mapping[str, Any], order: Order) -> bool:
    """Whether the sale is worth what its order is, and goes where it goes."""
    total = Decimal(str((sale.get("Order") or {}).get("Total") or 0))
    street = str((sale.get("ShippingAddress") or {}).get("Line1") or "")
    return bool(total == order.fields["total_inc_tax"] and street == order.addresses[0]["street_1"])
