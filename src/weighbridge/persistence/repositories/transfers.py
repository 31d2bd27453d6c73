"""Transfers: each object that is transferred once, in one direction, with its state, its reason and its owner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.documents import DocumentKind, Model, UnreadableDocument, WireDocument
from weighbridge.domain.findings.finding import Finding, deciding
from weighbridge.persistence.database import Database, batches
from weighbridge.persistence.repositories.exception_records import ExceptionRecords
from weighbridge.persistence.tables.transfers import search_index, transfers
from weighbridge.persistence.types import StoredDocument, new_id


class State(StrEnum):
    NEW = "new"
    WAITING = "waiting"
    """Is retried automatically."""
    POSTED = "posted"
    HELD = "held"
    """Waits for its owner: see reason and owner."""
    REJECTED = "rejected"
    NOT_CAPTURED = "not_captured"
    """The capture rule excludes it in its present state."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer as stored. `content` is the mapped document, of a kind in `persistence.documents`."""

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
    content: StoredDocument | None
    design_version: str
    tries: int
    next_try_at: datetime | None
    created_at: datetime
    updated_at: datetime
    posted_at: datetime | None

    def read(self, kind: DocumentKind[Model]) -> Model:
        """The content. Raises UnreadableDocument, which names the transfer, the kind and the version."""
        try:
            if self.content is None:
                raise UnreadableDocument(f"no {kind.name} is stored")
            return self.content.read(kind)
        except UnreadableDocument as error:
            raise UnreadableDocument(
                f"{self.connection} {self.flow} {self.key}, transfer {self.id}: {error}"
            ) from error


ColumnValue = str | int | Decimal | datetime | WireDocument | Sequence[dict[str, str]] | None
"""A value of a column of a transfer."""

_FIELDS = tuple(Transfer.__dataclass_fields__)


def _read(row: sa.Row[Any]) -> Transfer:
    values = {name: getattr(row, name) for name in _FIELDS}
    values["state"] = State(values["state"])
    return Transfer(**values)


def stored_finding(finding: Finding) -> dict[str, str]:
    """A finding as a transfer stores it."""
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "field": finding.field,
        "value": finding.value[:500],
        "expected": finding.expected,
        "owner": finding.owner,
    }


COLUMNS = tuple(transfers.c[name] for name in _FIELDS)
CHANGE = sa.update(transfers).where(transfers.c.id == sa.bindparam("transfer"))
FIND = sa.select(*COLUMNS).where(
    transfers.c.connection == sa.bindparam("connection"),
    transfers.c.flow == sa.bindparam("flow"),
    transfers.c.key == sa.bindparam("key"),
)


class Transfers:
    def __init__(self, database: Database, clock: Clock, exception_records: ExceptionRecords) -> None:
        self._database = database
        self._clock = clock
        self._exception_records = exception_records
        self._create = database.insert(transfers).on_conflict_do_nothing().returning(*COLUMNS)

    async def open(self, connection: str, flow: str, key: str) -> Transfer:
        """The transfer of `key`, created if there is none."""
        transfer = await self.find(connection, flow, key)
        if transfer is not None:
            return transfer
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
        created = await self._database.fetch(self._create, row)
        opened = _read(created[0]) if created else await self.find(connection, flow, key)
        assert opened is not None
        return opened

    async def find(self, connection: str, flow: str, key: str) -> Transfer | None:
        """The transfer of `key`; None when there is none."""
        async with self._database.reading() as reading:
            rows = await reading.execute(FIND, {"connection": connection, "flow": flow, "key": key})
            row = rows.one_or_none()
        return None if row is None else _read(row)

    async def find_many(self, connection: str, flow: str, keys: Sequence[str]) -> dict[str, Transfer]:
        """The existing transfers of `keys`, by key."""
        of = transfers.c
        listed: dict[str, Transfer] = {}
        for batch in batches(keys):
            is_listed = (of.connection == connection) & (of.flow == flow) & of.key.in_(batch)
            listed |= {transfer.key: transfer for transfer in await self.select(is_listed, limit=len(batch))}
        return listed

    async def find_target(self, connection: str, flow: str, target_id: str) -> Transfer | None:
        """The transfer that wrote `target_id`."""
        wrote_target = (
            (transfers.c.connection == connection) & (transfers.c.flow == flow) & (transfers.c.target_id == target_id)
        )
        return next(iter(await self.select(wrote_target, limit=1)), None)

    async def to_confirm(self, connection: str, flow: str) -> list[Transfer]:
        """The posted transfers of a flow whose effect at the other platform is still to be confirmed."""
        of = transfers.c
        is_own = (of.connection == connection) & (of.flow == flow)
        return await self.select(is_own & (of.state == State.POSTED) & of.next_try_at.is_not(None))

    async def confirmed(self, transfer: Transfer) -> None:
        """Records that the effect of `transfer` is confirmed, unless it was posted again since it was read."""
        of = transfers.c
        is_same = (of.id == transfer.id) & (of.next_try_at == transfer.next_try_at)
        await self._database.execute(sa.update(transfers).where(is_same).values(next_try_at=None), {})

    async def select(self, where: sa.ColumnElement[bool], limit: int = 1000) -> list[Transfer]:
        """Transfers that satisfy `where`, oldest first."""
        query = sa.select(*COLUMNS).where(where).order_by(transfers.c.created_at, transfers.c.id).limit(limit)
        async with self._database.reading() as reading:
            return [_read(row) for row in (await reading.execute(query)).all()]

    async def with_parent_key(self, connection: str, flow: str, key: str) -> list[Transfer]:
        """The transfers whose key begins with `key` and a colon, oldest first: an order's refunds.

        The bounds let the database use the index. Databases sort punctuation differently, so the bounds lie within
        digits and letters, and the prefix is compared as well.
        """
        of = transfers.c
        is_in_range = of.key.between(f"{key}:", f"{key}:zzzz")
        has_prefix = of.key.startswith(f"{key}:", autoescape=True)
        return await self.select((of.connection == connection) & (of.flow == flow) & is_in_range & has_prefix)

    async def in_flow(self, flow: str, limit: int) -> list[Transfer]:
        """The transfers of a flow of all connections, oldest first."""
        return await self.select(transfers.c.flow == flow, limit=limit)

    async def held_in_flow(self, connection: str, flow: str, limit: int = 1_000_000) -> list[Transfer]:
        """The held transfers of a flow, oldest first."""
        of = transfers.c
        is_held = (of.connection == connection) & (of.flow == flow) & (of.state == State.HELD)
        return await self.select(is_held, limit=limit)

    async def counts(self) -> list[tuple[str, str, str, str, int]]:
        """(connection, flow, state, reason kind, number) of all transfers."""
        columns = (transfers.c.connection, transfers.c.flow, transfers.c.state, transfers.c.reason_kind)
        query = sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)
        async with self._database.reading() as reading:
            return [tuple(row) for row in (await reading.execute(query)).all()]

    async def search(self, term: str, limit: int = 50) -> list[Transfer]:
        """Transfers with this e-mail address or tracking number, oldest first; case and spaces do not count."""
        matching_ids = sa.select(search_index.c.transfer_id).where(search_index.c.digest == digest_of_term(term))
        return await self.select(transfers.c.id.in_(matching_ids), limit=limit)

    async def add_search_terms(self, transfer_id: str, terms: Iterable[str]) -> None:
        """Lets the search find a transfer by these e-mail addresses although it has no mapped content."""
        digests = {digest_of_term(term) for term in terms if 0 < len(term.strip()) <= LONGEST_SEARCH_TERM}
        if digests:
            rows = [{"digest": digest, "transfer_id": transfer_id} for digest in sorted(digests)]
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.insert_new(search_index), rows)

    async def find_others_with_term(self, transfer_id: str, term: str) -> list[Transfer]:
        """The other transfers with this search term, oldest first. Also adds the term to `transfer_id`."""
        digest = digest_of_term(term)
        await self._database.execute(
            self._database.insert_new(search_index), {"digest": digest, "transfer_id": transfer_id}
        )
        matching_ids = sa.select(search_index.c.transfer_id).where(search_index.c.digest == digest)
        return await self.select(transfers.c.id.in_(matching_ids) & (transfers.c.id != transfer_id))

    async def change(self, transfer_id: str, **values: ColumnValue) -> None:
        """Sets columns of a transfer and its `updated_at`, and brings its exceptions in line."""
        change = values | {"updated_at": self._clock.now(), "transfer": transfer_id}
        digests = frozenset(map(digest_of_term, _search_terms(values.get("content"))))
        affects_exceptions = self._exception_records.may_change_exceptions(values)
        if not affects_exceptions and not digests:
            await self._database.execute(CHANGE, change)
            return
        async with self._database.transaction() as transaction:
            await transaction.execute(CHANGE, change)
            if digests:
                rows = [{"digest": digest, "transfer_id": transfer_id} for digest in sorted(digests)]
                await transaction.execute(self._database.insert_new(search_index), rows)
            if affects_exceptions:
                await self._exception_records.sync_transfer(
                    transaction, transfer_id, passed=self._exception_records.is_passed_without_findings(values)
                )

    async def record_evaluation(self, transfer_id: str, findings: tuple[Finding, ...], **values: ColumnValue) -> None:
        """Stores the findings of an evaluation. A deciding finding holds or rejects the transfer."""
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

    async def schedule_retry(self, transfer_id: str, kind: str, reason: str, next_try_at: datetime, tries: int) -> None:
        """Records that the transfer is retried automatically at `next_try_at`."""
        await self.change(
            transfer_id,
            state=State.WAITING,
            reason_kind=kind,
            reason=reason[:4000],
            owner="",
            next_try_at=next_try_at,
            tries=tries,
        )

    async def restart_schedules(self, connection: str, kind: str) -> None:
        """Lets the transfers that wait for this reason begin their retry schedule anew, now."""
        of = transfers.c
        waits = (of.connection == connection) & (of.state == State.WAITING) & (of.reason_kind == kind)
        now = self._clock.now()
        await self._database.execute(sa.update(transfers).where(waits).values(tries=0, next_try_at=now, updated_at=now))


SEARCHED_FIELDS = frozenset({"email", "tracking_number"})
"""Fields of the mapped content whose values users search for."""
LONGEST_SEARCH_TERM = 200


def digest_of_term(term: str) -> str:
    """The digest stored for a term; case and spaces do not count."""
    return hashlib.sha256("".join(term.lower().split()).encode()).hexdigest()


def _search_terms(content: object) -> Iterator[str]:
    """The search terms in a transfer's content."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name in SEARCHED_FIELDS and isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_SEARCH_TERM:
                yield value
            elif isinstance(value, (dict, list)):
                yield from _search_terms(value)
    elif isinstance(content, list):
        for item in content:
            yield from _search_terms(item)
