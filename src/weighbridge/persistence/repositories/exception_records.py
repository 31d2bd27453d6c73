"""Exceptions follow transfers: a held transfer opens or joins an exception and leaves it with a proof once fixed.

This happens in the transaction that changes the transfer. So every hold has an exception, and an exception closes only
with proof.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.cause import Cause, ObjectStatus, causes_of, has_open_note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.escalation_policy import time_to_resolve
from weighbridge.persistence.repositories.exception_rows import (
    SYSTEM_ACTOR,
    LockedRow,
    fields_from_cause,
    has_evidence,
    lock_rows,
    objects_of,
    proof_of,
)
from weighbridge.persistence.repositories.http_log import current_attempt
from weighbridge.persistence.tables.exceptions import exception_events, exception_objects, exceptions
from weighbridge.persistence.tables.transfers import transfers

OPEN, CLOSED, MERGED = "open", "closed", "merged"
IN_FLIGHT = ("new", "waiting")
"""States in which an object may still be held for the same cause, so that they prove nothing."""

_ROW = sa.select(
    *(
        transfers.c[name]
        for name in (
            "id", "connection", "flow", "key", "state", "reason_kind", "reason", "owner", "findings", "amount",
            "currency", "target_id", "target_number", "design_version",
        )
    )
).where(transfers.c.id == sa.bindparam("transfer"))  # fmt: skip
_OPEN_OBJECTS = (
    sa.select(exception_objects, exceptions.c.kind, exceptions.c.cause)
    .join(exceptions, exceptions.c.id == exception_objects.c.cause_id)
    .where(exception_objects.c.transfer_id == sa.bindparam("transfer"), exception_objects.c.closed_at.is_(None))
)
_UNRECORDED = (
    sa.select(transfers.c.id)
    .where(
        transfers.c.state.in_(("held", "rejected")),
        ~sa.exists().where(exception_objects.c.transfer_id == transfers.c.id),
    )
    .limit(sa.bindparam("limit"))
)


class ExceptionRecords:
    """Opens and closes exceptions as transfers change."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open_objects(self, connection: str, kinds: Collection[FindingKind]) -> list[tuple[str, str]]:
        """Flow and key of every open object of exceptions of these kinds, each once."""
        columns, parent = exception_objects.c, exceptions.c
        query = (
            sa.select(columns.flow, columns.key)
            .join(exceptions, parent.id == columns.exception_id)
            .where(parent.connection == connection, parent.kind.in_(sorted(map(str, kinds))))
            .where(columns.closed_at.is_(None))
            .distinct()
        )
        async with self._database.reading() as reading:
            return [(row.flow, row.key) for row in (await reading.execute(query)).all()]

    def may_change_exceptions(self, values: Mapping[str, Any]) -> bool:
        """Whether these changed values of a transfer may open or close an exception."""
        if "state" in values:
            return values["state"] not in IN_FLIGHT
        return has_open_note(values.get("findings", ()))

    def is_passed_without_findings(self, values: Mapping[str, Any]) -> bool:
        """Whether these changed values say that the transfer passed without any finding. Values without `findings`
        leave those of the last evaluation in place."""
        is_final = values.get("state") in ("posted", "cancelled", "not_captured")
        return is_final and "findings" in values and not values["findings"]

    async def sync_transfer(self, transaction: AsyncConnection, transfer_id: str, *, passed: bool = False) -> None:
        """Brings the exceptions of a transfer in line with its present state, inside the caller's transaction.

        `passed` says that the transfer passed without a finding that opens one; most transfers then need one query.
        """
        open_objects = (await transaction.execute(_OPEN_OBJECTS, {"transfer": transfer_id})).all()
        if passed and not open_objects:
            return
        row = (await transaction.execute(_ROW, {"transfer": transfer_id})).one()
        status = ObjectStatus(row.flow, row.key, row.state, row.reason_kind, row.reason, row.owner, row.findings)
        causes = {cause.identity: cause for cause in causes_of(status)} if row.state not in IN_FLIGHT else {}
        if not causes and (not open_objects or row.state in IN_FLIGHT):
            return
        resolved = [open_object for open_object in open_objects if (open_object.kind, open_object.cause) not in causes]
        cause_ids = await self._find_or_create(transaction, row, list(causes.values()))
        objects = await objects_of(transaction, transfer_id, list(cause_ids.values()))
        exception_ids = {*cause_ids.values(), *(resolved_object.exception_id for resolved_object in resolved)}
        locked_rows = await lock_rows(transaction, exception_ids)
        for identity, cause in causes.items():
            await self._open_object(
                transaction, locked_rows, cause_ids[identity], objects.get(cause_ids[identity]), row, cause
            )
        if resolved:
            await self.close_objects(transaction, locked_rows, resolved, proof_of(row))
        await self.store(transaction, locked_rows)

    async def open_missing(self, limit: int = 1000) -> int:
        """Opens exceptions for held transfers that have none; returns how many transfers that were."""
        async with self._database.transaction() as transaction:
            transfer_ids = (await transaction.execute(_UNRECORDED, {"limit": limit})).scalars().all()
            for transfer_id in transfer_ids:
                await self.sync_transfer(transaction, transfer_id)
        return len(transfer_ids)

    async def _find_or_create(
        self, transaction: AsyncConnection, row: sa.Row[Any], current_causes: Sequence[Cause]
    ) -> dict[tuple[str, str], int]:
        """The ids of the exceptions of these causes, created where they are new; always in the same order."""
        now = self._clock.now()
        cause_ids = {}
        for cause in sorted(current_causes):
            query = sa.select(exceptions.c.id).where(
                exceptions.c.connection == row.connection,
                exceptions.c.kind == str(cause.kind),
                exceptions.c.cause == cause.name,
            )
            exception_id = (await transaction.execute(query)).scalar_one_or_none()
            if exception_id is None:
                # The query comes first because a conflicting insert would still use up a number.
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
                } | fields_from_cause(cause, row)
                await transaction.execute(self._database.insert_new(exceptions), values)
                exception_id = (await transaction.execute(query)).scalar_one()
            cause_ids[cause.identity] = exception_id
        return cause_ids

    async def _open_object(
        self,
        transaction: AsyncConnection,
        locked_rows: dict[int, LockedRow],
        cause_id: int,
        before: sa.Row[Any] | None,
        row: sa.Row[Any],
        cause: Cause,
    ) -> None:
        """Opens or reopens the object in its exception; updates the evidence of an object that is open."""
        now = self._clock.now()
        locked = locked_rows[locked_rows[cause_id].row["merged_into"] or cause_id]
        evidence = {
            "field": cause.field,
            "value": cause.value,
            "expected": cause.expected,
            "severity": cause.severity,
            "amount": row.amount,
            "currency": row.currency,
        }
        if before is not None and (before.closed_at is None or before.accepted) and has_evidence(before, evidence):
            return
        if before is not None and before.closed_at is None:
            locked.add_amount(before.amount, before.currency, -1)
            locked.add_amount(row.amount, row.currency, +1)
            change = sa.update(exception_objects).where(exception_objects.c.id == before.id)
            await transaction.execute(change.values(**evidence))
            return
        values = evidence | {"exception_id": locked.row["id"], "opened_at": now, "closed_at": None}
        values |= {"accepted": False, "proof": None}
        if before is None:
            new = {"cause_id": cause_id, "transfer_id": row.id, "flow": row.flow, "key": row.key, "times_opened": 1}
            await transaction.execute(exception_objects.insert().values(**values, **new))
            locked.row["objects_ever"] += 1
        else:
            change = sa.update(exception_objects).where(exception_objects.c.id == before.id)
            await transaction.execute(change.values(**values, times_opened=before.times_opened + 1))
        locked.objects_joined += 1
        locked.row["objects_open"] += 1
        locked.row["last_seen_at"] = now
        locked.add_amount(row.amount, row.currency, +1)
        if locked.row["state"] == CLOSED:
            self._open(locked, await time_to_resolve(transaction, locked.row["connection"], cause.kind))
            if locked.row["id"] == cause_id:
                locked.row |= fields_from_cause(cause, row)
            action = "opened" if locked.row["times_opened"] == 1 else "reopened"
            await self.add_event(transaction, locked.row["id"], action, locked.row["title"], transfer_id=row.id)
        else:
            await self.add_event(transaction, locked.row["id"], "joined", f"{row.flow} {row.key}", transfer_id=row.id)

    def _open(self, locked_row: LockedRow, within: timedelta) -> None:
        now = self._clock.now()
        locked_row.row |= {
            "state": OPEN,
            "times_opened": locked_row.row["times_opened"] + 1,
            "opened_at": now,
            "deadline_at": now + within,
            "snoozed_until": None,
            "closed_at": None,
        }

    async def close_objects(
        self,
        transaction: AsyncConnection,
        locked_rows: dict[int, LockedRow],
        objects: Sequence[sa.Row[Any]],
        proof: Mapping[str, str],
        *,
        actor: str = SYSTEM_ACTOR,
        accepted: bool = False,
    ) -> None:
        """Closes objects of the exceptions in `locked_rows`; an exception without open objects closes too."""
        now = self._clock.now()
        values = {"closed_at": now, "proof": dict(proof), "accepted": accepted}
        for row in objects:
            change = sa.update(exception_objects).where(exception_objects.c.id == row.id)
            await transaction.execute(change.values(**values))
            locked = locked_rows[row.exception_id]
            locked.objects_left += 1
            locked.row["objects_open"] -= 1
            locked.add_amount(row.amount, row.currency, -1)
            text = f"{row.flow} {row.key}: {proof['text']}"
            await self.add_event(
                transaction, locked.row["id"], "left", text, actor=actor, detail=proof, transfer_id=row.transfer_id
            )
            if locked.row["objects_open"] == 0 and locked.row["state"] == OPEN:
                locked.row |= {"state": CLOSED, "closed_at": now, "snoozed_until": None}
                await self.add_event(transaction, locked.row["id"], "closed", proof["text"], actor=actor, detail=proof)

    async def close_with_proof(self, transfer_id: str, kind: FindingKind, text: str) -> int:
        """Closes the open objects of `kind` on a transfer whose finding stays on record, because its fix was seen.

        `text` says what was seen. The same finding stays closed. Returns how many objects were open.
        """
        async with self._database.transaction() as transaction:
            open_objects = (await transaction.execute(_OPEN_OBJECTS, {"transfer": transfer_id})).all()
            of_kind = [open_object for open_object in open_objects if open_object.kind == kind]
            if of_kind:
                locked_rows = await lock_rows(transaction, {open_object.exception_id for open_object in of_kind})
                current = current_attempt.get()
                proof = {"text": text, "attempt_id": current.attempt_id if current else ""}
                await self.close_objects(transaction, locked_rows, of_kind, proof, accepted=True)
                await self.store(transaction, locked_rows)
        return len(of_kind)

    async def store(self, transaction: AsyncConnection, locked_rows: Mapping[int, LockedRow]) -> None:
        """Writes back the exceptions that changed."""
        for exception_id, locked in locked_rows.items():
            values = {name: value for name, value in locked.row.items() if name != "id"}
            change = sa.update(exceptions).where(exceptions.c.id == exception_id)
            await transaction.execute(change.values(**values))

    async def add_event(
        self,
        transaction: AsyncConnection,
        exception_id: int,
        action: str,
        text: str,
        *,
        actor: str = SYSTEM_ACTOR,
        detail: Mapping[str, Any] | None = None,
        transfer_id: str | None = None,
    ) -> None:
        """Adds a line to the history of an exception; lines are never removed."""
        row = {
            "exception_id": exception_id,
            "at": self._clock.now(),
            "actor": actor,
            "action": action,
            "text": text[:4000],
            "detail": dict(detail or {}),
            "transfer_id": transfer_id,
        }
        await transaction.execute(exception_events.insert().values(**row))
