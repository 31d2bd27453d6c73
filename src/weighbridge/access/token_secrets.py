"""Secrets of sessions and tokens: long, random, and stored only as digests."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32


def new_secret() -> str:
    """A secret that cannot be guessed, of characters that need no escaping."""
    return secrets.token_urlsafe(BYTES)


def digest_of(secret: str) -> str:
    """The stored digest of a secret. The secret is random and long, so a plain SHA-256 cannot be reversed."""
    return hashlib.sha256(secret.encode()).hexdigest()
