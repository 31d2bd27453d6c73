"""Sign-in with a name and a password: the only place where a password is checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from weighbridge.access.audit import AuditLog
from weighbridge.access.failed_sign_ins import FailedSignIns
from weighbridge.access.sessions import Sessions
from weighbridge.access.users import User, Users


@dataclass(frozen=True, slots=True)
class SignInAccepted:
    """Signed in; `secret` goes into the cookie."""

    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not signed in: with a wait because of too many failures, otherwise because of a wrong name or password."""

    wait: timedelta


class SignIn:
    def __init__(self, users: Users, sessions: Sessions, failures: FailedSignIns, audit: AuditLog) -> None:
        self._users = users
        self._sessions = sessions
        self._failures = failures
        self._audit = audit

    async def attempt(self, name: str, password: str, address: str) -> SignInAccepted | Refused:
        """Signs in from `address`."""
        user = await self.authenticate(name, password, address)
        if isinstance(user, Refused):
            return user
        await self._audit.record(user.name, "signed_in", f"user {user.name}", {"from": address[:64]})
        return SignInAccepted(user, await self._sessions.start(user))

    async def authenticate(self, name: str, password: str, address: str) -> User | Refused:
        """The user with this name and password. During a wait no password is checked, right or wrong."""
        wait = await self._failures.wait(name, address)
        if wait:
            return Refused(wait)
        user = await self._users.authenticate(name, password)
        if user is None:
            await self._failures.record(name, address)
            return Refused(timedelta(0))
        await self._failures.forget(name, address)
        return user
