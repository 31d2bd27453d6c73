"""How Cin7 Core reports errors and throttling."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from weighbridge.platforms.call_slots import Quota

THROTTLE_TEXT = re.compile(rb"reached \d+ calls per", re.IGNORECASE)
SECRETS = re.compile(rb'("External(?:BearerToken|Password)"\s*:\s*)"(?:[^"\\]|\\.)*"')
HEADER_VALUES = re.compile(rb'("Value"\s*:\s*)"(?:[^"\\]|\\.)*"')
SECRET_IN_URL = re.compile(rb'("ExternalURL"\s*:\s*"[^"]*/)[^"/]+"')


class Cin7ApiProfile:
    """Error and throttle forms. Source: platform notes, cin7 1.2 and 1.4."""

    name = "cin7"

    def is_throttle(self, status: int, body: bytes) -> bool:
        """429, 503, or any error whose text reports throttling."""
        return status in (429, 503) or (status >= 400 and THROTTLE_TEXT.search(body) is not None)

    def retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait, where the platform says so; it mostly does not."""
        value = headers.get("retry-after", "")
        return float(value) if value.isdigit() else None

    def quota(self, headers: Mapping[str, str]) -> Quota | None:
        """None: Cin7 Core does not report its quota. Source: platform notes, cin7 1.2."""
        return None

    def without_secrets(self, path: str, body: bytes) -> bytes:
        """`body` as it may be recorded. Webhooks carry the secrets of their deliveries, also in answers.

        Source: Cin7 Core API v2, GET /webhooks; platform notes, cin7 5.1.
        """
        if not path.lower().startswith("webhooks"):
            return body
        for secret in (SECRETS, HEADER_VALUES):
            body = secret.sub(rb'\1"***"', body)
        return SECRET_IN_URL.sub(rb'\1***"', body)

    def messages(self, body: bytes) -> tuple[str, ...]:
        """The texts of an error: an array of ErrorCode and Exception, one such object, or plain text."""
        try:
            parsed = json.loads(body)
        except ValueError:
            return (body[:300].decode(errors="replace") or "no explanation",)
        rows = parsed if isinstance(parsed, list) else [parsed]
        texts = tuple(dict.fromkeys(_text(row) for row in rows))
        return texts or ("no explanation",)


def _text(row: object) -> str:
    if isinstance(row, dict):
        return str(row.get("Exception") or row.get("Message") or row.get("message") or row)
    return str(row)
