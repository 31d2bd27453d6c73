"""How one platform reports errors, throttling and its quota, and where its bodies hold secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from weighbridge.platforms.call_slots import Quota


class ApiProfile(Protocol):
    """How one platform reports errors, throttling and its quota, and where its bodies hold secrets."""

    name: str

    def is_throttle(self, status: int, body: bytes) -> bool: ...

    def retry_after(self, headers: Mapping[str, str]) -> float | None: ...

    def quota(self, headers: Mapping[str, str]) -> Quota | None: ...

    def messages(self, body: bytes) -> tuple[str, ...]: ...

    def without_secrets(self, path: str, body: bytes) -> bytes: ...
