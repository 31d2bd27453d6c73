"""How one platform says no, what it tells of its quota, and where its bodies carry secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from weighbridge.platforms.call_slot import Quota


class Dialect(Protocol):
    """How one platform says no, what it tells of its quota, and where its bodies carry secrets."""

    name: str

    def is_throttle(self, status: int, body: bytes) -> bool: ...

    def retry_after(self, headers: Mapping[str, str]) -> float | None: ...

    def quota(self, headers: Mapping[str, str]) -> Quota | None: ...

    def messages(self, body: bytes) -> tuple[str, ...]: ...

    def without_secrets(self, path: str, body: bytes) -> bytes: ...
