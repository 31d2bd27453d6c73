"""Signing in at the provider: out with an attempt, back with a code, and in only as a user whom we let in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import structlog

from weighbridge.access.audit import AuditLog
from weighbridge.access.failed_sign_ins import Failures
from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.oidc.claims import Person, person_of, role_of
from weighbridge.access.oidc.id_token import NotVouched
from weighbridge.access.oidc.identities import Identities
from weighbridge.access.oidc.provider import Provider, ProviderDown, Returned
from weighbridge.access.roles import Role
from weighbridge.access.sessions import Sessions
from weighbridge.access.sign_in import Entered
from weighbridge.access.users import User, UserProblem, Users
from weighbridge.common.clock import Clock

log = structlog.get_logger()


class Why(StrEnum):
    """Why somebody was turned away, as far as they are told."""

    WAIT = "wait"
    """Too many failures from where they are."""
    STALE = "stale"
    """The answer belongs to no attempt of this browser."""
    DECLINED = "declined"
    """They, or the provider, did not want to."""
    DOWN = "down"
    """The provider does not answer."""
    UNPROVEN = "unproven"
    """What the provider sent does not prove who they are."""
    KEPT_OUT = "kept_out"
    """They are known to the provider, and not let in here."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Not signed in."""

    why: Why
    wait: timedelta = timedelta(0)


class KeptOut(Exception):
    """Somebody whom the provider vouches for is not let in; its text says why, for the audit log."""


class ProviderSignIn:
    def __init__(
        self,
        provider: Provider,
        clock: Clock,
        users: Users,
        sessions: Sessions,
        failures: Failures,
        identities: Identities,
        audit: AuditLog,
    ) -> None:
        self.provider = provider
        self._settings = provider.settings
        self._clock = clock
        self._users = users
        self._sessions = sessions
        self._failures = failures
        self._identities = identities
        self._audit = audit
        self._actor = f"provider {urlsplit(provider.settings.issuer).netloc}"

    async def finish(
        self, returned: Returned, attempt: Attempt | None, back: str, address: str
    ) -> Entered | TurnedAway:
        """What comes of an answer of the provider that was brought from `address`; `attempt` is the browser's own."""
        wait = await self._failures.wait_from(address)
        if wait:
            return TurnedAway(Why.WAIT, wait)
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), returned.state.encode()):
            return await self._turn_away(Why.STALE, "the state belongs to no attempt of this browser", address)
        if not await self._identities.end(attempt):
            return await self._turn_away(Why.STALE, "the attempt has ended before", address)
        if returned.error or not returned.code:
            log.info("sign_in_declined", error=returned.error[:80])
            return TurnedAway(Why.DECLINED)
        try:
            claims = await self.provider.vouches(returned, attempt, back, self._clock.now())
            person = person_of(claims, self._settings)
        except ProviderDown as problem:
            self.note_down(problem)
            return TurnedAway(Why.DOWN)
        except NotVouched as problem:
            return await self._turn_away(Why.UNPROVEN, str(problem), address)
        return await self._enter(person, address)

    def note_down(self, problem: ProviderDown) -> None:
        """Logs why the provider could not be asked: whoever is at the door is told less."""
        log.warning("provider_down", problem=str(problem))

    async def _enter(self, person: Person, address: str) -> Entered | TurnedAway:
        try:
            user = await self._user_of(person)
        except (KeptOut, UserProblem) as problem:
            detail = {"from": address[:64], "through": self._settings.issuer, "why": str(problem)}
            await self._audit.note(person.name, "sign_in.refused", f"user {person.name}", detail)
            return await self._turn_away(Why.KEPT_OUT, str(problem), address, person.name)
        detail = {"from": address[:64], "through": self._settings.issuer}
        await self._audit.note(user.name, "signed_in", f"user {user.name}", detail)
        await self._failures.forget(user.name, address)
        return Entered(user, await self._sessions.begin(user))

    async def _user_of(self, person: Person) -> User:
        """The user that `person` is here, with the role they have now. Raises KeptOut, UserProblem."""
        role, issuer = role_of(person, self._settings), self._settings.issuer
        user = await self._identities.user_of(issuer, person.subject)
        is_bound = user is not None
        if user is None:
            user = await self._users.find(person.name)
        if user is not None and user.disabled_at is not None:
            raise KeptOut("the user is locked")
        if role is None and (self._settings.roles or user is None):
            raise KeptOut("no group of theirs gives a role" if self._settings.roles else "the user is unknown")
        if user is None:
            user = await self._newcomer(person, role)
        if not is_bound and not await self._identities.bind(user, issuer, person.subject, self._actor):
            raise KeptOut("another person at the provider is bound to this user")
        if self._settings.roles and role is not None and role is not user.role:
            await self._users.set_role(user.name, role, self._actor)
        return await self._users.find(user.name) or user

    async def _newcomer(self, person: Person, role: Role | None) -> User:
        if role is None or self._settings.new_users != "create":
            raise KeptOut("the user is unknown")
        return await self._users.add(person.name, role, "", self._actor)

    async def _turn_away(self, why: Why, reason: str, address: str, name: str = "") -> TurnedAway:
        """Counts and logs a failure. Without a name it counts for the address alone."""
        log.warning("sign_in_refused", why=why, reason=reason)
        await self._failures.note(name or f"at {self._actor}", address)
        return TurnedAway(why)
