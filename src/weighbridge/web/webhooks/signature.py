"""Webhook signatures: whether a delivery is signed by the store, and recent."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

SIGNATURE_TOLERANCE = timedelta(minutes=5)


def signature_fits(client_secret: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """Whether a delivery's Standard Webhooks signature is valid and recent.

    True if there is nothing to check: the account has no client secret, or the delivery has no signature (the
    documentation does not guarantee one for every account). Source: platform notes, bigcommerce 7.5.
    """
    signatures = headers.get("webhook-signature", "")
    if not client_secret or not signatures:
        return True
    try:
        sent_at = datetime.fromtimestamp(int(headers.get("webhook-timestamp", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    if abs(now - sent_at) > SIGNATURE_TOLERANCE:
        return False
    key = base64.b64encode(client_secret.encode()).decode()
    expected = Webhook(key).sign(headers.get("webhook-id", ""), sent_at, raw.decode(errors="replace"))
    return any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures.split(" "))
