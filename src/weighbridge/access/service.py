"""The desk of access: everything about users, sessions, tokens and the audit log of one installation, wired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from weighbridge.access.audit import AuditLog
from weighbridge.access.failed_sign_ins import Failures
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
    """Who may do what, who is here, and who did what."""

    audit: AuditLog
    users: Users
    sessions: Sessions
    tokens: Tokens
    sign_in: SignIn
    identities: Identities
    at_provider: ProviderSignIn | None
    """Signing in at the company's identity provider, where there is one."""

    @classmethod
    def of(
        cls,
        database: Database,
        clock: Clock,
        *,
        idle: timedelta = IDLE,
        longest: timedelta = LONGEST,
        provider: Provider | None = None,
    ) -> Access:
        """The access kept in `database`. `clock` is that of the people, whatever time the twins play in."""
        audit = AuditLog(database, clock)
        users = Users(database, clock, audit, Passwords())
        sessions = Sessions(database, clock, idle=idle, longest=longest)
        failures, identities = Failures(database, clock), Identities(database, clock, audit)
        return cls(
            audit=audit,
            users=users,
            sessions=sessions,
            tokens=Tokens(database, clock, audit),
            sign_in=SignIn(users, sessions, failures, audit),
            identities=identities,
            at_provider=ProviderSignIn(provider, clock, users, sessions, failures, identities, audit)
            if provider is not None
            else None,
        )
