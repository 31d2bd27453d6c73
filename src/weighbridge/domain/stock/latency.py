"""How long stock takes to reach the shop, and how fast it sells meanwhile: measured, never assumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from weighbridge.domain.values.money import ZERO

Round = tuple[datetime, datetime]
"""Beginning and end of one round of reading and telling stock, UTC."""
Sales = Sequence[tuple[datetime, Decimal]]
"""When units of a SKU were sold, oldest first, and how many."""
HOUR = timedelta(hours=1)


def latency(rounds: Sequence[Round], now: datetime) -> timedelta:
    """The longest that a change in Cin7 took of late until the shop was told: one that came just after a round began
    is told by the next one's end. The round that is under way, or overdue, counts as if it ended now.
    """
    ends = [*(end for _, end in rounds[1:]), now]
    return max((end - begin for (begin, _), end in zip(rounds, ends, strict=False)), default=timedelta(0))


def per_hour(sales: Iterable[tuple[datetime, Decimal]], since: datetime, now: datetime) -> Decimal:
    """Units sold an hour between `since` and `now`."""
    hours = Decimal(str(max((now - since) / HOUR, 1 / 3600)))
    return sum((units for at, units in sales if since <= at <= now), ZERO) / hours


def most_within(sales: Sales, window: timedelta) -> Decimal:
    """The most units that were ever sold within any stretch of time as long as `window`."""
    most, running, first = ZERO, ZERO, 0
    for at, units in sales:
        running += units
        while sales[first][0] < at - window:
            running -= sales[first][1]
            first += 1
        most = max(most, running)
    return most
