"""The table of faults, and which of them strike in a week, and when: decided by the seed alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from weighbridge_simulation.week.fault import HOUR, Fault, Injected
from weighbridge_simulation.week.faults_of_orders import ORDERS
from weighbridge_simulation.week.faults_of_platforms import PLATFORMS
from weighbridge_simulation.week.faults_of_returns import RETURNS
from weighbridge_simulation.week.faults_of_sales import SALES
from weighbridge_simulation.week.faults_of_stock import STOCK

FAULTS: tuple[Fault, ...] = (*ORDERS, *SALES, *RETURNS, *STOCK, *PLATFORMS)
A_WEEKS_FAULTS = 40


def drawn(seed: int, length: timedelta, count: int = A_WEEKS_FAULTS, names: Sequence[str] = ()) -> list[Injected]:
    """`count` faults of the table that can be found in so long a time, or those of `names`, each with its moment, the
    earliest first. Raises ValueError for a name that is none, and for a week too short for what was named."""
    known = {one.name: one for one in FAULTS}
    if unknown := sorted(set(names) - known.keys()):
        raise ValueError(f"no fault is called {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    fitting = [one for one in FAULTS if _latest(one, length) >= one.from_hour]
    if long := sorted(set(names) - {one.name for one in fitting}):
        raise ValueError(f"the week is over before these had to be found: {', '.join(long)}")
    dice = random.Random(f"{seed}/faults")
    chosen = [known[name] for name in names] or dice.sample(fitting, min(count, len(fitting)))
    return sorted((Injected(one, _moment(one, length, seed)) for one in chosen), key=lambda one: one.begins)


def _latest(fault: Fault, length: timedelta) -> float:
    """The hour at which a fault must begin at the latest to be found before the week is over."""
    return min(fault.to_hour, (length - fault.within - fault.takes) / HOUR)


def _moment(fault: Fault, length: timedelta, seed: int) -> timedelta:
    dice = random.Random(f"{seed}/when/{fault.name}")
    return timedelta(hours=dice.uniform(fault.from_hour, _latest(fault, length)))
