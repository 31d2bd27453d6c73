"""What a week is made of: how long, how busy, which faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS, Basket
from weighbridge_twins.world_options import WorldOptions

MONDAY: Final = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""When the shop opens."""
HOP: Final = timedelta(minutes=12)
"""The clock is moved so far at once, whenever nothing is left to do; less than looks may be late."""
SPEED: Final = 20.0
"""Seconds of the twins' time that pass in one while there is something to do."""
A_WEEK_AND_A_MORNING: Final = 7 * 24.0 + 14.0
"""Hours: what the last day brings is found the morning after, and only then is there a week before to call usual."""
LARGEST_LINE: Final = 20
MOST_LINES: Final = 12
FAULT_BASKETS: Final = 70
"""Baskets kept for orders that faults need."""


@dataclass(frozen=True, slots=True)
class WeekOptions:
    """One week."""

    orders: int = 160
    seed: int = 1
    hours: float = A_WEEK_AND_A_MORNING
    names: Sequence[str] = ()
    """Faults by name; every one when empty, none in a clean week."""
    bad: bool = False
    baskets: Path = SAMPLE_BASKETS
    products: Path = SAMPLE_PRODUCTS

    @property
    def length(self) -> timedelta:
        """From the opening of the shop to the last look."""
        return timedelta(hours=self.hours)

    def world(self) -> WorldOptions:
        """Shoppers and warehouse of an ordinary week: they edit, cancel before anybody picks, return and are refunded.

        Nothing is scarce, everything is known to both sides, and every parcel leaves within a day.
        """
        return WorldOptions(
            seed=self.seed,
            span_minutes=self.length / timedelta(minutes=1),
            settle_minutes=(20.0, 90.0),
            hold_back_minutes=48 * 60.0,
            invoice_at_dispatch=True,
            amend_share=0.05,
            posted_cancel_share=0.015,
            whole_refund_share=0.01,
            return_share=0.03,
            shipping_refund_share=0.015,
            pick_minutes=(5 * 60.0, 20 * 60.0),
            second_parcel_minutes=(60.0, 10 * 60.0),
            late_tracking_minutes=(60.0, 8 * 60.0),
            scarce_share=0.0,
        )


def is_clean(basket: Basket, products: frozenset[str]) -> bool:
    """Whether a shop could have sold the basket as it stands.

    The retailer's data have lines without units, fuel by the thousandth of a gallon, products that no list knows, and
    baskets of a hundred lines; what the product says to those is shown elsewhere.
    """
    lines = basket.lines
    whole = all(0 < line.quantity <= LARGEST_LINE and line.product_id in products for line in lines)
    return whole and 0 < len(lines) <= MOST_LINES and basket.paid > 0
