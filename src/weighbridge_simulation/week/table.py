"""The table of faults. The seed alone decides which of them occur in a week, and when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from weighbridge_simulation.week.fault import HOUR, Fault, InjectedFault
from weighbridge_simulation.week.faults_of_orders import ORDERS
from weighbridge_simulation.week.faults_of_platforms import PLATFORMS
from weighbridge_simulation.week.faults_of_returns import RETURNS
from weighbridge_simulation.week.faults_of_sales import SALES
from weighbridge_simulation.week.faults_of_stock import STOCK

FAULTS: tuple[Fault, ...] = (*ORDERS, *SALES, *RETURNS, *STOCK, *PLATFORMS)
FAULTS_PER_WEEK = 40


def draw_faults(
    seed: int, length: timedelta, count: int = FAULTS_PER_WEEK, names: Sequence[str] = ()
) -> list[InjectedFault]:
    """Draws `count` faults that can be found within `length`, or those of `names`, each with its start, earliest first.

    Raises ValueError for an unknown name, and for a named fault that cannot be found before the week is over.
    """
    known = {fault.name: fault for fault in FAULTS}
    if unknown := sorted(set(names) - known.keys()):
        raise ValueError(f"unknown fault: {', '.join(unknown)}; --only takes one of {', '.join(sorted(known))}")
    fitting = [fault for fault in FAULTS if _latest(fault, length) >= fault.from_hour]
    if long := sorted(set(names) - {fault.name for fault in fitting}):
        raise ValueError(f"the week is too short to find {', '.join(long)}; use more --hours")
    dice = random.Random(f"{seed}/faults")
    chosen = [known[name] for name in names] or dice.sample(fitting, min(count, len(fitting)))
    injected = (InjectedFault(fault, _start_offset(fault, length, seed)) for fault in chosen)
    return sorted(injected, key=lambda fault: fault.begins)


def _latest(fault: Fault, length: timedelta) -> float:
    """The latest hour at which a fault can start and still be found before the week is over."""
    return min(fault.to_hour, (length - fault.within - fault.takes) / HOUR)


def _start_offset(fault: Fault, length: timedelta, seed: int) -> timedelta:
    dice = random.Random(f"{seed}/when/{fault.name}")
    return timedelta(hours=dice.uniform(fault.from_hour, _latest(fault, length)))
