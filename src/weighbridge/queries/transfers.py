"""Transfers of a connection by state and flow."""

from __future__ import annotations

from collections.abc import Collection

from weighbridge.app.context import AppContext
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.transfers import transfers

MOST_TRANSFERS = 10_000


async def transfers_of(app: AppContext, connection: str, states: Collection[State], flow: str) -> list[Transfer]:
    """The transfers of `connection` in one of `states`, oldest first; of `flow` only, unless it is empty."""
    condition = (transfers.c.connection == connection) & transfers.c.state.in_(states)
    if flow:
        condition &= transfers.c.flow == flow
    return await app.repositories.transfers.select(condition, limit=MOST_TRANSFERS)
