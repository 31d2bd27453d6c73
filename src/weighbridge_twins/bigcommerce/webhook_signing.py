"""Signs webhooks with the Standard Webhooks headers. Source: platform notes, bigcommerce 7.5; standardwebhooks.com."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signature(client_secret: str, message_id: str, timestamp: int, raw: bytes) -> dict[str, str]:
    """The three headers of an attempt at `timestamp` (Unix seconds); the key is the client secret as bytes."""
    signed = f"{message_id}.{timestamp}.".encode() + raw
    digest = hmac.new(client_secret.encode(), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
