"""Sessions: who is signed in. The secret stays in the browser's cookie; we keep its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from weighbridge.access.token_secrets import digest_of, new_secret
from weighbridge.access.users import User, read_user
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import sessions, users

NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last seen: a write for each page would be many."""


@dataclass(frozen=True, slots=True)
class Session:
    """A user who is signed in."""

    user: User
    csrf: str
    digest: str


class Sessions:
    def __init__(self, database: Database, clock: Clock, *, idle: timedelta, longest: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self._longest = longest

    async def begin(self, user: User) -> str:
        """Signs `user` in; answers the secret for the cookie. Sessions that are over are forgotten on the way."""
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
        over = (sessions.c.ends_at <= now) | (sessions.c.seen_at <= now - self._idle)
        async with self._database.transaction() as transaction:
            await transaction.execute(sa.delete(sessions).where(over))
            await transaction.execute(sessions.insert(), row)
        return secret

    async def of(self, secret: str, *, noted: bool = True) -> Session | None:
        """The session of a cookie; None when it has ended, was idle for too long, or never was.

        Not `noted`: what a page asks by itself leaves an idle session idle.
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
        if noted and row.seen_at <= now - NOTED_EVERY:
            seen = sa.update(sessions).where(sessions.c.digest == digest).values(seen_at=now)
            await self._database.execute(seen)
        return Session(read_user(row), row.csrf, digest)

    async def end(self, digest: str) -> None:
        await self._database.execute(sa.delete(sessions).where(sessions.c.digest == digest))
