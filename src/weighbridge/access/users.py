"""Users: who may sign in, each with one role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.access.audit import AuditLog
from weighbridge.access.passwords import Passwords
from weighbridge.access.roles import Permission, Role, may
from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.tables.access import sessions, tokens, users
from weighbridge.persistence.types import new_id

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
NAME_RULE = "1 to 80 letters, digits and . _ @ + -, beginning with a letter or digit"


class UserProblem(ValueError):
    """The requested change of a user is impossible; the message says why."""


@dataclass(frozen=True, slots=True)
class User:
    """A user of the console and the API."""

    id: str
    name: str
    role: Role
    created_at: datetime
    password_at: datetime | None
    disabled_at: datetime | None

    def may(self, permission: Permission) -> bool:
        return self.disabled_at is None and may(self.role, permission)


_COLUMNS = tuple(users.c[name] for name in User.__dataclass_fields__)


def read_user(row: sa.Row[Any]) -> User:
    """A user from a row with the columns of the table of users."""
    values = {name: getattr(row, name) for name in User.__dataclass_fields__}
    return User(**values | {"role": Role(values["role"])})


class Users:
    """Reads and changes users. Every change takes the name of the actor for the audit log."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, passwords: Passwords) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._passwords = passwords

    async def add(self, name: str, role: Role, password: str, actor: str) -> User:
        """Adds a user; with an empty password they sign in by the provider only. Raises UserProblem, WeakPassword."""
        name = name.strip().lower()
        if not NAME.fullmatch(name):
            raise UserProblem(f"a user's name must be {NAME_RULE}, not {name!r}")
        password_hash = await self._passwords.hash(password, name) if password else ""
        now = self._clock.now()
        user = User(new_id(), name, role, now, now if password_hash else None, None)
        row = {column: getattr(user, column) for column in User.__dataclass_fields__} | {"password": password_hash}
        async with self._database.transaction() as transaction:
            insert = self._database.insert(users).on_conflict_do_nothing().returning(users.c.id)
            if (await transaction.execute(insert, row)).one_or_none() is None:
                raise UserProblem(f"there is a user {name!r} already")
            await self._audit.add(transaction, actor, "user.added", f"user {name}", {"role": role})
        return user

    async def find(self, name: str) -> User | None:
        query = sa.select(*_COLUMNS).where(users.c.name == name.strip().lower())
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        return None if row is None else read_user(row)

    async def all(self) -> list[User]:
        """Every user by name, locked ones included."""
        async with self._database.reading() as reading:
            return [read_user(row) for row in (await reading.execute(sa.select(*_COLUMNS).order_by(users.c.name)))]

    async def authenticate(self, name: str, password: str) -> User | None:
        """The user with this name if the password is right and the user is not locked; takes the same time if not."""
        query = sa.select(users).where(users.c.name == name.strip().lower())
        async with self._database.reading() as reading:
            row = (await reading.execute(query)).one_or_none()
        is_correct = await self._passwords.matches(password, row.password if row is not None else "")
        return read_user(row) if row is not None and is_correct and row.disabled_at is None else None

    async def set_password(self, name: str, password: str, actor: str) -> None:
        """Gives a user a new password and ends their sessions. Raises UserProblem, WeakPassword."""
        password_hash = await self._passwords.hash(password, name)
        await self._change(name, actor, "user.password_set", {}, password=password_hash, password_at=self._clock.now())

    async def set_role(self, name: str, role: Role, actor: str) -> None:
        """Gives a user another role and ends their sessions. Raises UserProblem."""
        await self._change(name, actor, "user.role_set", {"role": role}, role=role)

    async def lock(self, name: str, actor: str) -> None:
        """Locks a user at once: their sessions end and their tokens are revoked. Raises UserProblem."""
        await self._change(name, actor, "user.locked", {}, disabled_at=self._clock.now())

    async def unlock(self, name: str, actor: str) -> None:
        """Unlocks a user. Raises UserProblem."""
        await self._change(name, actor, "user.unlocked", {}, disabled_at=None)

    async def _change(self, name: str, actor: str, action: str, detail: dict[str, Any], **values: Any) -> None:
        name = name.strip().lower()
        async with self._database.transaction() as transaction:
            row = (await transaction.execute(sa.select(*_COLUMNS).where(users.c.name == name))).one_or_none()
            if row is None:
                raise UserProblem(f"there is no user {name!r}")
            await transaction.execute(sa.update(users).where(users.c.id == row.id).values(**values))
            if row.role == Role.ADMIN and row.disabled_at is None:
                await _require_an_admin(transaction)
            await transaction.execute(sa.delete(sessions).where(sessions.c.user_id == row.id))
            if action == "user.locked":
                revoke = sa.update(tokens).where(tokens.c.user_id == row.id, tokens.c.revoked_at.is_(None))
                await transaction.execute(revoke.values(revoked_at=self._clock.now()))
            await self._audit.add(transaction, actor, action, f"user {name}", detail)


async def _require_an_admin(transaction: AsyncConnection) -> None:
    admins = sa.select(sa.func.count()).where(users.c.role == Role.ADMIN, users.c.disabled_at.is_(None))
    if not (await transaction.execute(admins)).scalar_one():
        raise UserProblem("this is the last admin: give the role to another user first")
