"""Which user here is which person at the provider: bound at the first sign-in, and known by it from then on."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.audit import AuditLog
from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.users import User, UserProblem, read_user
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import ended_attempts, identities, sessions, users

REMEMBERED = timedelta(days=1)
"""How long an attempt that has ended is kept; its code and its cookie are over long before."""


class Identities:
    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def user_of(self, issuer: str, subject: str) -> User | None:
        """The user to whom this person is bound."""
        of = identities.c
        query = (
            sa.select(users)
            .join(identities, of.user_id == users.c.id)
            .where(of.issuer == issuer, of.subject == subject)
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else read_user(row)

    async def bind(self, user: User, issuer: str, subject: str, actor: str) -> bool:
        """Binds a person to `user`; False when another one of this provider is bound to them already."""
        row = {"issuer": issuer, "subject": subject, "user_id": user.id, "bound_at": self._clock.now()}
        async with self._database.transaction() as transaction:
            insert = self._database.insert(identities).on_conflict_do_nothing().returning(identities.c.subject)
            if (await transaction.execute(insert, row)).one_or_none() is None:
                return False
            detail = {"issuer": issuer, "subject": subject}
            await self._audit.add(transaction, actor, "user.identity_bound", f"user {user.name}", detail)
        return True

    async def unbind(self, user: User, actor: str) -> None:
        """Lets the next person with this user's name be theirs; sessions end. Raises UserProblem."""
        async with self._database.transaction() as transaction:
            gone = await transaction.execute(sa.delete(identities).where(identities.c.user_id == user.id))
            if not gone.rowcount:
                raise UserProblem(f"nobody at a provider is bound to {user.name!r}")
            await transaction.execute(sa.delete(sessions).where(sessions.c.user_id == user.id))
            await self._audit.add(transaction, actor, "user.identity_unbound", f"user {user.name}")

    async def end(self, attempt: Attempt) -> bool:
        """Ends an attempt; False when it had ended before."""
        now, of = self._clock.now(), ended_attempts.c
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(ended_attempts).where(of.at <= now - REMEMBERED))
            insert = self._database.insert(ended_attempts).on_conflict_do_nothing().returning(of.digest)
            row = {"digest": attempt.digest, "at": now}
            return (await transaction.execute(insert, row)).one_or_none() is not None
