"""The desk: what people do about exceptions, one by one or many at once, each with a line in the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.kinds import CATALOGUE, Remedy
from weighbridge.domain.findings.finding import FindingKind
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
    Untag,
    Wake,
)
from weighbridge.exceptions.filters import Wanted, condition
from weighbridge.exceptions.records import money_of
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.escalation_policy import within
from weighbridge.persistence.repositories.exception_records import CLOSED, MERGED, OPEN, FollowedExceptions
from weighbridge.persistence.repositories.exception_rows import Held, locked
from weighbridge.persistence.repositories.job_queue import Agenda
from weighbridge.persistence.repositories.recheck_jobs import look_at
from weighbridge.persistence.tables.exceptions import exception_objects, exception_tags, exceptions
from weighbridge.persistence.tables.transfers import transfers

MOST_AT_ONCE = 5000
LONGEST_TAG, LONGEST_NAME = 40, 80
DONE_AS = {
    Assign: "assigned",
    Comment: "commented",
    Snooze: "snoozed",
    Wake: "woken",
    Tag: "tagged",
    Untag: "untagged",
    Accept: "accepted",
    Reopen: "reopened",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action would do to the exceptions that a filter finds; nothing has happened yet."""

    name: str
    """Name of exactly these exceptions; what is done is done to them, not to what came since."""
    ids: tuple[int, ...]
    objects: int
    money: tuple[Money, ...]
    titles: tuple[str, ...]
    """Of the first few."""
    refused: tuple[str, ...]
    """Why it cannot be done to some of them, each with its number."""


class ExceptionDesk:
    """Where people act on exceptions. Every method takes the name of the person who acts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._followed = FollowedExceptions(database, clock)
        self._agenda = Agenda(database, clock)

    async def preview(self, wanted: Wanted, action: Action) -> Effect:
        """What `action` would do to all that `wanted` finds, at most MOST_AT_ONCE."""
        query = (
            sa.select(exceptions)
            .where(condition(wanted, self._clock.now()))
            .order_by(exceptions.c.rank, exceptions.c.id)
            .limit(MOST_AT_ONCE)
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        problems = {row.id: _problem(dict(row._mapping), action) for row in rows}
        meant = [row for row in rows if not problems[row.id]]
        worth: dict[str, Money] = {}
        for money in (one for row in meant for one in money_of(row.money)):
            worth[money.currency] = worth[money.currency] + money if money.currency in worth else money
        ids = tuple(row.id for row in meant)
        return Effect(
            name=name_of(ids),
            ids=ids,
            objects=sum(row.objects_open for row in meant),
            money=tuple(worth[currency] for currency in sorted(worth)),
            titles=tuple(row.title for row in meant[:5]),
            refused=tuple(f"{number}: {why}" for number, why in problems.items() if why),
        )

    async def act(self, ids: Iterable[int], action: Action, actor: str) -> int:
        """Does `action` to these exceptions, all or none; answers how many. Raises NotAllowed, LookupError."""
        _check_actor(actor)
        async with self._database.transaction() as transaction:
            held = await locked(transaction, set(ids))
            wanted = [held[number] for number in sorted(set(ids))]
            problems = [f"exception {one.row['id']}: {why}" for one in wanted if (why := _problem(one.row, action))]
            if problems:
                raise NotAllowed("; ".join(problems[:5]))
            for one in wanted:
                await self._act(transaction, held, one, action, actor)
            await self._followed.store(transaction, held)
        return len(wanted)

    async def merge(self, ids: Iterable[int], into: int, actor: str) -> int:
        """Shows the objects of these exceptions, now and later, in `into`; answers how many objects moved.

        For causes that people know to be one. `unmerge` takes it back. Raises NotAllowed, LookupError.
        """
        _check_actor(actor)
        moved = 0
        async with self._database.transaction() as transaction:
            held = await locked(transaction, {*ids, into})
            target = held[into]
            if target.row["state"] == MERGED:
                raise NotAllowed(f"exception {into} is merged into {target.row['merged_into']}; merge into that one")
            for number in sorted(set(ids) - {into}):
                source = held[number]
                if source.row["connection"] != target.row["connection"]:
                    raise NotAllowed(f"exception {number} belongs to connection {source.row['connection']}")
                if source.row["state"] == MERGED:
                    raise NotAllowed(f"exception {number} is merged into {source.row['merged_into']} already")
                moved += await self._move(transaction, source, target, exception_objects.c.exception_id == number)
                source.row |= {"state": MERGED, "merged_into": into, "snoozed_until": None}
                flatten = sa.update(exceptions).where(exceptions.c.merged_into == number)
                await transaction.execute(flatten.values(merged_into=into))
                words = f"merged into {into}: {target.row['title']}"
                await self._followed.note(transaction, number, "merged", words, actor=actor, detail={"into": into})
                words = f"took up {number}: {source.row['title']}"
                await self._followed.note(transaction, into, "took_up", words, actor=actor, detail={"from": number})
            await self._followed.store(transaction, held)
        return moved

    async def unmerge(self, number: int, actor: str) -> int:
        """Takes a merge back: its objects are shown in their own exception again. Answers how many moved."""
        _check_actor(actor)
        async with self._database.transaction() as transaction:
            held = await locked(transaction, {number})
            source = held[number]
            if source.row["state"] != MERGED:
                raise NotAllowed(f"exception {number} is not merged into another")
            target = held[source.row["merged_into"]]
            source.row |= {"state": CLOSED, "merged_into": None}
            moved = await self._move(transaction, target, source, exception_objects.c.cause_id == number)
            words = f"taken out of {target.row['id']}"
            await self._followed.note(transaction, number, "unmerged", words, actor=actor)
            words = f"{number} was taken out: {source.row['title']}"
            await self._followed.note(transaction, target.row["id"], "gave_back", words, actor=actor)
            await self._followed.store(transaction, held)
        return moved

    async def _move(
        self, transaction: AsyncConnection, source: Held, target: Held, which: sa.ColumnElement[bool]
    ) -> int:
        """Shows objects in another exception, with their money; a closed one that gets open objects is open."""
        mine = (exception_objects.c.exception_id == source.row["id"]) & which
        rows = (await transaction.execute(sa.select(exception_objects).where(mine))).all()
        still_open = [row for row in rows if row.closed_at is None]
        change = sa.update(exception_objects).where(mine).values(exception_id=target.row["id"])
        await transaction.execute(change)
        for one in still_open:
            source.add(one.amount, one.currency, -1)
            target.add(one.amount, one.currency, +1)
        for held, sign in ((source, -1), (target, +1)):
            held.row["objects_open"] += sign * len(still_open)
            held.row["objects_ever"] += sign * len(rows)
        now = self._clock.now()
        if still_open and target.row["state"] == CLOSED:
            target.row |= {"state": OPEN, "closed_at": None}
        if not source.row["objects_open"] and source.row["state"] == OPEN:
            source.row |= {"state": CLOSED, "closed_at": now}
        return len(rows)

    async def _act(
        self, transaction: AsyncConnection, held: dict[int, Held], one: Held, action: Action, actor: str
    ) -> None:
        row = one.row
        match action:
            case Assign(assignee, owner):
                row["assignee"] = row["assignee"] if assignee is None else assignee[:LONGEST_NAME]
                row["owner"] = row["owner"] if owner is None else str(owner)
            case Snooze(until):
                row["snoozed_until"] = until
            case Wake():
                row["snoozed_until"] = None
            case Tag(tag):
                values = {"exception_id": row["id"], "tag": _clean_tag(tag)}
                await transaction.execute(self._database.insert_new(exception_tags), values)
            case Untag(tag):
                of = exception_tags.c
                mine = (of.exception_id == row["id"]) & (of.tag == _clean_tag(tag))
                await transaction.execute(sa.delete(exception_tags).where(mine))
            case Comment():
                pass
            case Accept(reason):
                await self._followed.note(transaction, row["id"], "accepted", action.words, actor=actor)
                await self._accept(transaction, held, row["id"], reason, actor)
                return
            case Reopen():
                await self._followed.note(transaction, row["id"], "reopened", action.words, actor=actor)
                await self._reopen(transaction, one)
                return
        await self._followed.note(transaction, row["id"], DONE_AS[type(action)], action.words, actor=actor)

    async def _accept(
        self, transaction: AsyncConnection, held: dict[int, Held], number: int, reason: str, actor: str
    ) -> None:
        of = exception_objects.c
        parts = (
            await transaction.execute(
                sa.select(exception_objects).where(of.exception_id == number, of.closed_at.is_(None))
            )
        ).all()
        proof = {"words": f"{actor} accepts it: {reason}", "person": actor, "reason": reason}
        await self._followed.close(transaction, held, parts, proof, actor=actor, accepted=True)

    async def _reopen(self, transaction: AsyncConnection, one: Held) -> None:
        """Opens the objects that were closed since it was opened last, and asks for a look at each."""
        of, row, now = exception_objects.c, one.row, self._clock.now()
        since = (of.exception_id == row["id"]) & of.closed_at.is_not(None) & (of.closed_at >= row["opened_at"])
        query = sa.select(exception_objects, transfers.c.connection).join(transfers, transfers.c.id == of.transfer_id)
        parts = (await transaction.execute(query.where(since))).all()
        change = sa.update(exception_objects).where(of.id.in_([part.id for part in parts]))
        await transaction.execute(
            change.values(closed_at=None, accepted=False, proof=None, times_opened=of.times_opened + 1)
        )
        for part in parts:
            one.add(part.amount, part.currency, +1)
            if look := look_at(part.flow, part.key):
                await self._agenda.add(transaction, part.connection, *look, "its exception was reopened", now)
        row |= {
            "state": OPEN,
            "objects_open": row["objects_open"] + len(parts),
            "times_opened": row["times_opened"] + 1,
            "opened_at": now,
            "deadline_at": now + await within(transaction, row["connection"], FindingKind(row["kind"])),
            "closed_at": None,
        }


def name_of(ids: Sequence[int]) -> str:
    """The name of exactly these exceptions, in 10 hex digits."""
    return hashlib.sha256(",".join(map(str, sorted(ids))).encode()).hexdigest()[:10]


def _problem(row: dict[str, object], action: Action) -> str:
    """Why `action` cannot be done to the exception of `row`; empty when it can."""
    state, kind = row["state"], FindingKind(str(row["kind"]))
    match action:
        case Accept(reason):
            if not reason.strip():
                return "accepting needs a reason"
            if state != OPEN:
                return f"it is {state}"
            if Remedy.ACCEPT not in CATALOGUE[kind].remedies:
                return f"{kind} closes only by proof: {CATALOGUE[kind].proof}"
        case Reopen(reason):
            if not reason.strip():
                return "reopening needs a reason"
            if state != CLOSED:
                return f"it is {state}"
        case Snooze() | Wake() | Assign():
            if state != OPEN:
                return f"it is {state}"
        case Comment(text):
            if not text.strip():
                return "a comment needs words"
        case Tag(tag):
            if not 0 < len(_clean_tag(tag)) <= LONGEST_TAG:
                return f"a tag has 1 to {LONGEST_TAG} characters"
    return ""


def _clean_tag(tag: str) -> str:
    return " ".join(tag.lower().split())


def _check_actor(actor: str) -> None:
    if not actor.strip() or len(actor) > LONGEST_NAME:
        raise NotAllowed(f"whoever acts needs a name of 1 to {LONGEST_NAME} characters")
