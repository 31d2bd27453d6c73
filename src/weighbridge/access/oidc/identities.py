"""Identities: links users to persons at the provider, at their first sign-in."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.audit import AuditLog
from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.users import User, UserProblem, read_user
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import ended_attempts, identities, sessions, users

ENDED_ATTEMPT_RETENTION = timedelta(days=1)
"""How long an ended attempt is stored; its code and its cookie expire long before."""


class Identities:
    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def user_of(self, issuer: str, subject: str) -> User | None:
        """The user that this person is linked to."""
        of = identities.c
        query = (
            sa.select(users)
            .join(identities, of.user_id == users.c.id)
            .where(of.issuer == issuer, of.subject == subject)
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else read_user(row)

    async def link(self, user: User, issuer: str, subject: str, actor: str) -> bool:
        """Links a person to `user`; False when another person of this provider is linked to the user already."""
        row = {"issuer": issuer, "subject": subject, "user_id": user.id, "linked_at": self._clock.now()}
        async with self._database.transaction() as transaction:
            insert = self._database.insert(identities).on_conflict_do_nothing().returning(identities.c.subject)
            if (await transaction.execute(insert, row)).one_or_none() is None:
                return False
            detail = {"issuer": issuer, "subject": subject}
            await self._audit.add(transaction, actor, "user.identity_linked", f"user {user.name}", detail)
        return True

    async def unlink(self, user: User, actor: str) -> None:
        """Unlinks `user`, so that the next person with their name is linked; ends sessions. Raises UserProblem."""
        async with self._database.transaction() as transaction:
            deleted = await transaction.execute(sa.delete(identities).where(identities.c.user_id == user.id))
            if not deleted.rowcount:
                raise UserProblem(f"user {user.name!r} is not linked to a provider's identity")
            await transaction.execute(sa.delete(sessions).where(sessions.c.user_id == user.id))
            await self._audit.add(transaction, actor, "user.identity_unlinked", f"user {user.name}")

    async def end(self, attempt: Attempt) -> bool:
        """Ends an attempt; False when it has ended before."""
        now, of = self._clock.now(), ended_attempts.c
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(ended_attempts).where(of.at <= now - ENDED_ATTEMPT_RETENTION))
            insert = self._database.insert(ended_attempts).on_conflict_do_nothing().returning(of.digest)
            row = {"digest": attempt.digest, "at": now}
            return (await transaction.execute(insert, row)).one_or_none() is not None
