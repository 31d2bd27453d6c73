"""The escalation policy: the backup of each owner and the deadline of each kind of exception, per connection.

A worker stores the policy of a design when it loads the design. The code that opens exceptions and the alerts read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.kinds import CATALOGUE
from weighbridge.domain.exceptions.owners import BACKUP, Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.exceptions import exceptions
from weighbridge.persistence.tables.work import reference_cache

STORED_AS = "escalation_policy"
DEADLINES, BACKUPS = "deadlines", "backups"


class EscalationPolicy:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def apply_design(
        self, connection: str, deadlines: Mapping[FindingKind, timedelta], backups: Mapping[Owner, Owner]
    ) -> int:
        """Stores a design's differences from the defaults; returns how many open exceptions get a new deadline."""
        value: dict[str, dict[str, Any]] = {
            DEADLINES: {str(kind): within.total_seconds() for kind, within in sorted(deadlines.items())},
            BACKUPS: {str(owner): str(backup) for owner, backup in sorted(backups.items())},
        }
        async with self._database.transaction() as transaction:
            before = await _stored_policy(transaction, connection)
            if before == value or (not before and not deadlines and not backups):
                return 0
            row = {"connection": connection, "name": STORED_AS, "value": value, "fetched_at": self._clock.now()}
            await transaction.execute(self._database.upsert(reference_cache, row), row)
            old, new = before.get(DEADLINES, {}), value[DEADLINES]
            changed = [kind for kind in {**old, **new} if old.get(kind) != new.get(kind)]
            return await _reset_deadlines(transaction, connection, changed, deadlines)

    async def backups(self) -> dict[tuple[str, Owner], Owner]:
        """The backup of each owner of a connection, where its design differs from the default."""
        query = sa.select(reference_cache.c.connection, reference_cache.c.value).where(
            reference_cache.c.name == STORED_AS
        )
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return {
            (row.connection, Owner(owner)): Owner(backup)
            for row in rows
            for owner, backup in row.value[BACKUPS].items()
        }


async def time_to_resolve(transaction: AsyncConnection, connection: str, kind: FindingKind) -> timedelta:
    """How long after its opening an exception of `kind` should be resolved."""
    seconds = (await _stored_policy(transaction, connection)).get(DEADLINES, {}).get(str(kind))
    return CATALOGUE[kind].within if seconds is None else timedelta(seconds=seconds)


def backup_of(backups: Mapping[tuple[str, Owner], Owner], connection: str, owner: Owner) -> Owner:
    """The owner that is notified too once an exception of `owner` is past its deadline."""
    return backups.get((connection, owner), BACKUP[owner])


async def _stored_policy(transaction: AsyncConnection, connection: str) -> dict[str, dict[str, Any]]:
    of = reference_cache.c
    query = sa.select(of.value).where(of.connection == connection, of.name == STORED_AS)
    return (await transaction.execute(query)).scalar_one_or_none() or {}


async def _reset_deadlines(
    transaction: AsyncConnection, connection: str, kinds: list[str], deadlines: Mapping[FindingKind, timedelta]
) -> int:
    """Recomputes the deadline of open exceptions of these kinds, counted from their opening."""
    of = exceptions.c
    is_affected = (of.connection == connection) & (of.state == "open") & of.kind.in_(kinds)
    rows = (await transaction.execute(sa.select(of.id, of.kind, of.opened_at).where(is_affected))).all()
    for row in rows:
        kind = FindingKind(row.kind)
        due = row.opened_at + deadlines.get(kind, CATALOGUE[kind].within)
        await transaction.execute(sa.update(exceptions).where(of.id == row.id).values(deadline_at=due))
    return len(rows)
