"""Queries for exceptions: pages of a list, one exception with its objects and history, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.filters import ExceptionFilter, condition
from weighbridge.exceptions.records import ExceptionEvent, ExceptionObject, ExceptionRecord, Page, read_exception_record
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.decisions import playbook_runs
from weighbridge.persistence.tables.exceptions import exception_events, exception_objects, exception_tags, exceptions
from weighbridge.persistence.tables.transfers import transfers

EVERYTHING = ExceptionFilter()
_OF_OBJECT = ("id", "transfer_id", "flow", "key", "field", "value", "expected", "severity", "amount", "currency",
              "opened_at", "closed_at", "accepted", "proof")  # fmt: skip
_OF_TRANSFER = ("state", "reason", "tries", "next_try_at")


@dataclass(frozen=True, slots=True)
class Tally:
    """Totals of the exceptions that a filter finds."""

    exceptions: int
    objects: int
    late: int
    by_owner: dict[Owner, int]
    by_urgency: dict[Urgency, int]
    money: tuple[Money, ...]
    """Amounts of the open objects by currency; an object in several exceptions counts once."""


class ExceptionQueries:
    """The exceptions of an installation, to be read."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self, exception_filter: ExceptionFilter = EVERYTHING, after: tuple[int, int] | None = None, limit: int = 50
    ) -> Page:
        """Up to `limit` exceptions, from `after` of the previous page on; as fast for long lists as for short."""
        of = exceptions.c
        query = sa.select(exceptions).where(condition(exception_filter, self._clock.now()))
        if after is not None:
            query = query.where(sa.tuple_(of.rank, of.id) > sa.tuple_(*after))
        query = query.order_by(of.rank, of.id).limit(limit + 1)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
            tags = await _tags(reading, [row.id for row in rows])
        exception_records = tuple(read_exception_record(row, tags.get(row.id, ())) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(exception_records, (last.rank, last.id) if last is not None else None)

    async def find(self, exception_id: int) -> ExceptionRecord | None:
        """The exception with this number, or None."""
        async with self._database.reading() as reading:
            row = (await reading.execute(sa.select(exceptions).where(exceptions.c.id == exception_id))).one_or_none()
            tags = await _tags(reading, [exception_id])
        return None if row is None else read_exception_record(row, tags.get(exception_id, ()))

    async def tags(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """The tags of these exceptions, by number."""
        async with self._database.reading() as reading:
            return await _tags(reading, ids)

    async def objects(
        self, exception_id: int, *, open_only: bool = True, after: int = 0, limit: int = 100
    ) -> list[ExceptionObject]:
        """Up to `limit` objects of an exception, oldest first, whose number is greater than `after`."""
        columns = [exception_objects.c[name] for name in _OF_OBJECT] + [transfers.c[name] for name in _OF_TRANSFER]
        query = (
            sa.select(*columns)
            .join(transfers, transfers.c.id == exception_objects.c.transfer_id)
            .where(exception_objects.c.exception_id == exception_id, exception_objects.c.id > after)
            .order_by(exception_objects.c.id)
            .limit(limit)
        )
        if open_only:
            query = query.where(exception_objects.c.closed_at.is_(None))
        async with self._database.reading() as reading:
            return [ExceptionObject(**row._mapping) for row in (await reading.execute(query)).all()]

    async def history(self, exception_id: int, after: int = 0, limit: int = 200) -> list[ExceptionEvent]:
        """Up to `limit` lines of an exception's history, oldest first, whose number is greater than `after`."""
        of = exception_events.c
        columns = (of.id, of.at, of.actor, of.action, of.text, of.detail, of.transfer_id)
        query = sa.select(*columns).where(of.exception_id == exception_id, of.id > after).order_by(of.id).limit(limit)
        async with self._database.reading() as reading:
            return [ExceptionEvent(**row._mapping) for row in (await reading.execute(query)).all()]

    async def of_transfer(self, transfer_id: str) -> list[ExceptionRecord]:
        """The exceptions that a transfer belongs or belonged to, most urgent first."""
        of_transfer = sa.select(exception_objects.c.exception_id).where(exception_objects.c.transfer_id == transfer_id)
        query = (
            sa.select(exceptions).where(exceptions.c.id.in_(of_transfer)).order_by(exceptions.c.rank, exceptions.c.id)
        )
        async with self._database.reading() as reading:
            return [read_exception_record(row) for row in (await reading.execute(query)).all()]

    async def untouched(self, connection: str, kinds: Sequence[FindingKind], limit: int) -> list[ExceptionRecord]:
        """Open exceptions of these kinds without a run or proposal since they were opened, most urgent first."""
        of = exceptions.c
        tried = sa.exists().where(playbook_runs.c.exception_id == of.id, playbook_runs.c.requested_at >= of.opened_at)
        query = (
            sa.select(exceptions)
            .where(of.connection == connection, of.state == "open", of.kind.in_([str(kind) for kind in kinds]), ~tried)
            .order_by(of.rank, of.id)
            .limit(limit)
        )
        async with self._database.reading() as reading:
            return [read_exception_record(row) for row in (await reading.execute(query)).all()] if kinds else []

    async def tally(self, exception_filter: ExceptionFilter = EVERYTHING) -> Tally:
        """Totals of the exceptions that the filter finds; the sums are exact."""
        now = self._clock.now()
        of = exceptions.c
        matches = condition(exception_filter, now)
        groups = (
            sa.select(of.owner, of.rank, sa.func.count(), sa.func.sum(sa.case((of.deadline_at < now, 1), else_=0)))
            .where(matches)
            .group_by(of.owner, of.rank)
        )
        async with self._database.reading() as reading:
            counts = (await reading.execute(groups)).all()
            at_risk = (await reading.execute(self._at_risk(matches))).all()
        owners: dict[Owner, int] = {}
        urgencies: dict[Urgency, int] = {}
        for owner, rank, number, _ in counts:
            owners[Owner(owner)] = owners.get(Owner(owner), 0) + number
            urgency = Urgency(Urgency.CRITICAL - rank)
            urgencies[urgency] = urgencies.get(urgency, 0) + number
        totals: dict[str, Decimal] = {}
        for row in at_risk:
            if row.amount is not None and row.currency:
                totals[row.currency] = totals.get(row.currency, Decimal(0)) + row.amount
        return Tally(
            exceptions=sum(row[2] for row in counts),
            objects=sum(row.objects for row in at_risk),
            late=sum(row[3] for row in counts),
            by_owner=owners,
            by_urgency=urgencies,
            money=tuple(Money(amount, currency) for currency, amount in sorted(totals.items())),
        )

    def _at_risk(self, matches: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Open objects and their amounts, each object once, summed by currency. SQLite would add the amounts as
        floating-point numbers, so there each object is a row of its own."""
        of = exception_objects.c
        exact = of.amount if self._database.is_sqlite else sa.cast(of.amount, sa.Numeric)
        each = (
            sa.select(sa.func.max(exact, type_=exact.type).label("amount"), sa.func.max(of.currency).label("currency"))
            .join(exceptions, exceptions.c.id == of.exception_id)
            .where(matches, of.closed_at.is_(None))
            .group_by(of.transfer_id)
            .subquery()
        )
        if self._database.is_sqlite:
            return sa.select(each.c.amount, each.c.currency, sa.literal(1).label("objects"))
        total = sa.func.sum(each.c.amount).label("amount")
        return sa.select(total, each.c.currency, sa.func.count().label("objects")).group_by(each.c.currency)


async def _tags(reading: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = sa.select(exception_tags).where(exception_tags.c.exception_id.in_(ids)).order_by(exception_tags.c.tag)
    tags: dict[int, tuple[str, ...]] = {}
    for row in (await reading.execute(query)).all():
        tags[row.exception_id] = (*tags.get(row.exception_id, ()), row.tag)
    return tags
