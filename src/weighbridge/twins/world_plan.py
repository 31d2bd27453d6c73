"""What will happen to one order, decided before anything happens: by the seed and the basket alone.

Nothing here depends on how a connector behaves, so a connector that was killed meets the same shoppers as one that
was not, and two runs can be compared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from weighbridge.twins.baskets import Basket
from weighbridge.twins.world_options import WorldOptions
from weighbridge.twins.world_people import Person, person_of

_SHIPPING: Final = (Decimal("4.99"), Decimal("7.95"), Decimal("12.50"))
_CARRIERS: Final = ("UPS", "USPS", "FedEx")
_SECONDS: Final = 60.0


class Payment(StrEnum):
    """How an order is paid."""

    AT_ONCE = "at_once"
    AUTHORISED_FIRST = "authorised_first"
    LATER = "later"
    NEVER = "never"
    """The shopper leaves at the payment page: the order stays Incomplete."""


class Edit(StrEnum):
    """What is changed after the order was placed."""

    NOTE = "note"
    ADDRESS = "address"
    SHIPPING_COST = "shipping_cost"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How the warehouse handles a sale; delays in seconds of the twins' clock."""

    pick_after: float
    parcels: int
    second_after: float
    late_tracking: tuple[bool, bool]
    tracking_after: float
    carrier: str
    tracking: tuple[str, str]


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """Everything that people will do with one basket; times in seconds after the world began or after placing."""

    basket: Basket
    person: Person
    arrives: float
    guest: bool
    shipping_cost: Decimal
    incomplete_first: bool
    payment: Payment
    completes_after: float
    """From Incomplete to placed."""
    pays_after: float
    cancels_after: float | None
    """None: the order is not cancelled."""
    edit: Edit | None
    edits_after: float

    @property
    def placed_at(self) -> float:
        """When the order leaves Incomplete, in seconds after the world began."""
        return self.arrives + (self.completes_after if self.incomplete_first else 0.0)


def plan_orders(baskets: list[Basket], options: WorldOptions) -> list[OrderPlan]:
    """The plans of all orders in the order of their arrival."""
    between = _SECONDS / options.arrivals_per_minute
    if options.span_minutes is not None and baskets:
        between = options.span_minutes * _SECONDS / len(baskets)
    return [_plan(basket, number * between, between, options) for number, basket in enumerate(baskets)]


def _plan(basket: Basket, slot: float, between: float, options: WorldOptions) -> OrderPlan:
    dice = random.Random(f"{options.seed}/order/{basket.id}")

    def happens(share: float) -> bool:
        return dice.random() < share

    def soon() -> float:
        return dice.uniform(*options.settle_minutes) * _SECONDS

    # Every draw is made whatever the others gave: changing one share leaves the other decisions as they were.
    arrives = slot + dice.random() * between
    guest, free = happens(options.guest_share), happens(options.free_shipping_share)
    cost = dice.choice(_SHIPPING)
    incomplete, abandoned = happens(options.incomplete_share), happens(options.abandoned_share)
    authorised, later = happens(options.authorised_share), happens(options.awaiting_payment_share)
    cancelled, early = happens(options.cancel_share), happens(0.5)
    edited, address, money = happens(options.edit_share), happens(0.5), happens(options.money_edit_share)
    completes, pays, cancels, edits = soon(), soon(), soon(), soon()
    payment = Payment.AT_ONCE
    if abandoned:
        payment = Payment.NEVER
    elif later:
        payment = Payment.LATER
    elif authorised or (cancelled and early):
        payment = Payment.AUTHORISED_FIRST
    return OrderPlan(
        basket=basket,
        person=person_of(basket.household_id, options.seed, options.unusual_name_share),
        arrives=arrives,
        guest=guest,
        shipping_cost=Decimal(0) if free else cost,
        incomplete_first=incomplete or abandoned,
        payment=payment,
        completes_after=completes,
        pays_after=pays,
        cancels_after=(cancels * pays / (cancels + pays) if early else pays + cancels) if cancelled else None,
        edit=Edit.SHIPPING_COST if money else (Edit.ADDRESS if address else Edit.NOTE) if edited else None,
        edits_after=edits,
    )


def plan_dispatch(key: str, options: WorldOptions) -> Dispatch:
    """How the warehouse handles the sale of basket `key`, or a sale of another origin by its own number."""
    dice = random.Random(f"{options.seed}/dispatch/{key}")
    return Dispatch(
        pick_after=dice.uniform(*options.pick_minutes) * _SECONDS,
        parcels=2 if dice.random() < options.partial_share else 1,
        second_after=dice.uniform(*options.second_parcel_minutes) * _SECONDS,
        late_tracking=(dice.random() < options.late_tracking_share, dice.random() < options.late_tracking_share),
        tracking_after=dice.uniform(*options.late_tracking_minutes) * _SECONDS,
        carrier=dice.choice(_CARRIERS),
        tracking=(f"1Z{dice.randrange(10**14):014d}", f"1Z{dice.randrange(10**14):014d}"),
    )
