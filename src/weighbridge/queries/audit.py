"""The check of the audit log's chain: it reads every line, so its result is shared for a minute."""

from __future__ import annotations

from weighbridge.access.audit import BrokenChain
from weighbridge.app.context import AppContext

AUDIT_LINES = 100
"""Lines on a page."""
CACHE_SECONDS = 60.0


async def chain_of(app: AppContext) -> BrokenChain | None:
    """Where the chain is broken; None if it is intact from the first line to the last."""
    return await app.cache.get_or_compute("audit", CACHE_SECONDS, app.access.audit.check)
