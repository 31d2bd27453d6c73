"""Exchanges: every request and answer, byte for byte, with the transfer and the attempt it served."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from weighbridge.common.ids import new_id
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.http_log import exchanges


@dataclass(frozen=True, slots=True)
class Serving:
    """Which transfer and attempt the current task works for."""

    transfer_id: str
    attempt_id: str


GATHERING_WALL_SECONDS = 0.004

serving: ContextVar[Serving | None] = ContextVar("serving", default=None)


@dataclass(frozen=True, slots=True)
class StoredExchange:
    """One exchange as it is told."""

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


class Exchanges:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: list[dict[str, Any]] = []
        self._flush: asyncio.Task[None] | None = None

    async def store(
        self,
        *,
        connection: str,
        platform: str,
        method: str,
        url: str,
        request: bytes,
        status: int | None,
        response: bytes,
        started_at: datetime,
        duration_ms: int,
        outcome: str,
    ) -> None:
        """Stores one exchange for whatever the current task serves."""
        current = serving.get()
        row = {
            "id": new_id(),
            "transfer_id": current.transfer_id if current else None,
            "attempt_id": current.attempt_id if current else None,
            "connection": connection,
            "platform": platform,
            "method": method,
            "url": url,
            "request": zlib.compress(request, 3),
            "status": status,
            "response": zlib.compress(response, 3),
            "started_at": started_at,
            "duration_ms": duration_ms,
            "outcome": outcome,
        }
        self._pending.append(row)
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._store_pending())
        await asyncio.shield(self._flush)

    async def _store_pending(self) -> None:
        """Stores in one go what the tasks of this moment have exchanged; each of them waits for it."""
        await asyncio.sleep(GATHERING_WALL_SECONDS)
        rows, self._pending = self._pending, []
        async with self._database.transaction() as transaction:
            await transaction.execute(exchanges.insert(), rows)

    async def of_transfer(self, transfer_id: str) -> list[StoredExchange]:
        """The exchanges of a transfer, oldest first."""
        query = sa.select(exchanges).where(exchanges.c.transfer_id == transfer_id).order_by(exchanges.c.started_at)
        async with self._database.reading() as reading:
            return [_read(row) for row in (await reading.execute(query)).all()]

    async def sent(
        self, connection: str, platform: str, method: str, path_ending: str, since: datetime, limit: int
    ) -> list[StoredExchange]:
        """The latest calls of a connection whose path ends so, newest first."""
        of = exchanges.c
        query = (
            sa.select(exchanges)
            .where(of.connection == connection, of.started_at >= since, of.platform == platform, of.method == method)
            .where(of.url.endswith(path_ending, autoescape=True))
            .order_by(of.started_at.desc())
            .limit(limit)
        )
        async with self._database.reading() as reading:
            return [_read(row) for row in (await reading.execute(query)).all()]

    async def one(self, exchange_id: str) -> StoredExchange | None:
        """The exchange with this id, or None."""
        async with self._database.reading() as reading:
            row = (await reading.execute(sa.select(exchanges).where(exchanges.c.id == exchange_id))).one_or_none()
        return None if row is None else _read(row)

    async def answers(self, transfer_ids: Sequence[str], platform: str) -> dict[str, list[tuple[str, bytes]]]:
        """Address and body of every good answer to a GET of these transfers on one platform, oldest first."""
        of = exchanges.c
        query = (
            sa.select(of.transfer_id, of.url, of.response)
            .where(of.transfer_id.in_(transfer_ids), of.platform == platform, of.method == "GET")
            .where(of.outcome == "answered")
            .order_by(of.transfer_id, of.started_at)
        )
        found: dict[str, list[tuple[str, bytes]]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                found.setdefault(row.transfer_id, []).append((row.url, zlib.decompress(row.response)))
        return found

    async def counts(self, connection: str) -> list[tuple[str, str, int]]:
        """(platform, outcome, number) over everything recorded for a connection."""
        columns = (exchanges.c.platform, exchanges.c.outcome)
        query = sa.select(*columns, sa.func.count()).where(exchanges.c.connection == connection).group_by(*columns)
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
