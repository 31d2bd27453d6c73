"""Leases: one run at a time works on a transfer, whichever worker it is in."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.persistence.tables.transfers import transfers


class LeaseLost(Exception):
    """Another run holds this transfer; the caller must stop without calling outside."""


TAKE = (
    sa.update(transfers)
    .where(
        transfers.c.id == sa.bindparam("transfer"),
        (transfers.c.lease_owner == "")
        | (transfers.c.lease_owner == sa.bindparam("run"))
        | (transfers.c.lease_until < sa.bindparam("moment", type_=transfers.c.lease_until.type)),
    )
    .values(lease_owner=sa.bindparam("run"), lease_until=sa.bindparam("until", type_=transfers.c.lease_until.type))
)
GIVE_BACK = (
    sa.update(transfers)
    .where(transfers.c.id == sa.bindparam("transfer"), transfers.c.lease_owner == sa.bindparam("run"))
    .values(lease_owner="", lease_until=None)
)


async def take_lease(transaction: AsyncConnection, transfer_id: str, run: str, now: datetime, seconds: float) -> None:
    """Takes or renews the lease for `run`. Raises LeaseLost while another run holds it."""
    until = now + timedelta(seconds=seconds)
    asked = {"transfer": transfer_id, "run": run, "moment": now, "until": until}
    if (await transaction.execute(TAKE, asked)).rowcount == 0:
        raise LeaseLost(transfer_id)


async def give_lease_back(transaction: AsyncConnection, transfer_id: str, run: str) -> None:
    """Frees the transfer, if `run` still holds it."""
    await transaction.execute(GIVE_BACK, {"transfer": transfer_id, "run": run})
