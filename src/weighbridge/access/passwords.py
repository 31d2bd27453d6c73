"""Passwords: stored as argon2id, checked outside the event loop; the rules ask for length, not for symbols."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
CHECKS_AT_ONCE = 2
"""Each check takes 64 MiB; without a limit, requests could exhaust the memory."""

_hasher = PasswordHasher()


class WeakPassword(ValueError):
    """A password that is refused; the message says what is required."""


class Passwords:
    """Computes and checks hashes, a few at a time."""

    def __init__(self) -> None:
        self._semaphore = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def hash(self, password: str, name: str) -> str:
        """The hash of a new password of `name`. Raises WeakPassword."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise WeakPassword(f"a password must have {SHORTEST} to {LONGEST} characters, not {len(password)}")
        if name.lower() in password.lower() or len(set(password)) < 5:
            raise WeakPassword(
                "a password must have at least 5 different characters and must not contain the user's name"
            )
        async with self._semaphore:
            return await asyncio.to_thread(_hasher.hash, password)

    async def matches(self, password: str, stored_hash: str) -> bool:
        """Whether `stored_hash` is that of `password`; takes the same time when `stored_hash` is empty."""
        async with self._semaphore:
            return await asyncio.to_thread(_matches, password[: LONGEST + 1], stored_hash)


@cache
def _dummy_hash() -> str:
    """Used where there is no such user, so that the check takes the same time."""
    return _hasher.hash("nobody's password")


def _matches(password: str, stored_hash: str) -> bool:
    try:
        return _hasher.verify(stored_hash or _dummy_hash(), password) and bool(stored_hash)
    except (VerificationError, InvalidHashError):
        return False
