"""Metric facts: the numbers that metrics publish, each in one query for all connections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.domain.job_types import Flow
from weighbridge.persistence.repositories.api_budget import BudgetState
from weighbridge.persistence.repositories.http_log import IS_ADDRESS
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.budget import budget_calls, budget_state
from weighbridge.persistence.tables.exceptions import exceptions
from weighbridge.persistence.tables.http_log import api_addresses, http_exchanges
from weighbridge.persistence.tables.stock import reservations, stock_levels
from weighbridge.persistence.tables.transfers import transfers

UNFINISHED = (State.NEW, State.WAITING, State.HELD, State.REJECTED)
AGES = (
    ("under_15_minutes", timedelta(minutes=15)),
    ("under_1_hour", timedelta(hours=1)),
    ("under_1_day", timedelta(days=1)),
    ("over_1_day", timedelta(days=36500)),
)
"""Label of each age of an order, and the age below which it counts there."""
MICROSECOND = timedelta(microseconds=1)
SQLITE_SIZE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
POSTGRESQL_SIZE = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class ReservationLag:
    """How long orders waited from their time of purchase until their units were reserved."""

    mean: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class OpenExceptions:
    """Open exceptions of one connection, kind, owner and urgency."""

    connection: str
    kind: str
    owner: str
    rank: int
    """0 is most urgent."""
    count: int


async def unfinished_orders(reading: AsyncConnection, now: datetime) -> dict[tuple[str, str, str], int]:
    """Orders that are not finished, by connection, state and age since they were first seen."""
    of, counts, newest = transfers.c, [], now + timedelta(days=1)
    for name, limit in AGES:
        is_in_age = (of.created_at > now - limit) & (of.created_at <= newest)
        counts.append(sa.func.sum(sa.case((is_in_age, 1), else_=0)).label(name))
        newest = now - limit
    query = (
        sa.select(of.connection, of.state, *counts)
        .where(of.flow == Flow.ORDERS, of.state.in_(UNFINISHED))
        .group_by(of.connection, of.state)
    )
    rows = (await reading.execute(query)).all()
    return {
        (connection, state, name): count
        for connection, state, *by_age in rows
        for (name, _), count in zip(AGES, by_age, strict=True)
    }


async def posted_orders(reading: AsyncConnection, since: datetime) -> dict[str, int]:
    """Orders posted since `since`, by connection."""
    of = transfers.c
    query = sa.select(of.connection, sa.func.count()).where(of.posted_at >= since, of.flow == Flow.ORDERS)
    return dict((await reading.execute(query.group_by(of.connection))).all())


async def reservation_lags(reading: AsyncConnection, since: datetime) -> dict[str, ReservationLag]:
    """The lag of the orders reserved since `since`, by connection."""
    of = reservations.c
    lag = sa.type_coerce(of.reserved_at, sa.BigInteger) - sa.type_coerce(of.placed_at, sa.BigInteger)
    query = (
        sa.select(of.connection, sa.cast(sa.func.avg(lag), sa.Float), sa.func.max(lag))
        .where(of.reserved_at >= since, of.placed_at.is_not(None))
        .group_by(of.connection)
    )
    return {
        connection: ReservationLag(float(mean) * MICROSECOND, int(longest) * MICROSECOND)
        for connection, mean, longest in (await reading.execute(query)).all()
    }


async def stock_read_at(reading: AsyncConnection) -> dict[str, datetime]:
    """When the last full reading of the stock began, by connection."""
    of = stock_levels.c
    query = sa.select(of.connection, sa.func.max(of.scanned_at, type_=of.scanned_at.type)).group_by(of.connection)
    return dict((await reading.execute(query)).all())


async def calls_in_window(reading: AsyncConnection, now: datetime) -> dict[str, int]:
    """Calls that count against the quota now, by API application."""
    of = budget_calls.c
    query = sa.select(of.application, sa.func.count()).where(of.frees_at > now).group_by(of.application)
    return dict((await reading.execute(query)).all())


async def budget_states(reading: AsyncConnection) -> Mapping[str, BudgetState]:
    """The state of every API application that was used."""
    of = budget_state.c
    columns = [of[name] for name in BudgetState.__dataclass_fields__]
    rows = (await reading.execute(sa.select(of.application, *columns))).all()
    return {application: BudgetState(*state) for application, *state in rows}


async def http_calls(
    reading: AsyncConnection, connections: Collection[str], since: datetime
) -> dict[tuple[str, str, str], int]:
    """HTTP calls of these connections since `since`, by connection, platform and outcome."""
    of, address = http_exchanges.c, api_addresses.c
    columns = (address.connection, address.platform, of.outcome)
    query = (
        sa.select(*columns, sa.func.count())
        .join_from(api_addresses, http_exchanges, IS_ADDRESS)
        .where(address.connection.in_(sorted(connections)), of.started_at >= since)
        .group_by(*columns)
    )
    return {(name, platform, outcome): count for name, platform, outcome, count in (await reading.execute(query)).all()}


async def open_exceptions(reading: AsyncConnection) -> list[OpenExceptions]:
    """The number of open exceptions, by connection, kind, owner and urgency."""
    of = exceptions.c
    columns = (of.connection, of.kind, of.owner, of.rank)
    query = sa.select(*columns, sa.func.count()).where(of.state == "open").group_by(*columns)
    return [OpenExceptions(*row) for row in (await reading.execute(query)).all()]


async def database_size(reading: AsyncConnection, *, is_sqlite: bool) -> int:
    """The size of the database in bytes; on SQLite without its write-ahead log."""
    return int((await reading.exec_driver_sql(SQLITE_SIZE if is_sqlite else POSTGRESQL_SIZE)).scalar_one())
