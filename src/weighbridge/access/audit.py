"""The audit log: actor, action and subject; each line's digest includes that of the line before.

The database refuses changes of the log; the chain of digests reveals changes made to the database itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.documents import canonical_digest
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import audit

BEGINNING = "0" * 64
LOCK = 7305812
ROWS_PER_CHECK = 5000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the log."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    """JSON."""
    digest: str

    def digest_after(self, previous: str) -> str:
        """The digest that this line must have after a line with the digest `previous`."""
        return canonical_digest(
            [previous, self.number, self.at.isoformat(), self.actor, self.action, self.subject, self.detail]
        )


@dataclass(frozen=True, slots=True)
class BrokenChain:
    """The first line whose digest is wrong."""

    number: int
    why: str


class AuditLog:
    def __init__(self, database: Database, clock: Clock, via: str = "") -> None:
        """`via` is appended to the names of actors who did not sign in."""
        self._database = database
        self._clock = clock
        self._via = f" ({via})" if via else ""

    async def record(self, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
        """Adds a line. `detail` never holds a secret."""
        async with self._database.transaction() as transaction:
            await self.add(transaction, actor, action, subject, detail)

    async def add(
        self,
        transaction: AsyncConnection,
        actor: str,
        action: str,
        subject: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """`record` inside the caller's transaction, so that the action and its line are stored together."""
        if not self._database.is_sqlite:
            await transaction.execute(sa.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        query = sa.select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1)
        last = (await transaction.execute(query)).one_or_none()
        line = AuditLine(
            number=last.number + 1 if last else 1,
            at=self._clock.now(),
            actor=actor[: 80 - len(self._via)] + self._via,
            action=action[:40],
            subject=subject[:200],
            detail=json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False, default=str),
            digest="",
        )
        row = {name: getattr(line, name) for name in AuditLine.__dataclass_fields__}
        row["digest"] = line.digest_after(last.digest if last else BEGINNING)
        await transaction.execute(audit.insert(), row)

    async def lines(
        self, *, before: int | None = None, actor: str = "", subject: str = "", limit: int = 100
    ) -> Sequence[AuditLine]:
        """Up to `limit` lines, newest first, older than the line with the number `before`."""
        query = sa.select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        if actor:
            query = query.where(audit.c.actor == actor)
        if subject:
            query = query.where(audit.c.subject == subject)
        async with self._database.reading() as reading:
            return [AuditLine(**row._mapping) for row in (await reading.execute(query)).all()]

    async def check(self) -> BrokenChain | None:
        """The first line whose digest is wrong; None when the whole log is intact."""
        previous, number = BEGINNING, 0
        while True:
            query = sa.select(audit).where(audit.c.number > number).order_by(audit.c.number).limit(ROWS_PER_CHECK)
            async with self._database.reading() as reading:
                lines = [AuditLine(**row._mapping) for row in (await reading.execute(query)).all()]
            if not lines:
                return None
            for line in lines:
                if line.number != number + 1:
                    return BrokenChain(number + 1, f"missing; the next line has the number {line.number}")
                if line.digest != line.digest_after(previous):
                    return BrokenChain(line.number, "was changed, or the line before it")
                previous, number = line.digest, line.number
