"""The API applications of a connection, each with the budget that all workers share."""

from __future__ import annotations

import hashlib

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection
from weighbridge.domain.lanes import Lane
from weighbridge.persistence.database import Database
from weighbridge.platforms.budget import Budget

BIGCOMMERCE_WINDOW_SECONDS = 30.0
BIGCOMMERCE_QUOTA = 150
"""Calls per window until an answer's headers report the quota. Source: platform notes, bigcommerce 1.3."""
CIN7_WINDOW_SECONDS = 60.0
CIN7_IN_FLIGHT = 6


def bigcommerce_budget(database: Database, clock: Clock, connection: Connection) -> Budget:
    """The budget of the store's API account."""
    quota = connection.design.quota
    return Budget(
        database,
        clock,
        f"bigcommerce:{connection.bigcommerce.store_hash}",
        capacity=BIGCOMMERCE_QUOTA,
        window_seconds=BIGCOMMERCE_WINDOW_SECONDS,
        reserve=quota.bigcommerce_reserve,
        in_flight=quota.bigcommerce_in_flight,
    )


def company_key(account_id: str) -> str:
    """The key of a Cin7 company; it hides the account id. Connections with the same key sell the same stock."""
    return hashlib.sha256(account_id.encode()).hexdigest()[:16]


def cin7_budget(database: Database, clock: Clock, connection: Connection, account_id: str) -> Budget:
    """The budget of the company's account. Connections to one company share it, whichever application key they use.

    Source: platform notes, cin7 1.2.
    """
    quota = connection.design.quota
    return Budget(
        database,
        clock,
        f"cin7:{company_key(account_id)}",
        capacity=quota.cin7_calls_per_minute,
        window_seconds=CIN7_WINDOW_SECONDS,
        floors={Lane[lane.upper()]: floor for lane, floor in quota.floors.items()},
        in_flight=CIN7_IN_FLIGHT,
    )
