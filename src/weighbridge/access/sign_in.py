"""Signing in with a name and a password: the one place where guesses are counted and slowed down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.audit import AuditLog
from weighbridge.access.secrets import digest_of
from weighbridge.access.sessions import Sessions
from weighbridge.access.throttle import COUNTED, FREE_BY_ADDRESS, FREE_BY_NAME, wait_after
from weighbridge.access.users import User, Users
from weighbridge.access_tables import failed_sign_ins
from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.identity import new_id

MOST_READ = 200


@dataclass(frozen=True, slots=True)
class Entered:
    """Signed in; `secret` goes into the cookie."""

    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not signed in: too many failures when there is a wait, otherwise a wrong name or password."""

    wait: timedelta


class SignIn:
    def __init__(self, database: Database, clock: Clock, users: Users, sessions: Sessions, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._users = users
        self._sessions = sessions
        self._audit = audit

    async def attempt(self, name: str, password: str, address: str) -> Entered | Refused:
        """One try from `address` to sign in."""
        user = await self.recognise(name, password, address)
        if isinstance(user, Refused):
            return user
        await self._audit.note(user.name, "signed_in", f"user {user.name}", {"from": address[:64]})
        return Entered(user, await self._sessions.begin(user))

    async def recognise(self, name: str, password: str, address: str) -> User | Refused:
        """Whose name and password these are. While there is something to wait for, no password is looked at, right or
        wrong."""
        who, address = digest_of(name.strip().lower()), address[:64]
        wait = await self._wait(who, address)
        if wait:
            return Refused(wait)
        user = await self._users.with_password(name, password)
        if user is None:
            await self._note_failure(who, address)
            return Refused(timedelta(0))
        async with self._database.transaction() as transaction:
            of = failed_sign_ins.c
            old = (of.at <= self._clock.now() - COUNTED) | ((of.who == who) & (of.address == address))
            await transaction.execute(sa.delete(failed_sign_ins).where(old))
        return user

    async def _wait(self, who: str, address: str) -> timedelta:
        now, of = self._clock.now(), failed_sign_ins.c
        recent = of.at > now - COUNTED
        by_name = sa.select(of.at).where(of.who == who, recent).limit(MOST_READ)
        by_address = sa.select(of.at).where(of.address == address, recent).limit(MOST_READ)
        async with self._database.reading() as reading:
            of_name = (await reading.execute(by_name)).scalars().all()
            of_address = (await reading.execute(by_address)).scalars().all()
        return max(wait_after(of_name, FREE_BY_NAME, now), wait_after(of_address, FREE_BY_ADDRESS, now))

    async def _note_failure(self, who: str, address: str) -> None:
        row = {"id": new_id(), "who": who, "address": address, "at": self._clock.now()}
        await self._database.execute(failed_sign_ins.insert(), row)
