"""Reading exceptions: lists by page, one case with all that belongs to it, and counts for an overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.filters import Wanted, condition
from weighbridge.exceptions.records import Case, CaseEvent, CaseObject, Page, read_case
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.exceptions import exception_events, exception_objects, exception_tags, exceptions
from weighbridge.persistence.tables.remedies import playbook_runs
from weighbridge.persistence.tables.transfers import transfers

EVERYTHING = Wanted()
_OF_OBJECT = ("id", "transfer_id", "flow", "key", "field", "value", "expected", "severity", "amount", "currency",
              "opened_at", "closed_at", "accepted", "proof")  # fmt: skip
_OF_TRANSFER = ("state", "reason", "tries", "next_try_at")


@dataclass(frozen=True, slots=True)
class Tally:
    """What waits, counted."""

    cases: int
    objects: int
    late: int
    by_owner: dict[Owner, int]
    by_urgency: dict[Urgency, int]
    money: tuple[Money, ...]
    """Of every object that waits, counted once however many exceptions it has, by currency."""


class CaseFile:
    """The exceptions of an installation, to be read."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(self, wanted: Wanted = EVERYTHING, after: tuple[int, int] | None = None, limit: int = 50) -> Page:
        """Up to `limit` cases from where `after`, of the page before, says; however long the list is, as quick."""
        of = exceptions.c
        query = sa.select(exceptions).where(condition(wanted, self._clock.now()))
        if after is not None:
            query = query.where(sa.tuple_(of.rank, of.id) > sa.tuple_(*after))
        query = query.order_by(of.rank, of.id).limit(limit + 1)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
            tags = await _tags(reading, [row.id for row in rows])
        cases = tuple(read_case(row, tags.get(row.id, ())) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(cases, (last.rank, last.id) if last is not None else None)

    async def one(self, case_id: int) -> Case | None:
        """The case with this number, or None."""
        async with self._database.reading() as reading:
            row = (await reading.execute(sa.select(exceptions).where(exceptions.c.id == case_id))).one_or_none()
            tags = await _tags(reading, [case_id])
        return None if row is None else read_case(row, tags.get(case_id, ()))

    async def tags(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """The tags of these cases, by number."""
        async with self._database.reading() as reading:
            return await _tags(reading, ids)

    async def objects(
        self, case_id: int, *, open_only: bool = True, after: int = 0, limit: int = 100
    ) -> list[CaseObject]:
        """Up to `limit` objects of a case, oldest first, beyond the object with the number `after`."""
        columns = [exception_objects.c[name] for name in _OF_OBJECT] + [transfers.c[name] for name in _OF_TRANSFER]
        query = (
            sa.select(*columns)
            .join(transfers, transfers.c.id == exception_objects.c.transfer_id)
            .where(exception_objects.c.exception_id == case_id, exception_objects.c.id > after)
            .order_by(exception_objects.c.id)
            .limit(limit)
        )
        if open_only:
            query = query.where(exception_objects.c.closed_at.is_(None))
        async with self._database.reading() as reading:
            return [CaseObject(**row._mapping) for row in (await reading.execute(query)).all()]

    async def history(self, case_id: int, after: int = 0, limit: int = 200) -> list[CaseEvent]:
        """Up to `limit` lines of a case's history, oldest first, beyond the line with the number `after`."""
        of = exception_events.c
        columns = (of.id, of.at, of.actor, of.action, of.words, of.detail, of.transfer_id)
        query = sa.select(*columns).where(of.exception_id == case_id, of.id > after).order_by(of.id).limit(limit)
        async with self._database.reading() as reading:
            return [CaseEvent(**row._mapping) for row in (await reading.execute(query)).all()]

    async def of_transfer(self, transfer_id: str) -> list[Case]:
        """The cases that a transfer belongs to or once belonged to, most urgent first."""
        mine = sa.select(exception_objects.c.exception_id).where(exception_objects.c.transfer_id == transfer_id)
        query = sa.select(exceptions).where(exceptions.c.id.in_(mine)).order_by(exceptions.c.rank, exceptions.c.id)
        async with self._database.reading() as reading:
            return [read_case(row) for row in (await reading.execute(query)).all()]

    async def untouched(self, connection: str, kinds: Sequence[FindingKind], limit: int) -> list[Case]:
        """Open cases of these kinds on which no playbook was run or prepared since they were opened, oldest first."""
        of = exceptions.c
        tried = sa.exists().where(playbook_runs.c.exception_id == of.id, playbook_runs.c.asked_at >= of.opened_at)
        query = (
            sa.select(exceptions)
            .where(of.connection == connection, of.state == "open", of.kind.in_([str(kind) for kind in kinds]), ~tried)
            .order_by(of.rank, of.id)
            .limit(limit)
        )
        async with self._database.reading() as reading:
            return [read_case(row) for row in (await reading.execute(query)).all()] if kinds else []

    async def tally(self, wanted: Wanted = EVERYTHING) -> Tally:
        """What the filter finds, counted and summed; the sums are exact."""
        now = self._clock.now()
        of = exceptions.c
        meant = condition(wanted, now)
        groups = (
            sa.select(of.owner, of.rank, sa.func.count(), sa.func.sum(sa.case((of.deadline_at < now, 1), else_=0)))
            .where(meant)
            .group_by(of.owner, of.rank)
        )
        async with self._database.reading() as reading:
            counted = (await reading.execute(groups)).all()
            at_risk = (await reading.execute(self._at_risk(meant))).all()
        owners: dict[Owner, int] = {}
        urgencies: dict[Urgency, int] = {}
        for owner, rank, number, _ in counted:
            owners[Owner(owner)] = owners.get(Owner(owner), 0) + number
            urgency = Urgency(Urgency.CRITICAL - rank)
            urgencies[urgency] = urgencies.get(urgency, 0) + number
        worth: dict[str, Decimal] = {}
        for row in at_risk:
            if row.amount is not None and row.currency:
                worth[row.currency] = worth.get(row.currency, Decimal(0)) + row.amount
        return Tally(
            cases=sum(row[2] for row in counted),
            objects=sum(row.objects for row in at_risk),
            late=sum(row[3] for row in counted),
            by_owner=owners,
            by_urgency=urgencies,
            money=tuple(Money(amount, currency) for currency, amount in sorted(worth.items())),
        )

    def _at_risk(self, meant: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Open objects and their amounts, each object once, summed by currency where the database sums exactly: SQLite
        would add them as floating-point numbers, so there each is a row of its own."""
        mine = exception_objects.c
        exact = mine.amount if self._database.is_sqlite else sa.cast(mine.amount, sa.Numeric)
        each = (
            sa.select(
                sa.func.max(exact, type_=exact.type).label("amount"), sa.func.max(mine.currency).label("currency")
            )
            .join(exceptions, exceptions.c.id == mine.exception_id)
            .where(meant, mine.closed_at.is_(None))
            .group_by(mine.transfer_id)
            .subquery()
        )
        if self._database.is_sqlite:
            return sa.select(each.c.amount, each.c.currency, sa.literal(1).label("objects"))
        total = sa.func.sum(each.c.amount).label("amount")
        return sa.select(total, each.c.currency, sa.func.count().label("objects")).group_by(each.c.currency)


async def _tags(reading: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = sa.select(exception_tags).where(exception_tags.c.exception_id.in_(ids)).order_by(exception_tags.c.tag)
    found: dict[int, tuple[str, ...]] = {}
    for row in (await reading.execute(query)).all():
        found[row.exception_id] = (*found.get(row.exception_id, ()), row.tag)
    return found
