"""How long a user must wait before the next sign-in: longer with every failure, up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

COUNTED = timedelta(minutes=30)
"""How long a failure counts."""
FREE_BY_NAME = 5
"""Failures for one name before waits start."""
FREE_BY_ADDRESS = 20
"""Failures from one address before waits start; many users may share an address."""
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)


def wait_after(failures: Sequence[datetime], free: int, now: datetime) -> timedelta:
    """The remaining wait after these failures, of which `free` cause none; zero when a sign-in is allowed.

    The wait doubles with each further failure, up to LONGEST_WAIT, and counts from the latest of them.
    """
    excess = len(failures) - free
    if excess < 0:
        return timedelta(0)
    wait = min(FIRST_WAIT * (1 << min(excess, 20)), LONGEST_WAIT)
    return max(timedelta(0), max(failures, default=now) + wait - now)
