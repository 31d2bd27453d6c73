"""The options of a week: its length, its number of orders and its faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS, Basket
from weighbridge_twins.world.options import WorldOptions

MONDAY: Final = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""When the store opens."""
HOP: Final = timedelta(minutes=12)
"""The step by which the clock moves when no job is due; shorter than the delay at which a job counts as late."""
SPEED: Final = 20.0
"""Seconds of the twins' time that pass per second while jobs are running."""
A_WEEK_AND_A_MORNING: Final = 7 * 24.0 + 14.0
"""Hours. Faults of the last day are found the next morning; the monitor of new orders needs a full week before it."""
LARGEST_LINE: Final = 20
MOST_LINES: Final = 12
FAULT_BASKETS: Final = 70
"""Baskets reserved for the orders of faults."""


@dataclass(frozen=True, slots=True)
class WeekOptions:
    """One week."""

    orders: int = 160
    seed: int = 1
    hours: float = A_WEEK_AND_A_MORNING
    names: Sequence[str] = ()
    """Names of the faults to inject; empty to draw them from the table."""
    bad: bool = False
    baskets: Path = SAMPLE_BASKETS
    products: Path = SAMPLE_PRODUCTS

    @property
    def length(self) -> timedelta:
        """From the opening of the store to the last job."""
        return timedelta(hours=self.hours)

    def world(self) -> WorldOptions:
        """Shoppers and warehouse of an ordinary week: orders are edited, cancelled before picking, returned, refunded.

        No product is scarce, both platforms know every product, and every parcel is shipped within a day.
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
    """True when a store could have sold the basket without changes.

    The retailer's data contains lines without units, fuel by the thousandth of a gallon, products that are in no list,
    and baskets of a hundred lines. Other tests show how the product handles those.
    """
    lines = basket.lines
    whole = all(0 < line.quantity <= LARGEST_LINE and line.product_id in products for line in lines)
    return whole and 0 < len(lines) <= MOST_LINES and basket.paid > 0
