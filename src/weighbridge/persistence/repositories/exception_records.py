"""Following transfers: whoever is held opens or joins its exception, whoever gets on leaves it with the proof.

All of it happens in the transaction that changes the transfer, so no hold is without an exception and no exception
closes because somebody says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.cause import Cause, Standing, causes, has_open_note
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.escalation_policy import within
from weighbridge.persistence.repositories.exception_rows import (
    OURSELVES,
    Held,
    locked,
    objects_of,
    proof_of,
    shows,
    told_by,
)
from weighbridge.persistence.repositories.http_log import serving
from weighbridge.persistence.tables.exceptions import exception_events, exception_objects, exceptions
from weighbridge.persistence.tables.transfers import transfers

OPEN, CLOSED, MERGED = "open", "closed", "merged"
IN_FLIGHT = ("new", "waiting")
"""States in which an object may still be held for the same cause: nothing is proven yet."""

_ROW = sa.select(
    *(
        transfers.c[name]
        for name in (
            "id", "connection", "flow", "key", "state", "reason_kind", "reason", "owner", "findings", "amount",
            "currency", "target_id", "target_number", "design_version",
        )
    )
).where(transfers.c.id == sa.bindparam("transfer"))  # fmt: skip
_PRESENT = (
    sa.select(exception_objects, exceptions.c.kind, exceptions.c.cause)
    .join(exceptions, exceptions.c.id == exception_objects.c.cause_id)
    .where(exception_objects.c.transfer_id == sa.bindparam("transfer"), exception_objects.c.closed_at.is_(None))
)
_UNFOLLOWED = (
    sa.select(transfers.c.id)
    .where(
        transfers.c.state.in_(("held", "rejected")),
        ~sa.exists().where(exception_objects.c.transfer_id == transfers.c.id),
    )
    .limit(sa.bindparam("most"))
)


class FollowedExceptions:
    """What the journal keeps of exceptions while transfers come and go."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def waiting(self, connection: str, kinds: Collection[FindingKind]) -> list[tuple[str, str]]:
        """Flow and key of every object that an open exception of these kinds waits for, each once."""
        part, whole = exception_objects.c, exceptions.c
        query = (
            sa.select(part.flow, part.key)
            .join(exceptions, whole.id == part.exception_id)
            .where(whole.connection == connection, whole.kind.in_(sorted(map(str, kinds))), part.closed_at.is_(None))
            .distinct()
        )
        async with self._database.reading() as reading:
            return [(row.flow, row.key) for row in (await reading.execute(query)).all()]

    def concern(self, values: Mapping[str, Any]) -> bool:
        """Whether a change of a transfer by these values may open or close anything."""
        if "state" in values:
            return values["state"] not in IN_FLIGHT
        return has_open_note(values.get("findings", ()))

    def passed(self, values: Mapping[str, Any]) -> bool:
        """Whether a change by these values says that the transfer passed and left nothing to tell; one that does not
        name the findings leaves those of the weighing before."""
        over = values.get("state") in ("posted", "cancelled", "not_captured")
        return over and "findings" in values and not values["findings"]

    async def follow(self, transaction: AsyncConnection, transfer_id: str, *, passed: bool = False) -> None:
        """Brings the exceptions of a transfer in line with how it stands now, inside the caller's transaction.

        `passed` says that it passed without a note that would open one, which spares most transfers a question.
        """
        present = (await transaction.execute(_PRESENT, {"transfer": transfer_id})).all()
        if passed and not present:
            return
        row = (await transaction.execute(_ROW, {"transfer": transfer_id})).one()
        standing = Standing(row.flow, row.key, row.state, row.reason_kind, row.reason, row.owner, row.findings)
        wanted = {cause.identity: cause for cause in causes(standing)} if row.state not in IN_FLIGHT else {}
        if not wanted and (not present or row.state in IN_FLIGHT):
            return
        gone = [one for one in present if (one.kind, one.cause) not in wanted]
        cause_ids = await self._made(transaction, row, list(wanted.values()))
        objects = await objects_of(transaction, transfer_id, list(cause_ids.values()))
        held = await locked(transaction, {*cause_ids.values(), *(one.exception_id for one in gone)})
        for identity, cause in wanted.items():
            await self._join(transaction, held, cause_ids[identity], objects.get(cause_ids[identity]), row, cause)
        if gone:
            await self.close(transaction, held, gone, proof_of(row))
        await self.store(transaction, held)

    async def catch_up(self, most: int = 1000) -> int:
        """Opens the exceptions of transfers that were held before exceptions were kept; answers how many it found."""
        async with self._database.transaction() as transaction:
            found = (await transaction.execute(_UNFOLLOWED, {"most": most})).scalars().all()
            for transfer_id in found:
                await self.follow(transaction, transfer_id)
        return len(found)

    async def _made(
        self, transaction: AsyncConnection, row: sa.Row[Any], wanted: Sequence[Cause]
    ) -> dict[tuple[str, str], int]:
        """The ids of the exceptions of these causes, made when they are new; always in the same order."""
        now = self._clock.now()
        made = {}
        for cause in sorted(wanted):
            found = sa.select(exceptions.c.id).where(
                exceptions.c.connection == row.connection,
                exceptions.c.kind == str(cause.kind),
                exceptions.c.cause == cause.name,
            )
            known = (await transaction.execute(found)).scalar_one_or_none()
            if known is None:
                # Asked first, since a conflicting insert would still use up a number.
                values = {
                    "connection": row.connection,
                    "kind": str(cause.kind),
                    "cause": cause.name,
                    "state": CLOSED,
                    "objects_open": 0,
                    "objects_ever": 0,
                    "money": {},
                    "times_opened": 0,
                    "opened_at": now,
                    "last_seen_at": now,
                    "deadline_at": now,
                } | told_by(cause, row)
                await transaction.execute(self._database.insert_new(exceptions), values)
                known = (await transaction.execute(found)).scalar_one()
            made[cause.identity] = known
        return made

    async def _join(
        self,
        transaction: AsyncConnection,
        held: dict[int, Held],
        cause_id: int,
        before: sa.Row[Any] | None,
        row: sa.Row[Any],
        cause: Cause,
    ) -> None:
        """Opens the object's part in its exception, anew or for the first time; refreshes one that is open."""
        now = self._clock.now()
        shown = held[held[cause_id].row["merged_into"] or cause_id]
        evidence = {
            "field": cause.field,
            "value": cause.value,
            "expected": cause.expected,
            "severity": cause.severity,
            "amount": row.amount,
            "currency": row.currency,
        }
        if before is not None and (before.closed_at is None or before.accepted) and shows(before, evidence):
            return
        if before is not None and before.closed_at is None:
            shown.add(before.amount, before.currency, -1)
            shown.add(row.amount, row.currency, +1)
            change = sa.update(exception_objects).where(exception_objects.c.id == before.id)
            await transaction.execute(change.values(**evidence))
            return
        part = evidence | {"exception_id": shown.row["id"], "opened_at": now, "closed_at": None}
        part |= {"accepted": False, "proof": None}
        if before is None:
            new = {"cause_id": cause_id, "transfer_id": row.id, "flow": row.flow, "key": row.key, "times_opened": 1}
            await transaction.execute(exception_objects.insert().values(**part, **new))
            shown.row["objects_ever"] += 1
        else:
            change = sa.update(exception_objects).where(exception_objects.c.id == before.id)
            await transaction.execute(change.values(**part, times_opened=before.times_opened + 1))
        shown.joined += 1
        shown.row["objects_open"] += 1
        shown.row["last_seen_at"] = now
        shown.add(row.amount, row.currency, +1)
        if shown.row["state"] == CLOSED:
            self._open(shown, await within(transaction, shown.row["connection"], cause.kind))
            if shown.row["id"] == cause_id:
                shown.row |= told_by(cause, row)
            action = "opened" if shown.row["times_opened"] == 1 else "reopened"
            await self.note(transaction, shown.row["id"], action, shown.row["title"], transfer_id=row.id)
        else:
            await self.note(transaction, shown.row["id"], "joined", f"{row.flow} {row.key}", transfer_id=row.id)

    def _open(self, shown: Held, within: timedelta) -> None:
        now = self._clock.now()
        shown.row |= {
            "state": OPEN,
            "times_opened": shown.row["times_opened"] + 1,
            "opened_at": now,
            "deadline_at": now + within,
            "snoozed_until": None,
            "closed_at": None,
        }

    async def close(
        self,
        transaction: AsyncConnection,
        held: dict[int, Held],
        parts: Sequence[sa.Row[Any]],
        proof: Mapping[str, str],
        *,
        actor: str = OURSELVES,
        accepted: bool = False,
    ) -> None:
        """Closes objects of exceptions that are locked in `held`; an exception without open objects closes too."""
        now = self._clock.now()
        values = {"closed_at": now, "proof": dict(proof), "accepted": accepted}
        for part in parts:
            change = sa.update(exception_objects).where(exception_objects.c.id == part.id)
            await transaction.execute(change.values(**values))
            shown = held[part.exception_id]
            shown.left += 1
            shown.row["objects_open"] -= 1
            shown.add(part.amount, part.currency, -1)
            words = f"{part.flow} {part.key}: {proof['words']}"
            await self.note(
                transaction, shown.row["id"], "left", words, actor=actor, detail=proof, transfer_id=part.transfer_id
            )
            if shown.row["objects_open"] == 0 and shown.row["state"] == OPEN:
                shown.row |= {"state": CLOSED, "closed_at": now, "snoozed_until": None}
                await self.note(transaction, shown.row["id"], "closed", proof["words"], actor=actor, detail=proof)

    async def prove(self, transfer_id: str, kind: FindingKind, words: str) -> int:
        """Closes what is open of `kind` on a transfer whose finding stays on record: what was asked for was seen.

        `words` say what was seen. The same finding stays closed; answers how many were open.
        """
        async with self._database.transaction() as transaction:
            present = (await transaction.execute(_PRESENT, {"transfer": transfer_id})).all()
            parts = [one for one in present if one.kind == kind]
            if parts:
                held = await locked(transaction, {one.exception_id for one in parts})
                current = serving.get()
                proof = {"words": words, "attempt_id": current.attempt_id if current else ""}
                await self.close(transaction, held, parts, proof, accepted=True)
                await self.store(transaction, held)
        return len(parts)

    async def store(self, transaction: AsyncConnection, held: Mapping[int, Held]) -> None:
        """Writes back the exceptions that changed."""
        for exception_id, one in held.items():
            values = {name: value for name, value in one.row.items() if name != "id"}
            change = sa.update(exceptions).where(exceptions.c.id == exception_id)
            await transaction.execute(change.values(**values))

    async def note(
        self,
        transaction: AsyncConnection,
        exception_id: int,
        action: str,
        words: str,
        *,
        actor: str = OURSELVES,
        detail: Mapping[str, Any] | None = None,
        transfer_id: str | None = None,
    ) -> None:
        """Adds a line to the history of an exception, which nothing ever takes away."""
        row = {
            "exception_id": exception_id,
            "at": self._clock.now(),
            "actor": actor,
            "action": action,
            "words": words[:4000],
            "detail": dict(detail or {}),
            "transfer_id": transfer_id,
        }
        await transaction.execute(exception_events.insert().values(**row))
