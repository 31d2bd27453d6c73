"""Failures to sign in, counted by name and by address so that guessing becomes slow."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.throttle import COUNTED, FREE_BY_ADDRESS, FREE_BY_NAME, wait_after
from weighbridge.access.token_secrets import digest_of
from weighbridge.common.clock import Clock
from weighbridge.common.ids import new_id
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import failed_sign_ins

MOST_READ = 200
LONGEST_ADDRESS = 64


class Failures:
    """Names are kept as digests: people type passwords there."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def wait(self, name: str, address: str) -> timedelta:
        """What is left to wait before `name` may try from `address`."""
        return max(await self._wait_of_name(name), await self.wait_from(address))

    async def wait_from(self, address: str) -> timedelta:
        """What is left to wait before anybody may try from `address`."""
        of = failed_sign_ins.c
        return await self._wait(of.address == address[:LONGEST_ADDRESS], FREE_BY_ADDRESS)

    async def note(self, name: str, address: str) -> None:
        """Counts a failure."""
        row = {
            "id": new_id(), "who": _who(name), "address": address[:LONGEST_ADDRESS], "at": self._clock.now(),
        }  # fmt: skip
        await self._database.execute(failed_sign_ins.insert(), row)

    async def forget(self, name: str, address: str) -> None:
        """Gives `name` a clean sheet at `address`, and forgets all that counts no more."""
        of = failed_sign_ins.c
        own = (of.who == _who(name)) & (of.address == address[:LONGEST_ADDRESS])
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(failed_sign_ins).where((of.at <= self._clock.now() - COUNTED) | own))

    async def _wait_of_name(self, name: str) -> timedelta:
        return await self._wait(failed_sign_ins.c.who == _who(name), FREE_BY_NAME)

    async def _wait(self, whose: sa.ColumnElement[bool], free: int) -> timedelta:
        now, of = self._clock.now(), failed_sign_ins.c
        query = sa.select(of.at).where(whose, of.at > now - COUNTED).limit(MOST_READ)
        async with self._database.reading() as reading:
            return wait_after((await reading.execute(query)).scalars().all(), free, now)


def _who(name: str) -> str:
    return digest_of(name.strip().lower())
