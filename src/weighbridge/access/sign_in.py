"""Signing in with a name and a password: the one place where a password is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from weighbridge.access.audit import AuditLog
from weighbridge.access.failed_sign_ins import Failures
from weighbridge.access.sessions import Sessions
from weighbridge.access.users import User, Users


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
    def __init__(self, users: Users, sessions: Sessions, failures: Failures, audit: AuditLog) -> None:
        self._users = users
        self._sessions = sessions
        self._failures = failures
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
        wait = await self._failures.wait(name, address)
        if wait:
            return Refused(wait)
        user = await self._users.with_password(name, password)
        if user is None:
            await self._failures.note(name, address)
            return Refused(timedelta(0))
        await self._failures.forget(name, address)
        return user
