"""The state of each monitor: when it ran last, and the number of its findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.domain.exceptions.owners import default_owner
from weighbridge.monitors import MONITORS
from weighbridge.monitors.runner import LAST_RUN
from weighbridge.persistence.repositories import Repositories


@dataclass(frozen=True, slots=True)
class MonitorState:
    """The state of one monitor of one connection."""

    connection: str
    monitor: str
    watches: str
    kind: str
    owner: str
    """The default owner; the design may name another."""
    last_run_at: datetime | None
    finding_count: int | None
    """None before its first run."""


async def monitor_states(repositories: Repositories, connection: str) -> list[MonitorState]:
    """Every monitor of a connection, in the order in which a run checks them."""
    states = []
    for monitor in MONITORS:
        cached = await repositories.reference_cache.read(connection, f"{LAST_RUN}{monitor.name}")
        count, last_run_at = cached or (None, None)
        owner = str(default_owner(monitor.kind))
        states.append(
            MonitorState(connection, monitor.name, monitor.watches, str(monitor.kind), owner, last_run_at, count)
        )
    return states
