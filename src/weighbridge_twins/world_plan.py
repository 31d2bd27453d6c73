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

from weighbridge_twins.baskets import Basket
from weighbridge_twins.world_options import WorldOptions
from weighbridge_twins.world_people import Person, person_of

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


class Afterwards(StrEnum):
    """What happens to an order once it is in the books, each at a stage of its own."""

    SHIPPING_COST = "shipping_cost"
    MORE = "more"
    FEWER = "fewer"
    LINE_REMOVED = "line_removed"
    ADDRESS = "address"
    CANCELLED = "cancelled"
    CANCELLED_PICKED = "cancelled_picked"
    REFUNDED_WHOLE = "refunded_whole"
    RETURNED = "returned"
    SHIPPING_REFUNDED = "shipping_refunded"


AMENDED: Final = (
    Afterwards.SHIPPING_COST, Afterwards.MORE, Afterwards.FEWER, Afterwards.LINE_REMOVED, Afterwards.ADDRESS,
)  # fmt: skip
ENDED: Final = frozenset({Afterwards.CANCELLED, Afterwards.CANCELLED_PICKED, Afterwards.REFUNDED_WHOLE})
"""After these nothing of an order is shipped."""


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
    afterwards: Afterwards | None = None
    acts_after: float = 0.0
    """From the stage that `afterwards` waits for until it happens."""

    @property
    def ends(self) -> bool:
        """Whether the order ends before anything of it is shipped."""
        return self.cancels_after is not None or self.afterwards in ENDED

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
    cost = Decimal(0) if free else cost
    at_ease = payment is Payment.AT_ONCE and not cancelled
    afterwards, acts = _afterwards(basket, cost, options)
    return OrderPlan(
        basket=basket,
        person=person_of(basket.household_id, options.seed, options.unusual_name_share),
        arrives=arrives,
        guest=guest,
        shipping_cost=cost,
        incomplete_first=incomplete or abandoned,
        payment=payment,
        completes_after=completes,
        pays_after=pays,
        cancels_after=(cancels * pays / (cancels + pays) if early else pays + cancels) if cancelled else None,
        edit=Edit.SHIPPING_COST if money else (Edit.ADDRESS if address else Edit.NOTE) if edited else None,
        edits_after=edits,
        afterwards=afterwards if at_ease else None,
        acts_after=acts,
    )


def _afterwards(basket: Basket, shipping_cost: Decimal, options: WorldOptions) -> tuple[Afterwards | None, float]:
    """At most one thing, by dice of its own, and how long it takes; what the basket does not allow is exchanged."""
    dice = random.Random(f"{options.seed}/later/{basket.id}")
    drawn, amended, acts = dice.random(), dice.choice(AMENDED), dice.uniform(*options.settle_minutes) * _SECONDS
    shares = (
        (options.amend_share, amended),
        (options.posted_cancel_share, Afterwards.CANCELLED),
        (options.picked_cancel_share, Afterwards.CANCELLED_PICKED),
        (options.whole_refund_share, Afterwards.REFUNDED_WHOLE),
        (options.return_share, Afterwards.RETURNED),
        (options.shipping_refund_share, Afterwards.SHIPPING_REFUNDED),
    )
    for share, chosen in shares:
        if drawn < share:
            return _possible(chosen, basket, shipping_cost), acts
        drawn -= share
    return None, acts


def _possible(chosen: Afterwards, basket: Basket, shipping_cost: Decimal) -> Afterwards:
    if chosen is Afterwards.FEWER and not any(line.quantity > 1 for line in basket.lines):
        return Afterwards.MORE
    if chosen is Afterwards.LINE_REMOVED and len(basket.lines) < 2:
        return Afterwards.SHIPPING_COST
    if chosen is Afterwards.SHIPPING_REFUNDED and not shipping_cost:
        return Afterwards.RETURNED
    return chosen


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
