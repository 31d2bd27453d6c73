"""Leases: one run at a time works on a transfer, whichever worker it is in."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.tables import transfers


class LeaseLost(Exception):
    """Another run holds this transfer; the caller must stop without calling outside."""


async def take_lease(transaction: AsyncConnection, transfer_id: str, run: str, now: datetime, seconds: float) -> None:
    """Takes or renews the lease for `run`. Raises LeaseLost while another run holds it."""
    free = (transfers.c.lease_owner == "") | (transfers.c.lease_owner == run) | (transfers.c.lease_until < now)
    result = await transaction.execute(
        sa.update(transfers)
        .where(transfers.c.id == transfer_id, free)
        .values(lease_owner=run, lease_until=now + timedelta(seconds=seconds))
    )
    if result.rowcount == 0:
        raise LeaseLost(transfer_id)


async def give_lease_back(transaction: AsyncConnection, transfer_id: str, run: str) -> None:
    """Frees the transfer, if `run` still holds it."""
    await transaction.execute(
        sa.update(transfers)
        .where(transfers.c.id == transfer_id, transfers.c.lease_owner == run)
        .values(lease_owner="", lease_until=None)
    )
