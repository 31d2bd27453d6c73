"""Exceptions: the filtered list by urgency, money or deadline, a page at a time; and the detail of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.domain.exceptions.kinds import BY_AREA
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.evidence import Evidence, evidence_of
from weighbridge.exceptions.filters import ExceptionFilter, condition
from weighbridge.exceptions.playbooks import PlaybookRun
from weighbridge.exceptions.records import ExceptionEvent, ExceptionObject, ExceptionRecord, read_exception_record
from weighbridge.persistence.tables.exceptions import exceptions

PER_PAGE = 50
MOST_SORTED = 5000
"""Exceptions that are sorted by money at most. The table holds amounts by currency, so they are sorted in memory."""
MAX_OBJECTS = 100


class SortOrder(StrEnum):
    """The sort order of a list."""

    URGENCY = "urgency"
    MONEY = "money"
    DEADLINE = "deadline"


class Area(StrEnum):
    """An area of the business, as on the Today page."""

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
    return tuple(entry.kind for name in _AREAS[area] for entry in BY_AREA[name])


@dataclass(frozen=True, slots=True)
class ExceptionPage:
    """A page of a list of exceptions."""

    exception_records: tuple[ExceptionRecord, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class ExceptionDetail:
    """One exception with its objects, history, runs and evidence."""

    exception_record: ExceptionRecord
    objects: Sequence[ExceptionObject]
    history: Sequence[ExceptionEvent]
    """Newest first."""
    runs: Sequence[PlaybookRun]
    evidence: Evidence | None


async def exception_page(
    app: AppContext, exception_filter: ExceptionFilter, order: SortOrder, page: int
) -> ExceptionPage:
    """Page number `page`, counted from 1, of the filtered list."""
    of = exceptions.c
    skipped = (page - 1) * PER_PAGE
    base = sa.select(exceptions).where(condition(exception_filter, app.clock.now()))
    if order is SortOrder.MONEY:
        narrow = sa.select(of.id, of.money).where(condition(exception_filter, app.clock.now())).limit(MOST_SORTED)
        async with app.database.reading() as reading:
            amounts = [(row.id, _largest(row.money)) for row in (await reading.execute(narrow)).all()]
            amounts.sort(key=lambda pair: (-pair[1], pair[0]))
            ids = [number for number, _ in amounts[skipped : skipped + PER_PAGE]]
            rows = {row.id: row for row in (await reading.execute(sa.select(exceptions).where(of.id.in_(ids)))).all()}
        return await _page(app, [rows[number] for number in ids], more=len(amounts) > skipped + PER_PAGE)
    first = (of.deadline_at, of.id) if order is SortOrder.DEADLINE else (of.rank, of.id)
    async with app.database.reading() as reading:
        page_rows = (await reading.execute(base.order_by(*first).offset(skipped).limit(PER_PAGE + 1))).all()
    return await _page(app, page_rows[:PER_PAGE], more=len(page_rows) > PER_PAGE)


async def _page(app: AppContext, rows: Sequence[sa.Row[Any]], *, more: bool) -> ExceptionPage:
    tags = await app.exception_queries.tags([row.id for row in rows])
    return ExceptionPage(tuple(read_exception_record(row, tags.get(row.id, ())) for row in rows), more)


async def exception_detail(app: AppContext, number: int, object_limit: int = MAX_OBJECTS) -> ExceptionDetail | None:
    """The detail of one exception; None if there is no such number."""
    exception_record = await app.exception_queries.find(number)
    if exception_record is None:
        return None
    objects = await app.exception_queries.objects(number, open_only=False, limit=object_limit)
    first = next((item for item in objects if item.closed_at is None), objects[0] if objects else None)
    return ExceptionDetail(
        exception_record=exception_record,
        objects=objects,
        history=tuple(reversed(await app.exception_queries.history(number, limit=1000))),
        runs=await app.playbook_runner.of_exception(number),
        evidence=await evidence_of(app.repositories, first.transfer_id) if first is not None else None,
    )


def _largest(stored: dict[str, str]) -> float:
    """The largest amount of an exception in any currency; only for sorting."""
    return max(map(float, stored.values()), default=0.0)
