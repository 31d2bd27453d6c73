"""The HTTP log: every request and answer, byte for byte, with the transfer and the attempt that caused it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from weighbridge.persistence.answer_chains import AnswerChains, RecordedExchange, StoredAnswer
from weighbridge.persistence.database import Database, batches
from weighbridge.persistence.repositories.stored_responses import read_responses
from weighbridge.persistence.tables.http_log import api_addresses, http_exchanges
from weighbridge.persistence.types import Dictionary, compress, decompress, is_record_id, new_id


@dataclass(frozen=True, slots=True)
class CurrentAttempt:
    """Which transfer and attempt the current task works for."""

    transfer_id: str
    attempt_id: str


GATHERING_WALL_SECONDS = 0.004

current_attempt: ContextVar[CurrentAttempt | None] = ContextVar("current_attempt", default=None)


BASE = re.compile(r"https?://[^/]+/(?:stores/[^/]+/|ExternalApi/v[0-9]+/)?")
"""The part of a URL that all calls of a connection to a platform begin with. Source: BigCommerce, "API requests";
Cin7 Core API v2, "URL"."""
DICTIONARIES = {"bigcommerce": Dictionary.BIGCOMMERCE, "cin7": Dictionary.CIN7}


@dataclass(frozen=True, slots=True)
class StoredExchange:
    """One exchange as stored."""

    id: str
    platform: str
    method: str
    url: str
    request: bytes
    status: int | None
    response: bytes
    started_at: datetime
    duration_ms: int
    outcome: str
    are_bodies_removed: bool
    """Whether the retention has removed both bodies, which are empty then."""
    previous_id: str
    """The exchange whose response this one's is stored as the changes of; empty: it is stored whole."""
    digest: str
    """SHA-256 of a long response's exact bytes, in hexadecimal; empty for a short one."""


IS_ADDRESS = api_addresses.c.id == http_exchanges.c.address_id
EXCHANGES = sa.select(http_exchanges, api_addresses.c.platform, api_addresses.c.base).join(api_addresses, IS_ADDRESS)


def is_call_of(connections: Collection[str], platform: str = "") -> sa.ColumnElement[bool]:
    """Whether an exchange is a call of one of these connections, to one platform or to both. Uses the index by time."""
    of = api_addresses.c
    addresses = sa.select(of.id).where(of.connection.in_(sorted(connections)))
    return http_exchanges.c.address_id.in_(addresses.where(of.platform == platform) if platform else addresses)


@dataclass(frozen=True, slots=True)
class PendingExchange:
    """One exchange that waits to be stored, with the attempt that caused it."""

    id: str
    exchange: RecordedExchange
    attempt: CurrentAttempt | None


class HttpLog:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._answer_chains = AnswerChains()
        self._address_ids: dict[tuple[str, str, str], int] = {}
        self._pending: list[PendingExchange] = []
        self._flush: asyncio.Task[None] | None = None

    async def record(self, exchange: RecordedExchange) -> None:
        """Stores one exchange under the current task's transfer and attempt."""
        self._pending.append(PendingExchange(new_id(), exchange, current_attempt.get()))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._store_pending())
        await asyncio.shield(self._flush)

    async def _address_id(self, connection: str, platform: str, base: str) -> int:
        """The id of an address, which is stored at its first call."""
        key, of = (connection, platform, base), api_addresses.c
        if key not in self._address_ids:
            row = dict(zip(("connection", "platform", "base"), key, strict=True))
            async with self._database.transaction() as transaction:
                await transaction.execute(self._database.insert_new(api_addresses), row)
                query = sa.select(of.id).where(of.connection == connection, of.platform == platform, of.base == base)
                self._address_ids[key] = int((await transaction.execute(query)).scalar_one())
        return self._address_ids[key]

    async def _store_pending(self) -> None:
        """Stores the exchanges of all concurrent tasks in one transaction; each task waits for it."""
        await asyncio.sleep(GATHERING_WALL_SECONDS)
        # An exchange that comes from here on waits for the next transaction, not for this one.
        pending, self._pending, self._flush = self._pending, [], None
        answers = [self._answer_chains.store(each.exchange, _dictionary_of(each.exchange)) for each in pending]
        rows = [await self._row(each, answer) for each, answer in zip(pending, answers, strict=True)]
        if len(rows) == 1:
            await self._database.execute(http_exchanges.insert(), rows[0])
        else:
            async with self._database.transaction() as transaction:
                await transaction.execute(http_exchanges.insert(), rows)
        for each, answer in zip(pending, answers, strict=True):
            self._answer_chains.remember(each.id, each.exchange, answer)

    async def _row(self, pending: PendingExchange, answer: StoredAnswer) -> dict[str, Any]:
        exchange, attempt = pending.exchange, pending.attempt
        begins = BASE.match(exchange.url)
        base = begins[0] if begins else ""
        return {
            "id": pending.id,
            "transfer_id": attempt.transfer_id if attempt else None,
            "attempt_id": attempt.attempt_id if attempt else None,
            "address_id": await self._address_id(exchange.connection, exchange.platform, base),
            "method": exchange.method,
            "path": exchange.url.removeprefix(base),
            "request": compress(exchange.request, _dictionary_of(exchange)),
            "status": exchange.status,
            "response": answer.response,
            "previous_id": answer.previous_id,
            "digest": answer.digest,
            "started_at": exchange.started_at,
            "duration_ms": exchange.duration_ms,
            "outcome": exchange.outcome,
        }

    async def of_transfer(self, transfer_id: str) -> list[StoredExchange]:
        """The exchanges of a transfer, oldest first."""
        of = http_exchanges.c
        return await self._exchanges(EXCHANGES.where(of.transfer_id == transfer_id).order_by(of.started_at))

    async def latest_calls(
        self, connection: str, platform: str, method: str, path_ending: str, since: datetime, limit: int
    ) -> list[StoredExchange]:
        """The latest calls of a connection whose path ends with `path_ending`, newest first."""
        of = http_exchanges.c
        query = (
            EXCHANGES.where(is_call_of([connection], platform), of.started_at >= since, of.method == method)
            .where((api_addresses.c.base + of.path).endswith(path_ending, autoescape=True))
            .order_by(of.started_at.desc())
            .limit(limit)
        )
        return await self._exchanges(query)

    async def find(self, exchange_id: str) -> StoredExchange | None:
        """The exchange with this id, or None."""
        if not is_record_id(exchange_id):
            return None
        exchanges = await self._exchanges(EXCHANGES.where(http_exchanges.c.id == exchange_id))
        return exchanges[0] if exchanges else None

    async def answers(self, transfer_ids: Sequence[str], platform: str) -> dict[str, list[tuple[str, bytes]]]:
        """URL and body of every good answer to a GET of these transfers on one platform, oldest first; without those
        whose bodies were removed."""
        of = http_exchanges.c
        query = (
            EXCHANGES.where(api_addresses.c.platform == platform)
            .where(of.method == "GET", of.outcome == "answered")
            .order_by(of.transfer_id, of.started_at)
        )
        answers: dict[str, list[tuple[str, bytes]]] = {}
        async with self._database.reading() as reading:
            for batch in batches(transfer_ids):
                rows = (await reading.execute(query.where(of.transfer_id.in_(batch)))).all()
                responses = await read_responses(reading, rows)
                for row in rows:
                    if row.id in responses:
                        answers.setdefault(row.transfer_id, []).append((row.base + row.path, responses[row.id]))
        return answers

    async def counts(self, connection: str) -> list[tuple[str, str, int]]:
        """(platform, outcome, number) of every exchange of a connection."""
        columns = (api_addresses.c.platform, http_exchanges.c.outcome)
        query = sa.select(*columns, sa.func.count()).join(api_addresses, IS_ADDRESS).group_by(*columns)
        async with self._database.reading() as reading:
            rows = await reading.execute(query.where(api_addresses.c.connection == connection).order_by(*columns))
            return [tuple(row) for row in rows.all()]

    async def _exchanges(self, query: sa.Select[Any]) -> list[StoredExchange]:
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
            responses = await read_responses(reading, rows)
        return [_exchange(row, responses.get(row.id)) for row in rows]


def _dictionary_of(exchange: RecordedExchange) -> Dictionary:
    return DICTIONARIES[exchange.platform]


def _exchange(row: sa.Row[Any], response: bytes | None) -> StoredExchange:
    return StoredExchange(
        id=row.id,
        platform=row.platform,
        method=row.method,
        url=row.base + row.path,
        request=b"" if response is None else decompress(row.request),
        status=row.status,
        response=b"" if response is None else response,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        outcome=row.outcome,
        are_bodies_removed=response is None,
        previous_id=row.previous_id or "",
        digest=row.digest.hex() if row.digest else "",
    )
