"""The HTTP log: every request and answer, byte for byte, with the transfer and the attempt that caused it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from weighbridge.persistence.batches import batches
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.types import new_id


@dataclass(frozen=True, slots=True)
class CurrentAttempt:
    """Which transfer and attempt the current task works for."""

    transfer_id: str
    attempt_id: str


GATHERING_WALL_SECONDS = 0.004

current_attempt: ContextVar[CurrentAttempt | None] = ContextVar("current_attempt", default=None)


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


class RecordedExchange(Protocol):
    """A request and its answer, as the HTTP clients have them. Credentials are no part of it."""

    @property
    def connection(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def request(self) -> bytes: ...
    @property
    def status(self) -> int | None: ...
    @property
    def response(self) -> bytes: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def duration_ms(self) -> int: ...
    @property
    def outcome(self) -> str: ...


class HttpLog:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: list[dict[str, Any]] = []
        self._flush: asyncio.Task[None] | None = None

    async def record(self, exchange: RecordedExchange) -> None:
        """Stores one exchange under the current task's transfer and attempt."""
        current = current_attempt.get()
        row = {
            "id": new_id(),
            "transfer_id": current.transfer_id if current else None,
            "attempt_id": current.attempt_id if current else None,
            "connection": exchange.connection,
            "platform": exchange.platform,
            "method": exchange.method,
            "url": exchange.url,
            "request": zlib.compress(exchange.request, 3),
            "status": exchange.status,
            "response": zlib.compress(exchange.response, 3),
            "started_at": exchange.started_at,
            "duration_ms": exchange.duration_ms,
            "outcome": exchange.outcome,
        }
        self._pending.append(row)
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._store_pending())
        await asyncio.shield(self._flush)

    async def _store_pending(self) -> None:
        """Stores the exchanges of all concurrent tasks in one transaction; each task waits for it."""
        await asyncio.sleep(GATHERING_WALL_SECONDS)
        rows, self._pending = self._pending, []
        async with self._database.transaction() as transaction:
            await transaction.execute(http_exchanges.insert(), rows)

    async def of_transfer(self, transfer_id: str) -> list[StoredExchange]:
        """The exchanges of a transfer, oldest first."""
        query = (
            sa.select(http_exchanges)
            .where(http_exchanges.c.transfer_id == transfer_id)
            .order_by(http_exchanges.c.started_at)
        )
        async with self._database.reading() as reading:
            return [_read(row) for row in (await reading.execute(query)).all()]

    async def latest_calls(
        self, connection: str, platform: str, method: str, path_ending: str, since: datetime, limit: int
    ) -> list[StoredExchange]:
        """The latest calls of a connection whose path ends with `path_ending`, newest first."""
        of = http_exchanges.c
        query = (
            sa.select(http_exchanges)
            .where(of.connection == connection, of.started_at >= since, of.platform == platform, of.method == method)
            .where(of.url.endswith(path_ending, autoescape=True))
            .order_by(of.started_at.desc())
            .limit(limit)
        )
        async with self._database.reading() as reading:
            return [_read(row) for row in (await reading.execute(query)).all()]

    async def find(self, exchange_id: str) -> StoredExchange | None:
        """The exchange with this id, or None."""
        async with self._database.reading() as reading:
            row = (
                await reading.execute(sa.select(http_exchanges).where(http_exchanges.c.id == exchange_id))
            ).one_or_none()
        return None if row is None else _read(row)

    async def answers(self, transfer_ids: Sequence[str], platform: str) -> dict[str, list[tuple[str, bytes]]]:
        """URL and body of every good answer to a GET of these transfers on one platform, oldest first."""
        of = http_exchanges.c
        query = (
            sa.select(of.transfer_id, of.url, of.response)
            .where(of.platform == platform, of.method == "GET", of.outcome == "answered")
            .order_by(of.transfer_id, of.started_at)
        )
        answers: dict[str, list[tuple[str, bytes]]] = {}
        async with self._database.reading() as reading:
            for batch in batches(transfer_ids):
                for row in (await reading.execute(query.where(of.transfer_id.in_(batch)))).all():
                    answers.setdefault(row.transfer_id, []).append((row.url, zlib.decompress(row.response)))
        return answers

    async def counts(self, connection: str) -> list[tuple[str, str, int]]:
        """(platform, outcome, number) of every exchange of a connection."""
        columns = (http_exchanges.c.platform, http_exchanges.c.outcome)
        query = sa.select(*columns, sa.func.count()).where(http_exchanges.c.connection == connection).group_by(*columns)
        async with self._database.reading() as reading:
            return [tuple(row) for row in (await reading.execute(query.order_by(*columns))).all()]


def _read(row: sa.Row[Any]) -> StoredExchange:
    return StoredExchange(
        row.id,
        row.platform,
        row.method,
        row.url,
        zlib.decompress(row.request),
        row.status,
        zlib.decompress(row.response),
        row.started_at,
        row.duration_ms,
        row.outcome,
    )
