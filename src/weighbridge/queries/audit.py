"""The audit log's chain: checking it reads every line, so all who look within a minute share one check."""

from __future__ import annotations

from weighbridge.access.audit import Broken
from weighbridge.app.context import Office

AUDIT_LINES = 100
"""Lines of a page."""
CHECKED_SECONDS = 60.0


async def chain_of(office: Office) -> Broken | None:
    """Where the chain does not hold; None when it holds from the first line to the last."""
    return await office.memory.recall("audit", CHECKED_SECONDS, office.access.audit.check)
