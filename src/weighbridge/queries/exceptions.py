"""Exceptions as a list: filtered, by urgency, money or deadline, a page at a time; and everything about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.domain.exceptions.kinds import BY_AREA
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.evidence import Evidence, evidence_of
from weighbridge.exceptions.filters import Wanted, condition
from weighbridge.exceptions.playbooks import Run
from weighbridge.exceptions.records import Case, CaseEvent, CaseObject, read_case
from weighbridge.persistence.tables.exceptions import exceptions

PER_PAGE = 50
MOST_SORTED = 5000
"""Money stands in the table by currency, so that it is sorted here; more than so many are sorted by urgency only."""
OBJECTS_SHOWN = 100


class Order(StrEnum):
    """What a list begins with."""

    URGENCY = "urgency"
    MONEY = "money"
    DEADLINE = "deadline"


class Area(StrEnum):
    """A part of the business, as Today asks for it."""

    MONEY = "money"
    STOCK = "stock"
    ORDERS = "orders"
    PLATFORMS = "platforms"


_AREAS = {
    Area.MONEY: ("Money", "Returns"),
    Area.STOCK: ("Stock", "Catalogue"),
    Area.ORDERS: ("Orders", "Sales"),
    Area.PLATFORMS: ("Platforms", "Monitors"),
}


def kinds_in(area: Area) -> tuple[FindingKind, ...]:
    """The kinds that belong to an area."""
    return tuple(one.kind for name in _AREAS[area] for one in BY_AREA[name])


@dataclass(frozen=True, slots=True)
class CasePage:
    """A part of a list of exceptions."""

    cases: tuple[Case, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class WholeCase:
    """One exception with all that belongs to it."""

    case: Case
    objects: Sequence[CaseObject]
    history: Sequence[CaseEvent]
    """Newest first."""
    runs: Sequence[Run]
    evidence: Evidence | None


async def cases_of(office: Office, wanted: Wanted, order: Order, page: int) -> CasePage:
    """Page number `page`, from 1, of what is wanted."""
    of = exceptions.c
    skipped = (page - 1) * PER_PAGE
    base = sa.select(exceptions).where(condition(wanted, office.clock.now()))
    if order is Order.MONEY:
        narrow = sa.select(of.id, of.money).where(condition(wanted, office.clock.now())).limit(MOST_SORTED)
        async with office.database.reading() as reading:
            worth = [(row.id, _largest(row.money)) for row in (await reading.execute(narrow)).all()]
            worth.sort(key=lambda pair: (-pair[1], pair[0]))
            ids = [number for number, _ in worth[skipped : skipped + PER_PAGE]]
            rows = {row.id: row for row in (await reading.execute(sa.select(exceptions).where(of.id.in_(ids)))).all()}
        return await _page(office, [rows[one] for one in ids], more=len(worth) > skipped + PER_PAGE)
    first = (of.deadline_at, of.id) if order is Order.DEADLINE else (of.rank, of.id)
    async with office.database.reading() as reading:
        found = (await reading.execute(base.order_by(*first).offset(skipped).limit(PER_PAGE + 1))).all()
    return await _page(office, found[:PER_PAGE], more=len(found) > PER_PAGE)


async def _page(office: Office, rows: Sequence[sa.Row[Any]], *, more: bool) -> CasePage:
    tags = await office.cases.tags([row.id for row in rows])
    return CasePage(tuple(read_case(row, tags.get(row.id, ())) for row in rows), more)


async def whole_case(office: Office, number: int, objects_shown: int = OBJECTS_SHOWN) -> WholeCase | None:
    """Everything about one exception; None when there is none."""
    case = await office.cases.one(number)
    if case is None:
        return None
    objects = await office.cases.objects(number, open_only=False, limit=objects_shown)
    first = next((one for one in objects if one.closed_at is None), objects[0] if objects else None)
    return WholeCase(
        case=case,
        objects=objects,
        history=tuple(reversed(await office.cases.history(number, limit=1000))),
        runs=await office.playbooks.of_case(number),
        evidence=await evidence_of(office.journal, first.transfer_id) if first is not None else None,
    )


def _largest(stored: dict[str, str]) -> float:
    """The largest amount of an exception, whatever its currency: only for the order of a list."""
    return max(map(float, stored.values()), default=0.0)
