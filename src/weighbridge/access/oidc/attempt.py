"""One attempt to sign in at the provider. All that it shows there follows from one secret that stays in the browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from weighbridge.access.token_secrets import digest_of, new_secret

LONGEST_WAY = 1000
"""Characters of the address to come back to: browsers keep about 4,000 bytes in a cookie."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that began in one browser, and only ends there."""

    secret: str = field(repr=False)
    to: str
    """Where its user wanted to go."""

    @classmethod
    def new(cls, to: str) -> Attempt:
        return cls(new_secret(), to if len(quote(to, safe="")) <= LONGEST_WAY else "/")

    @classmethod
    def read(cls, cookie: str) -> Attempt | None:
        """The attempt that a cookie holds; None when there is none."""
        secret, _, to = cookie.partition(".")
        return cls(secret, unquote(to)) if secret else None

    @property
    def cookie(self) -> str:
        return f"{self.secret}.{quote(self.to, safe='')}"

    @property
    def state(self) -> str:
        """Comes back with the answer, and shows that this browser asked."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Stands in the ID token, which so was made for this attempt."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Shown with the code, which is of no use to others. Source: RFC 7636, 4.1: 43 to 128 unreserved letters."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier beforehand. Source: RFC 7636, 4.2, S256."""
        return _letters(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def digest(self) -> str:
        """What is kept of an attempt that has ended."""
        return digest_of(self.secret)

    def _derived(self, purpose: str) -> str:
        return _letters(hmac.digest(self.secret.encode(), purpose.encode(), "sha256"))


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
