"""What the charts of the flows are drawn from, hour by hour: what was posted, what was tried again, calls and quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.persistence.repositories.attempts import STOPPED
from weighbridge.persistence.tables.http_log import exchanges
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts
from weighbridge.platforms.api_credentials import BOOKS_WINDOW_SECONDS, SHOP_WINDOW_SECONDS

HOURS = 24
HOUR = timedelta(hours=1)
HOUR_MICROSECONDS = 3_600_000_000
SLICE_SECONDS = 30
"""Calls are counted in slices of this length: both platforms' windows are made of whole ones."""
SLICE_MICROSECONDS = SLICE_SECONDS * 1_000_000
SLICES = HOUR_MICROSECONDS // SLICE_MICROSECONDS
GOOD_OUTCOME = "answered"
WINDOWS = {
    "bigcommerce": int(SHOP_WINDOW_SECONDS // SLICE_SECONDS),
    "cin7": int(BOOKS_WINDOW_SECONDS // SLICE_SECONDS),
}
"""How many slices the window of a platform's quota has."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls to one platform."""

    connection: str
    platform: str
    by_hour: tuple[int, ...]
    failed_by_hour: tuple[int, ...]
    fullest_by_hour: tuple[int, ...]
    """Most calls in one window of the quota that ended within the hour."""
    outcomes: Mapping[str, int]
    """Of the last 24 hours, without those that were answered well."""


def last_hours(now: datetime) -> tuple[datetime, ...]:
    """The beginning of each hour that is counted, oldest first; the last is under way."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    return tuple(this_hour - HOUR * (HOURS - 1 - number) for number in range(HOURS))


def hour_number(moment: datetime) -> int:
    """The hour's number since 1970."""
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // HOUR)


async def repeated_by_hour(
    office: Office, hours: Sequence[datetime], flows: Sequence[str]
) -> dict[tuple[str, str], tuple[int, ...]]:
    """(connection, flow) -> tries in each hour that were cut short by an answer, a refusal or a lease, so that the
    object is tried again or waits; a weighing that held an order for what it found is none."""
    hour = sa.type_coerce(attempts.c.started_at, sa.BigInteger) // HOUR_MICROSECONDS
    query = (
        sa.select(transfers.c.connection, transfers.c.flow, hour.label("hour"), sa.func.count())
        .join(transfers, transfers.c.id == attempts.c.transfer_id)
        .where(attempts.c.started_at >= hours[0], attempts.c.outcome == STOPPED, attempts.c.note != "")
        .where(transfers.c.flow.in_(sorted(flows)))
        .group_by(transfers.c.connection, transfers.c.flow, hour)
    )
    async with office.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    found: dict[tuple[str, str], list[int]] = {}
    for connection, flow, at, number in rows:
        place = int(at) - hour_number(hours[0])
        if 0 <= place < HOURS:
            found.setdefault((connection, flow), [0] * HOURS)[place] = number
    return {key: tuple(counts) for key, counts in found.items()}


async def calls_of(office: Office, hours: Sequence[datetime]) -> tuple[Calls, ...]:
    """The calls of every connection to both platforms."""
    of = exchanges.c
    piece = sa.type_coerce(of.started_at, sa.BigInteger) // SLICE_MICROSECONDS
    query = (
        sa.select(of.connection, of.platform, of.outcome, piece.label("slice"), sa.func.count())
        .where(of.connection.in_(sorted(office.connections)), of.started_at >= hours[0])
        .group_by(of.connection, of.platform, of.outcome, piece)
    )
    async with office.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    first = hour_number(hours[0]) * SLICES
    counted: dict[tuple[str, str], tuple[list[int], list[int], dict[str, int]]] = {}
    for connection, platform, outcome, at, number in rows:
        every, failed, outcomes = counted.setdefault(
            (connection, platform), ([0] * (HOURS * SLICES), [0] * (HOURS * SLICES), {})
        )
        place = int(at) - first
        if not 0 <= place < HOURS * SLICES:
            continue
        every[place] += number
        if outcome != GOOD_OUTCOME:
            failed[place] += number
            outcomes[outcome] = outcomes.get(outcome, 0) + number
    nothing: tuple[list[int], list[int], dict[str, int]] = ([0] * (HOURS * SLICES), [0] * (HOURS * SLICES), {})
    found = []
    for name in office.connections:
        for platform, window in WINDOWS.items():
            every, failed, outcomes = counted.get((name, platform), nothing)
            fullest = [sum(every[max(0, at - window + 1) : at + 1]) for at in range(len(every))]
            found.append(Calls(name, platform, _sums(every), _sums(failed), _largest(fullest), outcomes))
    return tuple(found)


def _hourly(slices: Sequence[int]) -> list[Sequence[int]]:
    return [slices[number * SLICES : (number + 1) * SLICES] for number in range(HOURS)]


def _sums(slices: Sequence[int]) -> tuple[int, ...]:
    return tuple(sum(part) for part in _hourly(slices))


def _largest(slices: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(part) for part in _hourly(slices))
