"""One attempt to sign in by the provider. All its values derive from one secret that stays in the browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from weighbridge.access.token_secrets import digest_of, new_secret

LONGEST_RETURN_PATH = 1000
"""Most characters of the return path: browsers store about 4,000 bytes in a cookie."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that starts in one browser and can end only there."""

    secret: str = field(repr=False)
    return_path: str
    """The page that the user opened."""

    @classmethod
    def new(cls, return_path: str) -> Attempt:
        return cls(new_secret(), return_path if len(quote(return_path, safe="")) <= LONGEST_RETURN_PATH else "/")

    @classmethod
    def read(cls, cookie: str) -> Attempt | None:
        """The attempt of a cookie; None when the cookie is empty."""
        secret, _, path = cookie.partition(".")
        return cls(secret, unquote(path)) if secret else None

    @property
    def cookie(self) -> str:
        return f"{self.secret}.{quote(self.return_path, safe='')}"

    @property
    def state(self) -> str:
        """Returned with the answer; proves that this browser sent the request."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Part of the ID token; proves that it was issued for this attempt."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Sent with the code, which is useless without it. Source: RFC 7636, 4.1: 43 to 128 unreserved letters."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """The digest of the verifier, sent to the provider beforehand. Source: RFC 7636, 4.2, S256."""
        return _letters(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def digest(self) -> str:
        """The digest that is stored of an ended attempt."""
        return digest_of(self.secret)

    def _derived(self, purpose: str) -> str:
        return _letters(hmac.digest(self.secret.encode(), purpose.encode(), "sha256"))


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
