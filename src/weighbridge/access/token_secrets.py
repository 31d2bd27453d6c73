"""Secrets of sessions and tokens: long, random, and kept as digests only."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32


def new_secret() -> str:
    """A secret that nobody guesses, in letters that need no escaping."""
    return secrets.token_urlsafe(BYTES)


def digest_of(secret: str) -> str:
    """What is kept of a secret. It is random and long, so a plain SHA-256 cannot be turned round."""
    return hashlib.sha256(secret.encode()).hexdigest()
