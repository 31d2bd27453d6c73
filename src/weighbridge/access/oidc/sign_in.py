"""Sign-in by the provider: an attempt is sent there, comes back with a code, and is accepted for an allowed user."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import structlog

from weighbridge.access.audit import AuditLog
from weighbridge.access.failed_sign_ins import FailedSignIns
from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.oidc.claims import ProviderIdentity, identity_of, role_of
from weighbridge.access.oidc.id_token import IdentityNotProven
from weighbridge.access.oidc.identities import Identities
from weighbridge.access.oidc.provider import AuthorizationResponse, Provider, ProviderDown
from weighbridge.access.roles import Role
from weighbridge.access.sessions import Sessions
from weighbridge.access.sign_in import SignInAccepted
from weighbridge.access.users import User, UserProblem, Users
from weighbridge.common.clock import Clock

log = structlog.get_logger()


class RefusalReason(StrEnum):
    """Why a sign-in was refused, as far as the page says."""

    WAIT = "wait"
    """Too many failures from this address."""
    STALE = "stale"
    """The answer belongs to no attempt of this browser."""
    DECLINED = "declined"
    """The person or the provider declined."""
    DOWN = "down"
    """The provider does not answer."""
    UNPROVEN = "unproven"
    """The provider's answer does not prove the person's identity."""
    NOT_ALLOWED = "not_allowed"
    """The provider knows the person, but they may not sign in here."""


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """Not signed in."""

    reason: RefusalReason
    wait: timedelta = timedelta(0)


class UserNotAllowed(Exception):
    """A person with a proven identity may not sign in; the message says why, for the audit log."""


class ProviderSignIn:
    def __init__(
        self,
        provider: Provider,
        clock: Clock,
        users: Users,
        sessions: Sessions,
        failures: FailedSignIns,
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
        self, response: AuthorizationResponse, attempt: Attempt | None, redirect_uri: str, address: str
    ) -> SignInAccepted | SignInRefused:
        """Handles an answer of the provider that came from `address`; `attempt` is that of the browser."""
        wait = await self._failures.wait_from(address)
        if wait:
            return SignInRefused(RefusalReason.WAIT, wait)
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), response.state.encode()):
            return await self._refuse(RefusalReason.STALE, "the state belongs to no attempt of this browser", address)
        if not await self._identities.end(attempt):
            return await self._refuse(RefusalReason.STALE, "the attempt has ended already", address)
        if response.error or not response.code:
            log.info("sign_in_declined", error=response.error[:80])
            return SignInRefused(RefusalReason.DECLINED)
        try:
            claims = await self.provider.verified_claims(response, attempt, redirect_uri, self._clock.now())
            identity = identity_of(claims, self._settings)
        except ProviderDown as problem:
            self.log_provider_down(problem)
            return SignInRefused(RefusalReason.DOWN)
        except IdentityNotProven as problem:
            return await self._refuse(RefusalReason.UNPROVEN, str(problem), address)
        return await self._enter(identity, address)

    def log_provider_down(self, problem: ProviderDown) -> None:
        """Logs why the provider is down; the sign-in page says less."""
        log.warning("provider_down", problem=str(problem))

    async def _enter(self, identity: ProviderIdentity, address: str) -> SignInAccepted | SignInRefused:
        try:
            user = await self._user_of(identity)
        except (UserNotAllowed, UserProblem) as problem:
            detail = {"from": address[:64], "through": self._settings.issuer, "why": str(problem)}
            await self._audit.record(identity.name, "sign_in.refused", f"user {identity.name}", detail)
            return await self._refuse(RefusalReason.NOT_ALLOWED, str(problem), address, identity.name)
        detail = {"from": address[:64], "through": self._settings.issuer}
        await self._audit.record(user.name, "signed_in", f"user {user.name}", detail)
        await self._failures.forget(user.name, address)
        return SignInAccepted(user, await self._sessions.start(user))

    async def _user_of(self, identity: ProviderIdentity) -> User:
        """The user of `identity`, with their present role. Raises UserNotAllowed, UserProblem."""
        role, issuer = role_of(identity, self._settings), self._settings.issuer
        user = await self._identities.user_of(issuer, identity.subject)
        is_linked = user is not None
        if user is None:
            user = await self._users.find(identity.name)
        if user is not None and user.disabled_at is not None:
            raise UserNotAllowed("the user is locked")
        if role is None and (self._settings.roles or user is None):
            raise UserNotAllowed("none of their groups gives a role" if self._settings.roles else "the user is unknown")
        if user is None:
            user = await self._create_user(identity, role)
        if not is_linked and not await self._identities.link(user, issuer, identity.subject, self._actor):
            raise UserNotAllowed("the user is linked to another person at the provider")
        if self._settings.roles and role is not None and role is not user.role:
            await self._users.set_role(user.name, role, self._actor)
        return await self._users.find(user.name) or user

    async def _create_user(self, identity: ProviderIdentity, role: Role | None) -> User:
        if role is None or self._settings.new_users != "create":
            raise UserNotAllowed("the user is unknown")
        return await self._users.add(identity.name, role, "", self._actor)

    async def _refuse(self, refusal_reason: RefusalReason, reason: str, address: str, name: str = "") -> SignInRefused:
        """Counts and logs a failure. Without a name it counts for the address alone."""
        log.warning("sign_in_refused", refusal=refusal_reason, reason=reason)
        await self._failures.record(name or f"at {self._actor}", address)
        return SignInRefused(refusal_reason)
