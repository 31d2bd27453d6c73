"""How long a change of stock takes to reach the store, and how fast stock sells meanwhile; both are measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from weighbridge.domain.values.money import ZERO

RunPeriod = tuple[datetime, datetime]
"""Start and end of one run that reads and publishes stock, UTC."""
Sales = Sequence[tuple[datetime, Decimal]]
"""When units of a SKU were sold, oldest first, and how many."""
HOUR = timedelta(hours=1)


def latency(runs: Sequence[RunPeriod], now: datetime) -> timedelta:
    """The longest recent time from a change in Cin7 until it was published.

    A change just after a run starts is published at the end of the next run. A running or overdue run counts as if it
    ended now.
    """
    ends = [*(end for _, end in runs[1:]), now]
    return max((end - begin for (begin, _), end in zip(runs, ends, strict=False)), default=timedelta(0))


def per_hour(sales: Iterable[tuple[datetime, Decimal]], since: datetime, now: datetime) -> Decimal:
    """Units sold per hour between `since` and `now`."""
    hours = Decimal(str(max((now - since) / HOUR, 1 / 3600)))
    return sum((units for at, units in sales if since <= at <= now), ZERO) / hours


def most_within(sales: Sales, window: timedelta) -> Decimal:
    """The most units that were sold within any period of length `window`."""
    most, running, first = ZERO, ZERO, 0
    for at, units in sales:
        running += units
        while sales[first][0] < at - window:
            running -= sales[first][1]
            first += 1
        most = max(most, running)
    return most
