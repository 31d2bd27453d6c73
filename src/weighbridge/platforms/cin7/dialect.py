"""How Cin7 Core says no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

THROTTLE_TEXT = re.compile(rb"reached \d+ calls per", re.IGNORECASE)


class Cin7Dialect:
    """Error and throttle forms. Source: platform notes, cin7 1.2 and 1.4."""

    name = "cin7"

    def is_throttle(self, status: int, body: bytes) -> bool:
        """429, 503, or an error that says so whatever its status."""
        return status in (429, 503) or (status >= 400 and THROTTLE_TEXT.search(body) is not None)

    def retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds, where the platform says; it mostly does not."""
        value = headers.get("retry-after", "")
        return float(value) if value.isdigit() else None

    def messages(self, body: bytes) -> tuple[str, ...]:
        """The texts of an error: an array of ErrorCode and Exception, one such object, or plain text."""
        try:
            parsed = json.loads(body)
        except ValueError:
            return (body[:300].decode(errors="replace") or "no explanation",)
        rows = parsed if isinstance(parsed, list) else [parsed]
        texts = tuple(str(row.get("Exception", row)) if isinstance(row, dict) else str(row) for row in rows)
        return texts or ("no explanation",)
