"""Today: what needs somebody, and whether money, stock and the flow of orders are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.access.roles import Role
from weighbridge.app.context import Office
from weighbridge.domain.exceptions.kinds import BY_AREA
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.domain.stock.oversell import bound, total
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.record_queries import Tally
from weighbridge.exceptions.records import Case
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.stock import stock_levels
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import workers
from weighbridge.reports.status import ApplicationStatus, budgets_of

MOST_NAMED = 8
REMEMBERED_SECONDS = 20.0
"""How old the figures may be that need the whole stock."""
BUDGETS_REMEMBERED_SECONDS = 4.0
STUCK_AFTER = timedelta(minutes=15)
ALIVE_WALL_SECONDS = 30.0
MONEY_KINDS = tuple(one.kind for area in ("Money", "Returns") for one in BY_AREA[area])
STOCK_KINDS = tuple(one.kind for area in ("Stock", "Catalogue") for one in BY_AREA[area])
OWNER_OF_ROLE: Mapping[Role, Owner] = {Role.FINANCE: Owner.FINANCE}


@dataclass(frozen=True, slots=True)
class Oversell:
    """By how much a shop could at worst oversell now."""

    connection: str
    units: int
    money: Money | None
    """None where the company's currency was not read yet."""
    worst: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class StockAge:
    """When the stock of a connection was last read as a whole, and is read again."""

    connection: str
    read_at: datetime | None
    cadence: timedelta

    def is_late(self, now: datetime) -> bool:
        """Whether three rounds were missed."""
        return self.read_at is None or now - self.read_at > 3 * self.cadence


@dataclass(frozen=True, slots=True)
class Passed:
    """What crossed in the last 24 hours."""

    flow: str
    objects: int
    money: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """Everything the first page says."""

    mine: tuple[Case, ...]
    urgent: tuple[Case, ...]
    owner: Owner | None
    """Whose exceptions `urgent` are; None: everybody's."""
    waiting: Tally
    money: Tally
    stock: Tally
    oversell: tuple[Oversell, ...]
    stock_ages: tuple[StockAge, ...]
    retrying: int
    stuck: int
    """Objects that should have moved by themselves and did not."""
    workers_alive: int
    passed: tuple[Passed, ...]
    budgets: Sequence[ApplicationStatus]


async def today_of(office: Office, name: str, role: Role) -> Today:
    """The first page of the user `name`."""
    owner = OWNER_OF_ROLE.get(role)
    now = office.clock.now()
    return Today(
        mine=(await office.cases.page(Wanted(assignee=name), limit=MOST_NAMED)).cases,
        urgent=(await office.cases.page(Wanted(owner=owner), limit=MOST_NAMED)).cases,
        owner=owner,
        waiting=await office.cases.tally(Wanted()),
        money=await _tally(office, MONEY_KINDS),
        stock=await _tally(office, STOCK_KINDS),
        oversell=await office.memory.recall("oversell", REMEMBERED_SECONDS, lambda: _oversell(office)),
        stock_ages=await _stock_ages(office),
        retrying=await _count(office, transfers.c.state == State.WAITING),
        stuck=await _count(office, _is_stuck(now)),
        workers_alive=await _workers_alive(office),
        passed=await _passed(office, now),
        budgets=await budgets(office),
    )


async def budgets(office: Office) -> tuple[ApplicationStatus, ...]:
    """The API budgets, a few seconds old."""
    one = office

    async def work() -> tuple[ApplicationStatus, ...]:
        return await budgets_of(one.installation, one.folder, one.environment, one.database, one.clock)

    return await office.memory.recall("budgets", BUDGETS_REMEMBERED_SECONDS, work)


async def _tally(office: Office, kinds: tuple[FindingKind, ...]) -> Tally:
    return await office.cases.tally(Wanted(kinds=kinds, snoozed=True))


def _is_stuck(now: datetime) -> sa.ColumnElement[bool]:
    of = transfers.c
    overdue = (of.state == State.WAITING) & (of.next_try_at < now - STUCK_AFTER)
    untouched = (of.state == State.NEW) & (of.updated_at < now - STUCK_AFTER)
    return overdue | untouched


async def _count(office: Office, where: sa.ColumnElement[bool]) -> int:
    async with office.database.reading() as reading:
        return int((await reading.execute(sa.select(sa.func.count()).select_from(transfers).where(where))).scalar_one())


async def _oversell(office: Office) -> tuple[Oversell, ...]:
    found = []
    for name, connection in office.connections.items():
        exposures = await office.journal.exposures.of(name, office.sharing(name), connection.design.stock.sales_hours)
        bounds = {sku: bound(one) for sku, one in exposures.items()}
        whole, company = total(bounds), await office.journal.references.read(name, "company")
        worst = sorted(((sku, one.units) for sku, one in bounds.items() if one.units), key=lambda pair: -pair[1])
        money = Money(whole.money, company[0]["currency"]) if company else None
        found.append(Oversell(name, whole.units, money, tuple(worst[:3])))
    return tuple(found)


async def _stock_ages(office: Office) -> tuple[StockAge, ...]:
    of = stock_levels.c
    query = sa.select(of.connection, sa.func.max(of.scanned_at).label("at")).group_by(of.connection)
    async with office.database.reading() as reading:
        read_at = {row.connection: row.at for row in (await reading.execute(query)).all()}
    return tuple(
        StockAge(name, read_at.get(name), timedelta(seconds=one.design.stock.cadence_seconds))
        for name, one in office.connections.items()
    )


async def _workers_alive(office: Office) -> int:
    patience = timedelta(seconds=ALIVE_WALL_SECONDS / office.clock.wall_seconds(1.0))
    alive = workers.c.left_at.is_(None) & (workers.c.seen_at > office.clock.now() - patience)
    async with office.database.reading() as reading:
        return int((await reading.execute(sa.select(sa.func.count()).select_from(workers).where(alive))).scalar_one())


async def _passed(office: Office, now: datetime) -> tuple[Passed, ...]:
    """What was posted since this time yesterday, by flow; amounts are added exactly, so not by the database."""
    of = transfers.c
    query = sa.select(of.flow, of.amount, of.currency).where(
        of.posted_at > now - timedelta(days=1), of.flow.in_(["orders", "refunds", "fulfilment"])
    )
    async with office.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    counts: dict[str, int] = {}
    worth: dict[tuple[str, str], Decimal] = {}
    for flow, amount, currency in rows:
        counts[flow] = counts.get(flow, 0) + 1
        if amount is not None and currency:
            worth[flow, currency] = worth.get((flow, currency), Decimal(0)) + amount
    return tuple(
        Passed(
            flow, counts[flow], tuple(Money(sum_, code) for (of_, code), sum_ in sorted(worth.items()) if of_ == flow)
        )
        for flow in sorted(counts)
    )
