"""Sessions: who is signed in. The secret stays in the browser's cookie; the database holds its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.token_secrets import digest_of, new_secret
from weighbridge.access.users import User, read_user
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import sessions, users

TOUCHED_EVERY = timedelta(minutes=1)
"""How often a session's last use is stored; a write for each page would be too many."""


@dataclass(frozen=True, slots=True)
class Session:
    """The session of a signed-in user."""

    user: User
    csrf: str
    digest: str


class Sessions:
    def __init__(self, database: Database, clock: Clock, *, idle: timedelta, longest: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self._longest = longest

    async def start(self, user: User) -> str:
        """Starts a session of `user`; returns the secret for the cookie. Also deletes expired sessions."""
        now = self._clock.now()
        secret = new_secret()
        row = {
            "digest": digest_of(secret),
            "user_id": user.id,
            "csrf": new_secret(),
            "created_at": now,
            "seen_at": now,
            "ends_at": now + self._longest,
        }
        is_expired = (sessions.c.ends_at <= now) | (sessions.c.seen_at <= now - self._idle)
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(sessions).where(is_expired))
            await transaction.execute(sessions.insert(), row)
        return secret

    async def find(self, secret: str, *, touch: bool = True) -> Session | None:
        """The session of a cookie; None when it has ended, was idle for too long, or does not exist.

        Without `touch` the request does not count as activity: pages refresh themselves.
        """
        if not secret:
            return None
        digest, now = digest_of(secret), self._clock.now()
        query = (
            sa.select(users, sessions.c.csrf, sessions.c.seen_at)
            .join(users, users.c.id == sessions.c.user_id)
            .where(
                sessions.c.digest == digest,
                sessions.c.ends_at > now,
                sessions.c.seen_at > now - self._idle,
                users.c.disabled_at.is_(None),
            )
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        if row is None:
            return None
        if touch and row.seen_at <= now - TOUCHED_EVERY:
            change = sa.update(sessions).where(sessions.c.digest == digest).values(seen_at=now)
            await self._database.execute(change)
        return Session(read_user(row), row.csrf, digest)

    async def end(self, digest: str) -> None:
        await self._database.execute(sa.delete(sessions).where(sessions.c.digest == digest))
