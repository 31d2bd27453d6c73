"""Today: exceptions that need action, and whether money, stock and the flow of orders are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.access.roles import Role
from weighbridge.app.context import AppContext
from weighbridge.domain.exceptions.kinds import BY_AREA
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.oversell import bound, total
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.record_queries import Tally
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.stock import stock_levels
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.reports.status import ApplicationStatus, budgets_of

MOST_NAMED = 8
CACHE_SECONDS = 20.0
"""How old the oversell numbers may be, which need the whole stock."""
BUDGET_CACHE_SECONDS = 4.0
STUCK_AFTER = timedelta(minutes=15)
ALIVE_WALL_SECONDS = 30.0
MONEY_KINDS = tuple(entry.kind for area in ("Money", "Returns") for entry in BY_AREA[area])
STOCK_KINDS = tuple(entry.kind for area in ("Stock", "Catalogue") for entry in BY_AREA[area])
OWNER_OF_ROLE: Mapping[Role, Owner] = {Role.FINANCE: Owner.FINANCE}


@dataclass(frozen=True, slots=True)
class Oversell:
    """The oversell bound of a store now."""

    connection: str
    units: int
    money: Money | None
    """None until the company's currency is read."""
    worst: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class StockAge:
    """When the whole stock of a connection was last read, and how often it is read."""

    connection: str
    read_at: datetime | None
    cadence: timedelta

    def is_late(self, now: datetime) -> bool:
        """Whether three readings were missed."""
        return self.read_at is None or now - self.read_at > 3 * self.cadence


@dataclass(frozen=True, slots=True)
class PostedVolume:
    """The objects of a flow that were posted in the last 24 hours."""

    flow: str
    objects: int
    money: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """Everything on the Today page."""

    assigned_to_me: tuple[ExceptionRecord, ...]
    urgent: tuple[ExceptionRecord, ...]
    owner: Owner | None
    """The owner of the exceptions in `urgent`; None: every owner."""
    waiting: Tally
    money: Tally
    stock: Tally
    oversell: tuple[Oversell, ...]
    stock_ages: tuple[StockAge, ...]
    retrying: int
    stuck: int
    """Objects that are overdue although no person has to act."""
    workers_alive: int
    posted: tuple[PostedVolume, ...]
    budgets: Sequence[ApplicationStatus]


async def today_of(app: AppContext, name: str, role: Role) -> Today:
    """The Today page of the user `name`."""
    owner = OWNER_OF_ROLE.get(role)
    now = app.clock.now()
    return Today(
        assigned_to_me=(
            await app.exception_queries.page(ExceptionFilter(assignee=name), limit=MOST_NAMED)
        ).exception_records,
        urgent=(await app.exception_queries.page(ExceptionFilter(owner=owner), limit=MOST_NAMED)).exception_records,
        owner=owner,
        waiting=await app.exception_queries.tally(ExceptionFilter()),
        money=await _tally(app, MONEY_KINDS),
        stock=await _tally(app, STOCK_KINDS),
        oversell=await app.cache.get_or_compute("oversell", CACHE_SECONDS, lambda: _oversell(app)),
        stock_ages=await _stock_ages(app),
        retrying=await _count(app, transfers.c.state == State.WAITING),
        stuck=await _count(app, _is_stuck(now)),
        workers_alive=await _workers_alive(app),
        posted=await _posted(app, now),
        budgets=await budgets(app),
    )


async def budgets(app: AppContext) -> tuple[ApplicationStatus, ...]:
    """The API budgets, at most a few seconds old."""

    async def work() -> tuple[ApplicationStatus, ...]:
        return await budgets_of(app.installation, app.folder, app.environment, app.database, app.clock)

    return await app.cache.get_or_compute("budgets", BUDGET_CACHE_SECONDS, work)


async def _tally(app: AppContext, kinds: tuple[FindingKind, ...]) -> Tally:
    return await app.exception_queries.tally(ExceptionFilter(kinds=kinds, snoozed=True))


def _is_stuck(now: datetime) -> sa.ColumnElement[bool]:
    of = transfers.c
    overdue = (of.state == State.WAITING) & (of.next_try_at < now - STUCK_AFTER)
    untouched = (of.state == State.NEW) & (of.updated_at < now - STUCK_AFTER)
    return overdue | untouched


async def _count(app: AppContext, where: sa.ColumnElement[bool]) -> int:
    async with app.database.reading() as reading:
        return int((await reading.execute(sa.select(sa.func.count()).select_from(transfers).where(where))).scalar_one())


async def _oversell(app: AppContext) -> tuple[Oversell, ...]:
    oversell = []
    for name, connection in app.connections.items():
        oversell_risk = await app.repositories.oversell_risk.by_sku(
            name, app.sharing(name), connection.design.stock.sales_hours
        )
        bounds = {sku: bound(factors) for sku, factors in oversell_risk.items()}
        overall, company = total(bounds), await app.repositories.reference_cache.read_company(name)
        worst = sorted(((sku, risk.units) for sku, risk in bounds.items() if risk.units), key=lambda pair: -pair[1])
        money = Money(overall.money, company.currency) if company else None
        oversell.append(Oversell(name, overall.units, money, tuple(worst[:3])))
    return tuple(oversell)


async def _stock_ages(app: AppContext) -> tuple[StockAge, ...]:
    of = stock_levels.c
    query = sa.select(of.connection, sa.func.max(of.scanned_at).label("at")).group_by(of.connection)
    async with app.database.reading() as reading:
        read_at = {row.connection: row.at for row in (await reading.execute(query)).all()}
    return tuple(
        StockAge(name, read_at.get(name), timedelta(seconds=connection.design.stock.cadence_seconds))
        for name, connection in app.connections.items()
    )


async def _workers_alive(app: AppContext) -> int:
    known = await app.repositories.workers.known()
    return sum(abs(worker.silent_seconds) <= ALIVE_WALL_SECONDS for worker in known)


async def _posted(app: AppContext, now: datetime) -> tuple[PostedVolume, ...]:
    """The objects posted in the last 24 hours, by flow. The sums are exact, so they are made here."""
    of = transfers.c
    query = sa.select(of.flow, of.amount, of.currency).where(
        of.posted_at > now - timedelta(days=1), of.flow.in_(["orders", "refunds", "fulfilment"])
    )
    async with app.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    counts: dict[str, int] = {}
    totals: dict[tuple[str, str], Decimal] = {}
    for flow, amount, currency in rows:
        counts[flow] = counts.get(flow, 0) + 1
        if amount is not None and currency:
            totals[flow, currency] = totals.get((flow, currency), Decimal(0)) + amount
    return tuple(
        PostedVolume(
            flow, counts[flow], tuple(Money(sum_, code) for (of_, code), sum_ in sorted(totals.items()) if of_ == flow)
        )
        for flow in sorted(counts)
    )
