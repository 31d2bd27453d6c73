"""The access service: users, sessions, tokens, sign-in and the audit log of one installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from weighbridge.access.audit import AuditLog
from weighbridge.access.failed_sign_ins import FailedSignIns
from weighbridge.access.oidc.identities import Identities
from weighbridge.access.oidc.provider import Provider
from weighbridge.access.oidc.sign_in import ProviderSignIn
from weighbridge.access.passwords import Passwords
from weighbridge.access.sessions import Sessions
from weighbridge.access.sign_in import SignIn
from weighbridge.access.tokens import Tokens
from weighbridge.access.users import Users
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database

IDLE, LONGEST = timedelta(hours=1), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Access:
    """Everything about access in one installation."""

    audit: AuditLog
    users: Users
    sessions: Sessions
    tokens: Tokens
    sign_in: SignIn
    identities: Identities
    provider_sign_in: ProviderSignIn | None
    """Sign-in by the company's identity provider, where one is configured."""

    @classmethod
    def of(
        cls,
        database: Database,
        clock: Clock,
        *,
        idle: timedelta = IDLE,
        longest: timedelta = LONGEST,
        provider: Provider | None = None,
        via: str = "",
    ) -> Access:
        """The access service over `database`. `clock` is the users' clock, also when the twins run faster.

        The audit log appends `via` to the names of actors who did not sign in.
        """
        audit = AuditLog(database, clock, via)
        users = Users(database, clock, audit, Passwords())
        sessions = Sessions(database, clock, idle=idle, longest=longest)
        failures, identities = FailedSignIns(database, clock), Identities(database, clock, audit)
        return cls(
            audit=audit,
            users=users,
            sessions=sessions,
            tokens=Tokens(database, clock, audit),
            sign_in=SignIn(users, sessions, failures, audit),
            identities=identities,
            provider_sign_in=ProviderSignIn(provider, clock, users, sessions, failures, identities, audit)
            if provider is not None
            else None,
        )
