"""The API applications of a connection, each with the budget that all its workers share."""

from __future__ import annotations

import hashlib

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection
from weighbridge.domain.lanes import Lane
from weighbridge.persistence.database import Database
from weighbridge.platforms.budget import Budget

SHOP_WINDOW_SECONDS = 30.0
SHOP_QUOTA = 150
"""Calls per window until the store's own headers say otherwise. Source: platform notes, bigcommerce 1.3."""
BOOKS_WINDOW_SECONDS = 60.0
BOOKS_IN_FLIGHT = 6


def shop_budget(database: Database, clock: Clock, connection: Connection) -> Budget:
    """The budget of the store's API account."""
    quota = connection.design.quota
    return Budget(
        database,
        clock,
        f"bigcommerce:{connection.bigcommerce.store_hash}",
        capacity=SHOP_QUOTA,
        window_seconds=SHOP_WINDOW_SECONDS,
        reserve=quota.bigcommerce_reserve,
        in_flight=quota.bigcommerce_in_flight,
    )


def company(account_id: str) -> str:
    """Names a Cin7 company without telling its account: connections with the same name sell from the same stock."""
    return hashlib.sha256(account_id.encode()).hexdigest()[:16]


def books_budget(database: Database, clock: Clock, connection: Connection, account_id: str) -> Budget:
    """The budget of the company's account. Connections to one company share it, whichever key each of them uses.

    Source: platform notes, cin7 1.2.
    """
    quota = connection.design.quota
    return Budget(
        database,
        clock,
        f"cin7:{company(account_id)}",
        capacity=quota.cin7_calls_per_minute,
        window_seconds=BOOKS_WINDOW_SECONDS,
        floors={Lane[lane.upper()]: floor for lane, floor in quota.floors.items()},
        in_flight=BOOKS_IN_FLIGHT,
    )
