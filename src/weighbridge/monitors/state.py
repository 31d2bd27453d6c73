"""When each monitor looked last, and how much it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.domain.findings.finding import default_owner
from weighbridge.monitors import MONITORS
from weighbridge.monitors.runner import LOOKED
from weighbridge.persistence.repositories import Journal


@dataclass(frozen=True, slots=True)
class Looked:
    """One monitor of one connection."""

    connection: str
    monitor: str
    watches: str
    kind: str
    owner: str
    """Unless the design names another."""
    looked_at: datetime | None
    found: int | None
    """None before its first look."""


async def looked(journal: Journal, connection: str) -> list[Looked]:
    """Every monitor of a connection, in the order in which a round looks."""
    rows = []
    for one in MONITORS:
        kept = await journal.references.read(connection, f"{LOOKED}{one.name}")
        found, at = kept or (None, None)
        owner = str(default_owner(one.kind))
        rows.append(Looked(connection, one.name, one.watches, str(one.kind), owner, at, found))
    return rows
