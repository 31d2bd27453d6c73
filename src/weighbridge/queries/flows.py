"""Flows: how often each looks, how far it is behind, what crossed, what is tried again, and the calls it all took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.design.schema import Connection
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import agenda, attempts
from weighbridge.queries.flow_charts import (
    HOUR_MICROSECONDS,
    Calls,
    calls_of,
    hour_number,
    last_hours,
    repeated_by_hour,
)

EVERYTHING = "*"
NAMES = {
    "order_sweep": "Looks for changed orders",
    "fulfilment_sweep": "Looks for shipped parcels",
    "stock": "Reads the stock and tells the shop",
    "stock_fast": "Tells the SKUs of the fast lane",
    "stock_parity": "Reads every level at the shop back",
    "catalogue": "Compares both catalogues",
    "hooks": "Checks that every hook is armed",
    "references": "Reads accounts, tax rules and locations",
    "ghost_allocations": "Looks for old sales that hold stock",
    "monitors": "Looks for what nobody has noticed",
}
OBJECTS = {"orders": "Orders", "refunds": "Refunds", "fulfilment": "Parcels"}


@dataclass(frozen=True, slots=True)
class Round:
    """A look that comes again and again."""

    connection: str
    flow: str
    name: str
    cadence: timedelta | None
    last_at: datetime | None
    took: timedelta | None
    next_at: datetime | None
    state: str
    reason: str

    def lag(self, now: datetime) -> timedelta | None:
        """How far it is overdue; None while it is on time."""
        late = now - self.next_at if self.next_at is not None else timedelta(0)
        return late if late > timedelta(minutes=1) else None


@dataclass(frozen=True, slots=True)
class Volume:
    """What a flow of objects did."""

    connection: str
    flow: str
    name: str
    by_hour: tuple[int, ...]
    """Posted in each of the last 24 hours, oldest first."""
    repeated_by_hour: tuple[int, ...]
    """Tries in each of these hours that were cut short, so that the object is tried again or waits."""
    waiting: int
    held: int
    to_look_at: int
    """Looks that are asked for and not begun."""
    oldest: datetime | None
    """When the oldest of these was due."""


@dataclass(frozen=True, slots=True)
class Flows:
    """Everything the page says."""

    rounds: tuple[Round, ...]
    volumes: tuple[Volume, ...]
    calls: tuple[Calls, ...]
    hours: tuple[datetime, ...]
    """The beginning of each hour that is counted."""


async def flows_of(office: Office) -> Flows:
    """How the flows of every connection go."""
    now = office.clock.now()
    hours = last_hours(now)
    return Flows(
        rounds=await _rounds(office),
        volumes=await _volumes(office, hours, now),
        calls=await calls_of(office, hours),
        hours=hours,
    )


async def _rounds(office: Office) -> tuple[Round, ...]:
    of = transfers.c
    query = sa.select(of.id, of.connection, of.flow, of.state, of.reason).where(
        of.connection.in_(sorted(office.connections)), of.flow.in_(sorted(NAMES)), of.key == EVERYTHING
    )
    due = sa.select(agenda.c.connection, agenda.c.flow, agenda.c.due_at).where(
        agenda.c.flow.in_(sorted(NAMES)), agenda.c.key == EVERYTHING, agenda.c.generation > agenda.c.taken
    )
    async with office.database.reading() as reading:
        known = {(row.connection, row.flow): row for row in (await reading.execute(query)).all()}
        next_at = {(row.connection, row.flow): row.due_at for row in (await reading.execute(due)).all()}
        last = {row.id: await _last(office, row.id) for row in known.values()}
    found = []
    for name, connection in office.connections.items():
        for flow, words in NAMES.items():
            row = known.get((name, flow))
            begun, took = last[row.id] if row is not None else (None, None)
            if row is None and (name, flow) not in next_at:
                continue
            found.append(
                Round(
                    name, flow, words, cadence_of(connection, flow), begun, took, next_at.get((name, flow)),
                    row.state if row is not None else "", row.reason if row is not None else "",
                )
            )  # fmt: skip
    return tuple(found)


async def _last(office: Office, transfer_id: str) -> tuple[datetime | None, timedelta | None]:
    """When the latest try ended, and how long it took."""
    of = attempts.c
    query = (
        sa.select(of.started_at, of.ended_at)
        .where(of.transfer_id == transfer_id, of.ended_at.is_not(None))
        .order_by(of.started_at.desc())
        .limit(1)
    )
    async with office.database.reading() as reading:
        row = (await reading.execute(query)).one_or_none()
    return (None, None) if row is None else (row.ended_at, row.ended_at - row.started_at)


def cadence_of(connection: Connection, flow: str) -> timedelta | None:
    """How often the design lets a flow look; None where it does not say."""
    design = connection.design
    seconds = {
        "order_sweep": design.cadence.orders_seconds,
        "fulfilment_sweep": design.cadence.fulfilment_seconds,
        "hooks": design.cadence.hooks_seconds,
        "references": design.cadence.references_seconds,
        "stock": design.stock.cadence_seconds,
        "stock_fast": design.stock.fast_lane_seconds,
        "stock_parity": design.stock.parity_hours * 3600,
        "catalogue": design.catalogue.cadence_seconds,
        "ghost_allocations": 86400,
        "monitors": design.monitors.cadence_seconds,
    }.get(flow)
    return None if seconds is None else timedelta(seconds=float(seconds))


async def _volumes(office: Office, hours: Sequence[datetime], now: datetime) -> tuple[Volume, ...]:
    of, look = transfers.c, agenda.c
    hour = sa.type_coerce(of.posted_at, sa.BigInteger) // HOUR_MICROSECONDS
    posted = (
        sa.select(of.connection, of.flow, hour.label("hour"), sa.func.count())
        .where(of.posted_at >= hours[0], of.flow.in_(sorted(OBJECTS)))
        .group_by(of.connection, of.flow, hour)
    )
    standing = (
        sa.select(of.connection, of.flow, of.state, sa.func.count())
        .where(of.state.in_([State.WAITING, State.NEW, State.HELD]), of.flow.in_(sorted(OBJECTS)))
        .group_by(of.connection, of.flow, of.state)
    )
    asked = (
        sa.select(look.connection, look.flow, sa.func.count(), sa.func.min(look.due_at))
        .where(look.due_at <= now, look.generation > look.taken, look.flow.in_(sorted(OBJECTS)))
        .group_by(look.connection, look.flow)
    )
    async with office.database.reading() as reading:
        crossed = {(name, flow, at): number for name, flow, at, number in (await reading.execute(posted)).all()}
        stands = {(name, flow, state): number for name, flow, state, number in (await reading.execute(standing)).all()}
        looks = {(name, flow): (number, at) for name, flow, number, at in (await reading.execute(asked)).all()}
    repeated, none = await repeated_by_hour(office, hours, tuple(OBJECTS)), (0,) * len(hours)
    return tuple(
        Volume(
            name, flow, words, tuple(crossed.get((name, flow, hour_number(at)), 0) for at in hours),
            repeated.get((name, flow), none),
            stands.get((name, flow, "waiting"), 0) + stands.get((name, flow, "new"), 0),
            stands.get((name, flow, "held"), 0), *looks.get((name, flow), (0, None)),
        )
        for name in office.connections
        for flow, words in OBJECTS.items()
    )  # fmt: skip
