"""How long must somebody wait before trying to sign in again? Longer with every failure, and not for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

COUNTED = timedelta(minutes=30)
"""How long a failure counts."""
FREE_BY_NAME = 5
"""Failures for one name before waits begin."""
FREE_BY_ADDRESS = 20
"""Failures from one address: many people may share one."""
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)


def wait_after(failures: Sequence[datetime], free: int, now: datetime) -> timedelta:
    """What is left to wait after these failures, of which `free` cost nothing; zero when a try is welcome.

    The wait doubles with each further failure, up to LONGEST_WAIT, and counts from the latest of them.
    """
    beyond = len(failures) - free
    if beyond < 0:
        return timedelta(0)
    wait = min(FIRST_WAIT * (1 << min(beyond, 20)), LONGEST_WAIT)
    return max(timedelta(0), max(failures, default=now) + wait - now)
