"""Plans what the simulated people do with each order; the seed and the basket alone decide.

No plan depends on the behaviour of a connector, so a connector that was killed meets the same shoppers as one that
was not, and two runs can be compared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from weighbridge_twins.baskets import Basket
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.people import Person, person_of

_SHIPPING: Final = (Decimal("4.99"), Decimal("7.95"), Decimal("12.50"))
_CARRIERS: Final = ("UPS", "USPS", "FedEx")
_SECONDS: Final = 60.0


class Payment(StrEnum):
    """How an order is paid."""

    AT_ONCE = "at_once"
    AUTHORISED_FIRST = "authorised_first"
    LATER = "later"
    NEVER = "never"
    """The shopper leaves the payment page; the order stays Incomplete."""


class Edit(StrEnum):
    """A change of an order after it was placed."""

    NOTE = "note"
    ADDRESS = "address"
    SHIPPING_COST = "shipping_cost"


class FollowUp(StrEnum):
    """A change, cancellation or refund of an order that is in Cin7; each waits for its own stage."""

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
    FollowUp.SHIPPING_COST, FollowUp.MORE, FollowUp.FEWER, FollowUp.LINE_REMOVED, FollowUp.ADDRESS,
)  # fmt: skip
ENDED: Final = frozenset({FollowUp.CANCELLED, FollowUp.CANCELLED_PICKED, FollowUp.REFUNDED_WHOLE})
"""Follow-ups after which nothing of the order is shipped."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How the warehouse ships a sale; delays in seconds of the twins' clock."""

    pick_after: float
    parcels: int
    second_after: float
    late_tracking: tuple[bool, bool]
    tracking_after: float
    carrier: str
    tracking: tuple[str, str]


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """The plan of one order. `arrives_at`: seconds after the start of the world; `..._after`: seconds of delay."""

    basket: Basket
    person: Person
    arrives_at: float
    guest: bool
    shipping_cost: Decimal
    incomplete_first: bool
    payment: Payment
    completes_after: float
    """Delay from Incomplete to placed."""
    pays_after: float
    cancels_after: float | None
    """None: the order is not cancelled."""
    edit: Edit | None
    edits_after: float
    follow_up: FollowUp | None = None
    follow_up_after: float = 0.0
    """Delay from the stage that `follow_up` waits for."""

    @property
    def ends(self) -> bool:
        """Whether the order is cancelled or fully refunded before anything is shipped."""
        return self.cancels_after is not None or self.follow_up in ENDED

    @property
    def placed_at(self) -> float:
        """When the order leaves Incomplete, in seconds after the start of the world."""
        return self.arrives_at + (self.completes_after if self.incomplete_first else 0.0)


def plan_orders(baskets: list[Basket], options: WorldOptions) -> list[OrderPlan]:
    """Returns the plans of all orders, sorted by arrival."""
    between = _SECONDS / options.arrivals_per_minute
    if options.span_minutes is not None and baskets:
        between = options.span_minutes * _SECONDS / len(baskets)
    return [_plan(basket, number * between, between, options) for number, basket in enumerate(baskets)]


def _plan(basket: Basket, earliest: float, between: float, options: WorldOptions) -> OrderPlan:
    dice = random.Random(f"{options.seed}/order/{basket.id}")

    def happens(share: float) -> bool:
        return dice.random() < share

    def soon() -> float:
        return dice.uniform(*options.settle_minutes) * _SECONDS

    # Every draw is always made, so changing one share does not change the other decisions.
    arrives_at = earliest + dice.random() * between
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
    follow_up, follow_up_after = _plan_follow_up(basket, cost, options)
    return OrderPlan(
        basket=basket,
        person=person_of(basket.household_id, options.seed, options.unusual_name_share),
        arrives_at=arrives_at,
        guest=guest,
        shipping_cost=cost,
        incomplete_first=incomplete or abandoned,
        payment=payment,
        completes_after=completes,
        pays_after=pays,
        cancels_after=(cancels * pays / (cancels + pays) if early else pays + cancels) if cancelled else None,
        edit=Edit.SHIPPING_COST if money else (Edit.ADDRESS if address else Edit.NOTE) if edited else None,
        edits_after=edits,
        follow_up=follow_up if at_ease else None,
        follow_up_after=follow_up_after,
    )


def _plan_follow_up(basket: Basket, shipping_cost: Decimal, options: WorldOptions) -> tuple[FollowUp | None, float]:
    """Draws at most one follow-up and its delay; replaces a follow-up that the basket does not allow."""
    dice = random.Random(f"{options.seed}/later/{basket.id}")
    drawn, amended, delay = dice.random(), dice.choice(AMENDED), dice.uniform(*options.settle_minutes) * _SECONDS
    shares = (
        (options.amend_share, amended),
        (options.posted_cancel_share, FollowUp.CANCELLED),
        (options.picked_cancel_share, FollowUp.CANCELLED_PICKED),
        (options.whole_refund_share, FollowUp.REFUNDED_WHOLE),
        (options.return_share, FollowUp.RETURNED),
        (options.shipping_refund_share, FollowUp.SHIPPING_REFUNDED),
    )
    for share, chosen in shares:
        if drawn < share:
            return _possible(chosen, basket, shipping_cost), delay
        drawn -= share
    return None, delay


def _possible(chosen: FollowUp, basket: Basket, shipping_cost: Decimal) -> FollowUp:
    if chosen is FollowUp.FEWER and not any(line.quantity > 1 for line in basket.lines):
        return FollowUp.MORE
    if chosen is FollowUp.LINE_REMOVED and len(basket.lines) < 2:
        return FollowUp.SHIPPING_COST
    if chosen is FollowUp.SHIPPING_REFUNDED and not shipping_cost:
        return FollowUp.RETURNED
    return chosen


def plan_dispatch(key: str, options: WorldOptions) -> Dispatch:
    """Returns how the warehouse ships the sale of basket `key`; for a sale without a basket, `key` is its number."""
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
