"""Who stands in for whom, and how soon a kind is to be resolved, as the designs of the connections say by now.

Workers keep it here whenever they take up a design, so that whoever opens an exception, or tells of one, goes by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.kinds import BACKUP, CATALOGUE
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.exceptions import exceptions
from weighbridge.persistence.tables.work import references

KEPT_AS = "responsibility"
DEADLINES, BACKUPS = "deadlines", "backups"


class Responsibility:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def agree(
        self, connection: str, deadlines: Mapping[FindingKind, timedelta], backups: Mapping[Owner, Owner]
    ) -> int:
        """Takes up what a design says beside the defaults; answers how many open exceptions get another deadline."""
        value: dict[str, dict[str, Any]] = {
            DEADLINES: {str(kind): within.total_seconds() for kind, within in sorted(deadlines.items())},
            BACKUPS: {str(owner): str(backup) for owner, backup in sorted(backups.items())},
        }
        async with self._database.transaction() as transaction:
            before = await _kept(transaction, connection)
            if before == value or (not before and not deadlines and not backups):
                return 0
            row = {"connection": connection, "name": KEPT_AS, "value": value, "fetched_at": self._clock.now()}
            await transaction.execute(self._database.upsert(references, row), row)
            old, new = before.get(DEADLINES, {}), value[DEADLINES]
            changed = [kind for kind in {**old, **new} if old.get(kind) != new.get(kind)]
            return await _set_again(transaction, connection, changed, deadlines)

    async def backups(self) -> dict[tuple[str, Owner], Owner]:
        """Who stands in for an owner of a connection, where its design says other than the default."""
        query = sa.select(references.c.connection, references.c.value).where(references.c.name == KEPT_AS)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query)).all()
        return {
            (row.connection, Owner(owner)): Owner(backup)
            for row in rows
            for owner, backup in row.value[BACKUPS].items()
        }


async def within(transaction: AsyncConnection, connection: str, kind: FindingKind) -> timedelta:
    """How long after it is opened an exception of `kind` should be resolved."""
    agreed = (await _kept(transaction, connection)).get(DEADLINES, {}).get(str(kind))
    return CATALOGUE[kind].within if agreed is None else timedelta(seconds=agreed)


def stands_in(agreed: Mapping[tuple[str, Owner], Owner], connection: str, owner: Owner) -> Owner:
    """Who is told too, once an exception of `owner` is past its deadline."""
    return agreed.get((connection, owner), BACKUP[owner])


async def _kept(transaction: AsyncConnection, connection: str) -> dict[str, dict[str, Any]]:
    of = references.c
    query = sa.select(of.value).where(of.connection == connection, of.name == KEPT_AS)
    return (await transaction.execute(query)).scalar_one_or_none() or {}


async def _set_again(
    transaction: AsyncConnection, connection: str, kinds: list[str], deadlines: Mapping[FindingKind, timedelta]
) -> int:
    """Gives open exceptions of these kinds the deadline that counts now, from the moment they were opened."""
    of = exceptions.c
    mine = (of.connection == connection) & (of.state == "open") & of.kind.in_(kinds)
    rows = (await transaction.execute(sa.select(of.id, of.kind, of.opened_at).where(mine))).all()
    for row in rows:
        kind = FindingKind(row.kind)
        due = row.opened_at + deadlines.get(kind, CATALOGUE[kind].within)
        await transaction.execute(sa.update(exceptions).where(of.id == row.id).values(deadline_at=due))
    return len(rows)
