"""Failed sign-ins, counted by name and by address so that guessing becomes slow."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.throttle import COUNTED, FREE_BY_ADDRESS, FREE_BY_NAME, wait_after
from weighbridge.access.token_secrets import digest_of
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import failed_sign_ins
from weighbridge.persistence.types import new_id

MOST_READ = 200
LONGEST_ADDRESS = 64


class FailedSignIns:
    """Stores failed sign-ins. Names are stored as digests, because users type passwords into that field."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def wait(self, name: str, address: str) -> timedelta:
        """The remaining wait before `name` may sign in from `address`."""
        return max(await self._wait_of_name(name), await self.wait_from(address))

    async def wait_from(self, address: str) -> timedelta:
        """The remaining wait before any user may sign in from `address`."""
        of = failed_sign_ins.c
        return await self._wait(of.address == address[:LONGEST_ADDRESS], FREE_BY_ADDRESS)

    async def record(self, name: str, address: str) -> None:
        """Records a failure."""
        row = {
            "id": new_id(),
            "name_digest": _digest_of_name(name),
            "address": address[:LONGEST_ADDRESS],
            "at": self._clock.now(),
        }
        await self._database.execute(failed_sign_ins.insert(), row)

    async def forget(self, name: str, address: str) -> None:
        """Deletes the failures of `name` at `address`, and all that no longer count."""
        of = failed_sign_ins.c
        own = (of.name_digest == _digest_of_name(name)) & (of.address == address[:LONGEST_ADDRESS])
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(failed_sign_ins).where((of.at <= self._clock.now() - COUNTED) | own))

    async def _wait_of_name(self, name: str) -> timedelta:
        return await self._wait(failed_sign_ins.c.name_digest == _digest_of_name(name), FREE_BY_NAME)

    async def _wait(self, matching: sa.ColumnElement[bool], free: int) -> timedelta:
        now, of = self._clock.now(), failed_sign_ins.c
        query = sa.select(of.at).where(matching, of.at > now - COUNTED).limit(MOST_READ)
        async with self._database.reading() as reading:
            return wait_after((await reading.execute(query)).scalars().all(), free, now)


def _digest_of_name(name: str) -> str:
    return digest_of(name.strip().lower())
