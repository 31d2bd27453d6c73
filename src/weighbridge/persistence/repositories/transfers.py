"""Transfers: each object that crosses, in one direction, once; its state, its reason and who owns it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.common.ids import new_id
from weighbridge.domain.findings.finding import Finding, deciding
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.exception_records import FollowedExceptions
from weighbridge.persistence.repositories.search_index import LONGEST, digest_of_word, words_in
from weighbridge.persistence.tables.transfers import found_by, transfers


class State(StrEnum):
    NEW = "new"
    WAITING = "waiting"
    """Will be tried again by itself."""
    POSTED = "posted"
    HELD = "held"
    """Waits for a person: see reason and owner."""
    REJECTED = "rejected"
    NOT_CAPTURED = "not_captured"
    """The capture rule does not take it as it stands."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer as it stands. `content` is what was mapped; its shape belongs to the flow."""

    id: str
    connection: str
    flow: str
    key: str
    state: State
    reason_kind: str
    reason: str
    owner: str
    findings: Sequence[dict[str, str]]
    source_version: str
    target_id: str
    target_number: str
    amount: Decimal | None
    currency: str
    content: Any
    design_version: str
    tries: int
    next_try_at: datetime | None
    created_at: datetime
    updated_at: datetime
    posted_at: datetime | None


_FIELDS = tuple(Transfer.__dataclass_fields__)


def _read(row: sa.Row[Any]) -> Transfer:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["state"] = State(values["state"])
    return Transfer(**values)


def stored_finding(finding: Finding) -> dict[str, str]:
    """A finding as a transfer keeps it."""
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "field": finding.field,
        "value": finding.value[:500],
        "expected": finding.expected,
        "owner": finding.owner,
    }


CHANGE = sa.update(transfers).where(transfers.c.id == sa.bindparam("transfer"))
FIND = sa.select(*(transfers.c[name] for name in _FIELDS)).where(
    transfers.c.connection == sa.bindparam("connection"),
    transfers.c.flow == sa.bindparam("flow"),
    transfers.c.key == sa.bindparam("key"),
)


class Transfers:
    def __init__(self, database: Database, clock: Clock, exceptions: FollowedExceptions) -> None:
        self._database = database
        self._clock = clock
        self._exceptions = exceptions

    async def open(self, connection: str, flow: str, key: str) -> Transfer:
        """The transfer of `key`, made now if this is the first look at it."""
        found = await self.find(connection, flow, key)
        if found is not None:
            return found
        now = self._clock.now()
        row: dict[str, Any] = {
            "id": new_id(),
            "connection": connection,
            "flow": flow,
            "key": key,
            "state": State.NEW,
            "findings": [],
            "content": None,
            "created_at": now,
            "updated_at": now,
        }
        await self._database.execute(self._database.insert_new(transfers), row)
        opened = await self.find(connection, flow, key)
        assert opened is not None
        return opened

    async def find(self, connection: str, flow: str, key: str) -> Transfer | None:
        """The transfer of `key`, or None when it never crossed our path."""
        async with self._database.reading() as reading:
            rows = await reading.execute(FIND, {"connection": connection, "flow": flow, "key": key})
            row = rows.one_or_none()
        return None if row is None else _read(row)

    async def find_many(self, connection: str, flow: str, keys: Sequence[str]) -> dict[str, Transfer]:
        """The transfers of `keys` that crossed our path, by key."""
        wanted = (
            (transfers.c.connection == connection) & (transfers.c.flow == flow) & transfers.c.key.in_(sorted(set(keys)))
        )
        return {row.key: row for row in await self.select(wanted, limit=len(keys) or 1)}

    async def find_target(self, connection: str, flow: str, target_id: str) -> Transfer | None:
        """The transfer that wrote `target_id`."""
        wanted = (
            (transfers.c.connection == connection) & (transfers.c.flow == flow) & (transfers.c.target_id == target_id)
        )
        return next(iter(await self.select(wanted, limit=1)), None)

    async def select(self, where: sa.ColumnElement[bool], limit: int = 1000) -> list[Transfer]:
        """Transfers that satisfy `where`, oldest first."""
        columns = [transfers.c[name] for name in _FIELDS]
        query = sa.select(*columns).where(where).order_by(transfers.c.created_at, transfers.c.id).limit(limit)
        async with self._database.reading() as reading:
            return [_read(row) for row in (await reading.execute(query)).all()]

    async def beneath(self, connection: str, flow: str, key: str) -> list[Transfer]:
        """The transfers whose key begins with `key` and a colon, oldest first: an order's refunds.

        The bounds are for the index. Databases differ in where punctuation sorts, so they lie within digits and
        letters; what begins so is asked for beside them.
        """
        of = transfers.c
        near = of.key.between(f"{key}:", f"{key}:zzzz")
        begins = of.key.startswith(f"{key}:", autoescape=True)
        return await self.select((of.connection == connection) & (of.flow == flow) & near & begins)

    async def counts(self) -> list[tuple[str, str, str, str, int]]:
        """(connection, flow, state, reason kind, number) of all transfers."""
        columns = (transfers.c.connection, transfers.c.flow, transfers.c.state, transfers.c.reason_kind)
        query = sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)
        async with self._database.reading() as reading:
            return [tuple(row) for row in (await reading.execute(query)).all()]

    async def found_by(self, word: str, limit: int = 50) -> list[Transfer]:
        """Transfers with this e-mail address or tracking number, oldest first; case and spaces do not count."""
        with_it = sa.select(found_by.c.transfer_id).where(found_by.c.digest == digest_of_word(word))
        return await self.select(transfers.c.id.in_(with_it), limit=limit)

    async def findable(self, transfer_id: str, words: Iterable[str]) -> None:
        """Lets the search find a transfer by these addresses although nothing was mapped of it."""
        digests = {digest_of_word(word) for word in words if 0 < len(word.strip()) <= LONGEST}
        if digests:
            rows = [{"digest": digest, "transfer_id": transfer_id} for digest in sorted(digests)]
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.insert_new(found_by), rows)

    async def alike(self, transfer_id: str, word: str) -> list[Transfer]:
        """The other transfers that were called by this word, oldest first; from now on this one is too."""
        digest = digest_of_word(word)
        await self._database.execute(
            self._database.insert_new(found_by), {"digest": digest, "transfer_id": transfer_id}
        )
        called = sa.select(found_by.c.transfer_id).where(found_by.c.digest == digest)
        return await self.select(transfers.c.id.in_(called) & (transfers.c.id != transfer_id))

    async def change(self, transfer_id: str, **values: Any) -> None:
        """Sets columns of a transfer; `updated_at` follows, and so do the exceptions it belongs to."""
        change = values | {"updated_at": self._clock.now(), "transfer": transfer_id}
        words = words_in(values.get("content"))
        follow = self._exceptions.concern(values)
        if not follow and not words:
            await self._database.execute(CHANGE, change)
            return
        async with self._database.transaction() as transaction:
            await transaction.execute(CHANGE, change)
            if words:
                rows = [{"digest": word, "transfer_id": transfer_id} for word in sorted(words)]
                await transaction.execute(self._database.insert_new(found_by), rows)
            if follow:
                await self._exceptions.follow(transaction, transfer_id, passed=self._exceptions.passed(values))

    async def weighed(self, transfer_id: str, findings: tuple[Finding, ...], **values: Any) -> None:
        """Stores the findings of a weighing; with a deciding one the transfer is held or rejected by it."""
        stopping = deciding(findings)
        if stopping:
            first = stopping[0]
            values |= {
                "state": State.REJECTED if first.severity == "reject" else State.HELD,
                "reason_kind": first.kind,
                "reason": "; ".join(str(finding) for finding in stopping)[:4000],
                "owner": first.owner,
                "next_try_at": None,
            }
        await self.change(transfer_id, findings=[stored_finding(finding) for finding in findings], **values)

    async def waits(self, transfer_id: str, kind: str, reason: str, next_try_at: datetime, tries: int) -> None:
        """Notes that the transfer is tried again by itself at `next_try_at`."""
        await self.change(
            transfer_id,
            state=State.WAITING,
            reason_kind=kind,
            reason=reason[:4000],
            owner="",
            next_try_at=next_try_at,
            tries=tries,
        )
