"""Data of the charts on the Flows page, hour by hour: interrupted attempts, API calls and quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.persistence.repositories.attempts import STOPPED
from weighbridge.persistence.repositories.http_log import IS_ADDRESS, is_call_of
from weighbridge.persistence.tables.http_log import api_addresses, http_exchanges
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts
from weighbridge.platforms.api_credentials import BIGCOMMERCE_WINDOW_SECONDS, CIN7_WINDOW_SECONDS

HOURS = 24
HOUR = timedelta(hours=1)
HOUR_MICROSECONDS = 3_600_000_000
SLICE_SECONDS = 30
"""Calls are counted in slices of this length; the quota window of both platforms is a multiple of it."""
SLICE_MICROSECONDS = SLICE_SECONDS * 1_000_000
SLICES = HOUR_MICROSECONDS // SLICE_MICROSECONDS
GOOD_OUTCOME = "answered"
WINDOWS = {
    "bigcommerce": int(BIGCOMMERCE_WINDOW_SECONDS // SLICE_SECONDS),
    "cin7": int(CIN7_WINDOW_SECONDS // SLICE_SECONDS),
}
"""Slices in the quota window of each platform."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls to one platform."""

    connection: str
    platform: str
    by_hour: tuple[int, ...]
    failed_by_hour: tuple[int, ...]
    fullest_by_hour: tuple[int, ...]
    """Most calls in one quota window that ended within the hour."""
    outcomes: Mapping[str, int]
    """Failed calls of the last 24 hours, by outcome."""


def last_hours(now: datetime) -> tuple[datetime, ...]:
    """The start of each hour in the counts, oldest first; the last hour is not over."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    return tuple(this_hour - HOUR * (HOURS - 1 - number) for number in range(HOURS))


def hour_number(timestamp: datetime) -> int:
    """The number of hours since 1970."""
    return int((timestamp - datetime(1970, 1, 1, tzinfo=UTC)) // HOUR)


async def repeated_by_hour(
    app: AppContext, hours: Sequence[datetime], flows: Sequence[str]
) -> dict[tuple[str, str], tuple[int, ...]]:
    """(connection, flow) -> attempts in each hour that an answer, a refusal or a lease interrupted, so that the object
    is retried or waits. An evaluation that held an order for its findings does not count."""
    hour = sa.type_coerce(attempts.c.started_at, sa.BigInteger) // HOUR_MICROSECONDS
    query = (
        sa.select(transfers.c.connection, transfers.c.flow, hour.label("hour"), sa.func.count())
        .join(transfers, transfers.c.id == attempts.c.transfer_id)
        .where(attempts.c.started_at >= hours[0], attempts.c.outcome == STOPPED, attempts.c.note != "")
        .where(transfers.c.flow.in_(sorted(flows)))
        .group_by(transfers.c.connection, transfers.c.flow, hour)
    )
    async with app.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    counts: dict[tuple[str, str], list[int]] = {}
    for connection, flow, at, number in rows:
        index = int(at) - hour_number(hours[0])
        if 0 <= index < HOURS:
            counts.setdefault((connection, flow), [0] * HOURS)[index] = number
    return {key: tuple(by_hour) for key, by_hour in counts.items()}


async def calls_of(app: AppContext, hours: Sequence[datetime]) -> tuple[Calls, ...]:
    """The calls of every connection to both platforms."""
    of, address = http_exchanges.c, api_addresses.c
    time_slice = sa.type_coerce(of.started_at, sa.BigInteger) // SLICE_MICROSECONDS
    query = (
        sa.select(address.connection, address.platform, of.outcome, time_slice.label("slice"), sa.func.count())
        .join(api_addresses, IS_ADDRESS)
        .where(is_call_of(app.connections), of.started_at >= hours[0])
        .group_by(address.connection, address.platform, of.outcome, time_slice)
    )
    async with app.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    first = hour_number(hours[0]) * SLICES
    counted: dict[tuple[str, str], tuple[list[int], list[int], dict[str, int]]] = {}
    for connection, platform, outcome, at, number in rows:
        every, failed, outcomes = counted.setdefault(
            (connection, platform), ([0] * (HOURS * SLICES), [0] * (HOURS * SLICES), {})
        )
        index = int(at) - first
        if not 0 <= index < HOURS * SLICES:
            continue
        every[index] += number
        if outcome != GOOD_OUTCOME:
            failed[index] += number
            outcomes[outcome] = outcomes.get(outcome, 0) + number
    nothing: tuple[list[int], list[int], dict[str, int]] = ([0] * (HOURS * SLICES), [0] * (HOURS * SLICES), {})
    calls = []
    for name in app.connections:
        for platform, window in WINDOWS.items():
            every, failed, outcomes = counted.get((name, platform), nothing)
            fullest = [sum(every[max(0, at - window + 1) : at + 1]) for at in range(len(every))]
            calls.append(Calls(name, platform, _sums(every), _sums(failed), _largest(fullest), outcomes))
    return tuple(calls)


def _hourly(slices: Sequence[int]) -> list[Sequence[int]]:
    return [slices[number * SLICES : (number + 1) * SLICES] for number in range(HOURS)]


def _sums(slices: Sequence[int]) -> tuple[int, ...]:
    return tuple(sum(hour) for hour in _hourly(slices))


def _largest(slices: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(hour) for hour in _hourly(slices))
