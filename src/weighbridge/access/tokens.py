"""API tokens of programs. A token acts for its user and has at most that user's role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.access.audit import AuditLog
from weighbridge.access.token_secrets import digest_of, new_secret
from weighbridge.access.users import User, UserProblem, read_user
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import tokens, users
from weighbridge.persistence.types import new_id

PREFIX = "wb_"
"""Prefix of every token, so that scanners of source code can find leaked tokens."""
LONGEST_NAME = 80
TOUCHED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as listed; the secret itself is shown only once, at its creation."""

    id: str
    user: str
    name: str
    read_only: bool
    created_at: datetime
    used_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """The user that a token acts for, and whether it may change anything."""

    user: User
    read_only: bool
    token: str
    """The token's name."""
    ends_at: datetime | None


class Tokens:
    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def create(self, user: User, name: str, *, read_only: bool, days: int | None, actor: str) -> str:
        """Creates a token of `user` that expires after `days` or never; returns its secret once. Raises UserProblem."""
        name = " ".join(name.split())
        if not 0 < len(name) <= LONGEST_NAME:
            raise UserProblem(f"a token's name must have 1 to {LONGEST_NAME} characters, not {len(name)}")
        now = self._clock.now()
        secret = PREFIX + new_secret()
        row = {
            "id": new_id(),
            "user_id": user.id,
            "name": name,
            "digest": digest_of(secret),
            "read_only": read_only,
            "created_at": now,
            "ends_at": now + timedelta(days=days) if days else None,
        }
        async with self._database.transaction() as transaction:
            await transaction.execute(tokens.insert(), row)
            detail = {"token": name, "read_only": read_only, "days": days}
            await self._audit.add(transaction, actor, "token.created", f"user {user.name}", detail)
        return secret

    async def bearer(self, secret: str) -> Bearer | None:
        """The user of a token; None when it was revoked, has expired, or does not exist."""
        if not secret.startswith(PREFIX):
            return None
        now = self._clock.now()
        query = (
            sa.select(
                users,
                tokens.c.id.label("token"),
                tokens.c.read_only,
                tokens.c.used_at,
                tokens.c.name.label("token_name"),
                tokens.c.ends_at,
            )
            .join(users, users.c.id == tokens.c.user_id)
            .where(
                tokens.c.digest == digest_of(secret),
                tokens.c.revoked_at.is_(None),
                tokens.c.ends_at.is_(None) | (tokens.c.ends_at > now),
                users.c.disabled_at.is_(None),
            )
        )
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        if row is None:
            return None
        if row.used_at is None or row.used_at <= now - TOUCHED_EVERY:
            await self._database.execute(sa.update(tokens).where(tokens.c.id == row.token).values(used_at=now))
        return Bearer(read_user(row), row.read_only, row.token_name, row.ends_at)

    async def valid(self, user: str = "") -> Sequence[Token]:
        """The valid tokens of one user or of all, newest first."""
        columns = [tokens.c[name] for name in Token.__dataclass_fields__ if name != "user"]
        is_valid = tokens.c.revoked_at.is_(None) & (tokens.c.ends_at.is_(None) | (tokens.c.ends_at > self._clock.now()))
        query = (
            sa.select(*columns, users.c.name.label("user"))
            .join(users, users.c.id == tokens.c.user_id)
            .where(is_valid, users.c.name == user if user else sa.true())
            .order_by(tokens.c.created_at.desc(), tokens.c.id)
        )
        async with self._database.reading() as reading:
            return [Token(**row._mapping) for row in (await reading.execute(query)).all()]

    async def revoke(self, token_id: str, actor: str, *, owner: User | None = None) -> None:
        """Revokes a token; with `owner`, only a token of that user. Raises UserProblem."""
        query = sa.select(tokens.c.name, users.c.name.label("user")).join(users, users.c.id == tokens.c.user_id)
        is_revocable = (tokens.c.id == token_id) & tokens.c.revoked_at.is_(None)
        if owner is not None:
            is_revocable &= tokens.c.user_id == owner.id
        async with self._database.transaction() as transaction:
            row = (await transaction.execute(query.where(is_revocable))).one_or_none()
            if row is None:
                raise UserProblem(f"there is no token with the id {token_id!r}")
            change = sa.update(tokens).where(tokens.c.id == token_id).values(revoked_at=self._clock.now())
            await transaction.execute(change)
            await self._audit.add(transaction, actor, "token.revoked", f"user {row.user}", {"token": row.name})
