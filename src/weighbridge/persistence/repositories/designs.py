"""Designs: changes that users make while Weighbridge runs, and every version that a transfer was posted under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.design.overrides import DesignChange, entry_of, overridden
from weighbridge.design.schema import Design, design_version
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.decisions import design_changes, design_versions


@dataclass(frozen=True, slots=True)
class StoredDesignChange:
    """One change of a design, by whom and why; undone when `undone_at` is set."""

    id: int
    connection: str
    setting: str
    key: str
    value: Any
    before: Any
    reason: str
    actor: str
    exception_id: int | None
    at: datetime
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class UsedVersion:
    """A version of a design under which something was posted."""

    name: str
    first_used_at: datetime


class Designs:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def change_counts(self) -> tuple[int, int]:
        """How many changes there are, and how many are undone; a different result means that some design changed."""
        query = sa.select(sa.func.count(), sa.func.count(design_changes.c.undone_at))
        async with self._database.reading() as reading:
            changes, undone = (await reading.execute(query)).one()
        return changes, undone

    async def effective(self, connection: str, design: Design) -> Design:
        """The file's `design` with every change that is not undone. Raises UnusableChange."""
        of = design_changes.c
        query = sa.select(of.setting, of.key, of.value).where(of.connection == connection, of.undone_at.is_(None))
        async with self._database.reading() as reading:
            rows = (await reading.execute(query.order_by(of.id))).all()
        return overridden(design, [DesignChange(*row) for row in rows])

    async def add_change(
        self,
        transaction: AsyncConnection,
        connection: str,
        design: Design,
        change: DesignChange,
        reason: str,
        actor: str,
        exception_id: int | None = None,
    ) -> int:
        """Stores a change of the effective `design`, inside the caller's transaction; returns its id.

        Raises UnusableChange when the change makes the design invalid.
        """
        changed = overridden(design, [change])
        row = {
            "connection": connection,
            "setting": change.setting,
            "key": change.key,
            "value": entry_of(changed, change.setting, change.key),
            "before": entry_of(design, change.setting, change.key),
            "reason": reason,
            "actor": actor,
            "exception_id": exception_id,
            "at": self._clock.now(),
        }
        inserted = await transaction.execute(design_changes.insert().values(**row).returning(design_changes.c.id))
        return int(inserted.scalar_one())

    async def undo(self, transaction: AsyncConnection, number: int, actor: str) -> bool:
        """Undoes a change: the earlier change, or the file, applies again. False when it was undone already."""
        of = design_changes.c
        change = sa.update(design_changes).where(of.id == number, of.undone_at.is_(None))
        result = await transaction.execute(change.values(undone_at=self._clock.now(), undone_by=actor))
        return result.rowcount > 0

    async def changes(self, connection: str, limit: int = 200) -> list[StoredDesignChange]:
        """The changes of a connection's design, newest first, undone ones included."""
        query = (
            sa.select(design_changes)
            .where(design_changes.c.connection == connection)
            .order_by(design_changes.c.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as reading:
            return [StoredDesignChange(**row._mapping) for row in (await reading.execute(query)).all()]

    async def change(self, number: int) -> StoredDesignChange | None:
        """The change with this id, undone or not; None when there is none."""
        query = sa.select(design_changes).where(design_changes.c.id == number)
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else StoredDesignChange(**row._mapping)

    async def store_version(self, connection: str, design: Design) -> str:
        """Stores this version of the design permanently and returns its name."""
        name = design_version(design)
        row = {
            "connection": connection,
            "name": name,
            "content": design.model_dump(mode="json"),
            "first_used_at": self._clock.now(),
        }
        await self._database.execute(self._database.insert_new(design_versions), row)
        return name

    async def versions(self, connection: str, limit: int = 200) -> list[UsedVersion]:
        """The versions that transfers of a connection were posted under, latest first."""
        of = design_versions.c
        query = sa.select(of.name, of.first_used_at).where(of.connection == connection)
        async with self._database.reading() as reading:
            rows = await reading.execute(query.order_by(of.first_used_at.desc(), of.name).limit(limit))
            return [UsedVersion(**row._mapping) for row in rows.all()]

    async def version(self, connection: str, name: str) -> Any:
        """The whole design of version `name` as JSON; None when the connection never used it."""
        of = design_versions.c
        query = sa.select(of.content).where(of.connection == connection, of.name == name)
        async with self._database.reading() as reading:
            return (await reading.execute(query)).scalar_one_or_none()
