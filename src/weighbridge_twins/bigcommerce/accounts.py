"""API accounts of a store: client id, token and scopes. Source: platform notes, bigcommerce 1.1 and 1.2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Account:
    """An API account; `scopes` None grants every scope."""

    client_id: str
    token: str
    scopes: frozenset[str] | None = None

    def may(self, scope: str, *, reading: bool) -> bool:
        """True if the account has the scope; for reading, its read-only variant is enough."""
        if self.scopes is None or not scope or scope in self.scopes:
            return True
        return reading and f"{scope}_read_only" in self.scopes
