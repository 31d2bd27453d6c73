"""Passwords: kept as argon2id, checked away from the event loop, long rather than odd."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
CHECKS_AT_ONCE = 2
"""Each check takes 64 MiB: more at once would be a way to fill the memory."""

_hasher = PasswordHasher()


class WeakPassword(ValueError):
    """A password that is not taken; its text says what would be."""


class Passwords:
    """Makes and checks hashes, a few at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def hash(self, password: str, name: str) -> str:
        """The hash of a new password of `name`. Raises WeakPassword."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}")
        if name.lower() in password.lower() or len(set(password)) < 5:
            raise WeakPassword("a password has at least 5 different characters and not the user's name in it")
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, password)

    async def fits(self, password: str, kept: str) -> bool:
        """Whether `password` is the one that `kept` was made of; takes as long where `kept` is empty."""
        async with self._turns:
            return await asyncio.to_thread(_fits, password[: LONGEST + 1], kept)


@cache
def _nobodys() -> str:
    """Checked against where there is no such user, so that the answer takes as long."""
    return _hasher.hash("nobody's password")


def _fits(password: str, kept: str) -> bool:
    try:
        return _hasher.verify(kept or _nobodys(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False
