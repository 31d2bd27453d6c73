"""How BigCommerce reports errors, throttling and its quota."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from weighbridge.platforms.call_slots import Quota

HEADERS = re.compile(rb'("headers"\s*:\s*)\{[^{}]*\}')
SECRET_IN_URL = re.compile(rb'("destination"\s*:\s*"[^"]*/)[^"/]+"')


class BigCommerceApiProfile:
    """Error and throttle forms of its API families. Source: platform notes, bigcommerce 1.3 and 1.5."""

    name = "bigcommerce"

    def is_throttle(self, status: int, body: bytes) -> bool:
        return status == 429

    def retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait: the longer of the rest of the window and X-Retry-After; None when both are missing."""
        reset, seconds = headers.get("x-rate-limit-time-reset-ms", ""), headers.get("x-retry-after", "")
        waits = [float(seconds)] if seconds.isdigit() else []
        if reset.isdigit():
            waits.append(float(reset) / 1000)
        return max(waits, default=None)

    def quota(self, headers: Mapping[str, str]) -> Quota | None:
        """The store's quota as every answer reports it. It is shared with other apps and may change at any time.

        Source: platform notes, bigcommerce 1.3.
        """
        calls, left = headers.get("x-rate-limit-requests-quota", ""), headers.get("x-rate-limit-requests-left", "")
        reset = headers.get("x-rate-limit-time-reset-ms", "")
        if not (calls.isdigit() and left.isdigit() and int(calls) > 0):
            return None
        return Quota(int(calls), int(left), int(reset) / 1000 if reset.isdigit() else None)

    def without_secrets(self, path: str, body: bytes) -> bytes:
        """`body` as it may be recorded. Webhooks carry the secrets of their deliveries. Source: Webhooks V3."""
        if not path.lower().startswith("v3/hooks"):
            return body
        return SECRET_IN_URL.sub(rb'\1***"', HEADERS.sub(rb"\1{}", body))

    def messages(self, body: bytes) -> tuple[str, ...]:
        """The texts of an error: v2 arrays, v3 objects with errors by field, problem documents, or plain text."""
        try:
            parsed = json.loads(body)
        except ValueError:
            return (body[:300].decode(errors="replace") or "no explanation",)
        return tuple(dict.fromkeys(_texts(parsed)))[:10] or ("no explanation",)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for name in ("message", "title", "detail"):
            if isinstance(value.get(name), str) and value[name]:
                yield value[name]
        errors = value.get("errors")
        if isinstance(errors, dict):
            for field, text in errors.items():
                yield f"{field}: {text}"
        elif isinstance(errors, list):
            yield from _texts(errors)
        for name in ("data", "batch_errors"):
            yield from _texts(value.get(name))
