"""Actions of users on exceptions, one by one or in bulk; each adds a line to the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.documents import canonical_digest
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import recheck_job
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.actions import (
    Accept,
    Action,
    Assign,
    Comment,
    NotAllowed,
    Reopen,
    Snooze,
    Tag,
    Unsnooze,
    Untag,
    clean_tag,
    problem_with,
)
from weighbridge.exceptions.filters import ExceptionFilter, condition
from weighbridge.exceptions.records import money_of
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.escalation_policy import time_to_resolve
from weighbridge.persistence.repositories.exception_records import CLOSED, MERGED, OPEN, ExceptionRecords
from weighbridge.persistence.repositories.exception_rows import LockedRow, lock_rows
from weighbridge.persistence.repositories.job_queue import JobQueue
from weighbridge.persistence.tables.exceptions import exception_objects, exception_tags, exceptions
from weighbridge.persistence.tables.transfers import transfers

MOST_AT_ONCE = 5000
LONGEST_NAME = 80
DONE_AS = {
    Assign: "assigned",
    Comment: "commented",
    Snooze: "snoozed",
    Unsnooze: "unsnoozed",
    Tag: "tagged",
    Untag: "untagged",
    Accept: "accepted",
    Reopen: "reopened",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """The preview of a bulk action on the exceptions that a filter finds; nothing has happened yet."""

    name: str
    """Identifies exactly these exceptions; the action applies to them and not to later ones."""
    ids: tuple[int, ...]
    objects: int
    money: tuple[Money, ...]
    titles: tuple[str, ...]
    """Titles of the first five."""
    refused: tuple[str, ...]
    """Exceptions on which the action is not possible: number and reason."""


class ExceptionLifecycle:
    """Actions of users on exceptions. Every method takes the name of the acting user."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._exception_records = ExceptionRecords(database, clock)
        self._job_queue = JobQueue(database, clock)

    async def preview(self, exception_filter: ExceptionFilter, action: Action) -> Effect:
        """The effect of `action` on all exceptions that the filter finds, at most MOST_AT_ONCE."""
        query = (
            sa.select(exceptions)
            .where(condition(exception_filter, self._clock.now()))
            .order_by(exceptions.c.rank, exceptions.c.id)
            .limit(MOST_AT_ONCE)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        problems = {row.id: problem_with(action, FindingKind(row.kind), row.state) for row in rows}
        allowed = [row for row in rows if not problems[row.id]]
        totals: dict[str, Money] = {}
        for money in (money for row in allowed for money in money_of(row.money)):
            totals[money.currency] = totals[money.currency] + money if money.currency in totals else money
        ids = tuple(row.id for row in allowed)
        return Effect(
            name=name_of(ids),
            ids=ids,
            objects=sum(row.objects_open for row in allowed),
            money=tuple(totals[currency] for currency in sorted(totals)),
            titles=tuple(row.title for row in allowed[:5]),
            refused=tuple(f"{number}: {problem}" for number, problem in problems.items() if problem),
        )

    async def act(self, ids: Iterable[int], action: Action, actor: str) -> int:
        """Applies `action` to all these exceptions or to none; returns their number. Raises NotAllowed, LookupError."""
        _check_actor(actor)
        async with self._database.transaction() as transaction:
            locked_rows = await lock_rows(transaction, set(ids))
            rows = [locked_rows[number] for number in sorted(set(ids))]
            _check_all(rows, action)
            for row in rows:
                await self._act(transaction, locked_rows, row, action, actor)
            await self._exception_records.store(transaction, locked_rows)
        return len(rows)

    async def merge(self, ids: Iterable[int], into: int, actor: str) -> int:
        """Moves the objects of these exceptions, also later ones, into `into`; returns how many objects moved.

        For exceptions with one real cause. `unmerge` reverses it. Raises NotAllowed, LookupError.
        """
        _check_actor(actor)
        moved = 0
        async with self._database.transaction() as transaction:
            locked_rows = await lock_rows(transaction, {*ids, into})
            target = locked_rows[into]
            if target.row["state"] == MERGED:
                raise NotAllowed(f"exception {into} is merged into {target.row['merged_into']}; merge into that one")
            for number in sorted(set(ids) - {into}):
                source = locked_rows[number]
                if source.row["connection"] != target.row["connection"]:
                    raise NotAllowed(
                        f"exception {number} belongs to connection {source.row['connection']}; "
                        f"expected {target.row['connection']}, the connection of exception {into}"
                    )
                if source.row["state"] == MERGED:
                    raise NotAllowed(f"exception {number} is already merged into {source.row['merged_into']}")
                moved += await self._move(transaction, source, target, exception_objects.c.exception_id == number)
                source.row |= {"state": MERGED, "merged_into": into, "snoozed_until": None}
                flatten = sa.update(exceptions).where(exceptions.c.merged_into == number)
                await transaction.execute(flatten.values(merged_into=into))
                text = f"merged into {into}: {target.row['title']}"
                await self._exception_records.add_event(
                    transaction, number, "merged", text, actor=actor, detail={"into": into}
                )
                text = f"{number} was merged into this exception: {source.row['title']}"
                await self._exception_records.add_event(
                    transaction, into, "merged_from", text, actor=actor, detail={"from": number}
                )
            await self._exception_records.store(transaction, locked_rows)
        return moved

    async def unmerge(self, number: int, actor: str) -> int:
        """Reverses a merge: moves the objects back to their own exception; returns how many objects moved."""
        _check_actor(actor)
        async with self._database.transaction() as transaction:
            locked_rows = await lock_rows(transaction, {number})
            source = locked_rows[number]
            if source.row["state"] != MERGED:
                raise NotAllowed(f"exception {number} is not merged into another")
            target = locked_rows[source.row["merged_into"]]
            source.row |= {"state": CLOSED, "merged_into": None}
            moved = await self._move(transaction, target, source, exception_objects.c.cause_id == number)
            text = f"unmerged from {target.row['id']}"
            await self._exception_records.add_event(transaction, number, "unmerged", text, actor=actor)
            text = f"{number} was unmerged: {source.row['title']}"
            await self._exception_records.add_event(transaction, target.row["id"], "unmerged_from", text, actor=actor)
            await self._exception_records.store(transaction, locked_rows)
        return moved

    async def _move(
        self, transaction: AsyncConnection, source: LockedRow, target: LockedRow, which: sa.ColumnElement[bool]
    ) -> int:
        """Moves objects to another exception, with their money; a closed target that gets open objects is reopened."""
        selected = (exception_objects.c.exception_id == source.row["id"]) & which
        rows = (await transaction.execute(sa.select(exception_objects).where(selected))).all()
        still_open = [row for row in rows if row.closed_at is None]
        change = sa.update(exception_objects).where(selected).values(exception_id=target.row["id"])
        await transaction.execute(change)
        for row in still_open:
            source.add_amount(row.amount, row.currency, -1)
            target.add_amount(row.amount, row.currency, +1)
        for locked_row, sign in ((source, -1), (target, +1)):
            locked_row.row["objects_open"] += sign * len(still_open)
            locked_row.row["objects_ever"] += sign * len(rows)
        now = self._clock.now()
        if still_open and target.row["state"] == CLOSED:
            target.row |= {"state": OPEN, "closed_at": None}
        if not source.row["objects_open"] and source.row["state"] == OPEN:
            source.row |= {"state": CLOSED, "closed_at": now}
        return len(rows)

    async def _act(
        self,
        transaction: AsyncConnection,
        locked_rows: dict[int, LockedRow],
        locked_row: LockedRow,
        action: Action,
        actor: str,
    ) -> None:
        row = locked_row.row
        match action:
            case Assign(assignee, owner):
                row["assignee"] = row["assignee"] if assignee is None else assignee[:LONGEST_NAME]
                row["owner"] = row["owner"] if owner is None else str(owner)
            case Snooze(until):
                row["snoozed_until"] = until
            case Unsnooze():
                row["snoozed_until"] = None
            case Tag(tag):
                values = {"exception_id": row["id"], "tag": clean_tag(tag)}
                await transaction.execute(self._database.insert_new(exception_tags), values)
            case Untag(tag):
                of = exception_tags.c
                tagged = (of.exception_id == row["id"]) & (of.tag == clean_tag(tag))
                await transaction.execute(sa.delete(exception_tags).where(tagged))
            case Comment():
                pass
            case Accept(reason):
                await self._add_event(transaction, row["id"], action, actor)
                await self._accept(transaction, locked_rows, row["id"], reason, actor)
                return
            case Reopen():
                await self._add_event(transaction, row["id"], action, actor)
                await self._reopen(transaction, locked_row)
                return
        await self._add_event(transaction, row["id"], action, actor)

    async def _add_event(self, transaction: AsyncConnection, number: int, action: Action, actor: str) -> None:
        verb = DONE_AS[type(action)]
        await self._exception_records.add_event(transaction, number, verb, action.description, actor=actor)

    async def _accept(
        self, transaction: AsyncConnection, locked_rows: dict[int, LockedRow], number: int, reason: str, actor: str
    ) -> None:
        of = exception_objects.c
        query = sa.select(exception_objects).where(of.exception_id == number, of.closed_at.is_(None))
        objects = (await transaction.execute(query)).all()
        proof = {"text": f"{actor} accepts it: {reason}", "actor": actor, "reason": reason}
        await self._exception_records.close_objects(
            transaction, locked_rows, objects, proof, actor=actor, accepted=True
        )

    async def _reopen(self, transaction: AsyncConnection, locked_row: LockedRow) -> None:
        """Reopens the objects that were closed since the exception was last opened, and enqueues a job for each."""
        of, row, now = exception_objects.c, locked_row.row, self._clock.now()
        closed_since = (of.exception_id == row["id"]) & of.closed_at.is_not(None) & (of.closed_at >= row["opened_at"])
        query = sa.select(exception_objects, transfers.c.connection).join(transfers, transfers.c.id == of.transfer_id)
        objects = (await transaction.execute(query.where(closed_since))).all()
        change = sa.update(exception_objects).where(of.id.in_([exception_object.id for exception_object in objects]))
        await transaction.execute(
            change.values(closed_at=None, accepted=False, proof=None, times_opened=of.times_opened + 1)
        )
        for exception_object in objects:
            locked_row.add_amount(exception_object.amount, exception_object.currency, +1)
            if job := recheck_job(exception_object.flow, exception_object.key):
                await self._job_queue.add(
                    transaction, exception_object.connection, *job, "its exception was reopened", now
                )
        row |= {
            "state": OPEN,
            "objects_open": row["objects_open"] + len(objects),
            "times_opened": row["times_opened"] + 1,
            "opened_at": now,
            "deadline_at": now + await time_to_resolve(transaction, row["connection"], FindingKind(row["kind"])),
            "closed_at": None,
        }


def name_of(ids: Sequence[int]) -> str:
    """A name that identifies exactly these exceptions, in 10 hex digits."""
    return canonical_digest(sorted(ids))[:10]


def _check_actor(actor: str) -> None:
    if not actor.strip() or len(actor) > LONGEST_NAME:
        raise NotAllowed(f"the acting user needs a name of 1 to {LONGEST_NAME} characters, not {actor!r}")


def _check_all(rows: Sequence[LockedRow], action: Action) -> None:
    """Raises NotAllowed if `action` is not possible on one of these exceptions."""
    problems = [
        f"exception {row.row['id']}: {problem}"
        for row in rows
        if (problem := problem_with(action, FindingKind(row.row["kind"]), row.row["state"]))
    ]
    if problems:
        raise NotAllowed("; ".join(problems[:5]))
