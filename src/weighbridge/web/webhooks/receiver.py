"""The receiver: stores every webhook, then answers. Nothing in a body is believed; it only says where to look."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook

from weighbridge.common.clock import Clock
from weighbridge.flows.discovery.webhooks import SECRET_HEADER, STOCK_TYPE, hints_of_books_event, hints_of_shop_event
from weighbridge.persistence.repositories import Journal

log = structlog.get_logger()

SIGNATURE_TOLERANCE = timedelta(minutes=5)
LARGEST_BODY = 1_000_000
ACCEPTED, UNKNOWN, TOO_LARGE = 200, 404, 413
"""200 and no other success: whether a platform counts 204 as delivered is open. Source: platform notes, cin7 10.16."""
UNREADABLE = "unreadable"
ORDER_ID = re.compile(r"[0-9]{1,18}")
SALE_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, slots=True)
class HookDoor:
    """What a delivery for one connection must show."""

    secret: str
    client_secret: str
    """Signs the store's deliveries; empty where the account has none."""


def receiver(journal: Journal, clock: Clock, doors: Mapping[str, HookDoor]) -> FastAPI:
    """The web application that takes deliveries from both platforms.

    A delivery without its secrets is answered like an unknown address: whoever guesses learns nothing.
    """
    app = FastAPI(title="Weighbridge receiver", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "time": clock.now().isoformat()}

    async def from_shop(request: Request) -> Response:
        connection, secret = request.path_params["connection"], request.path_params["secret"]
        door = doors.get(connection)
        if door is None or not _same(secret, door.secret) or not _same(_header(request, SECRET_HEADER), door.secret):
            return Response(status_code=UNKNOWN)
        raw = await _body(request)
        if raw is None:
            return Response(status_code=TOO_LARGE)
        if not signature_fits(door.client_secret, request.headers, raw, clock.now()):
            log.warning("hook_signature_refused", connection=connection)
            return Response(status_code=UNKNOWN)
        scope, order_id, new_status_id = shop_event(raw)
        hints = hints_of_shop_event(scope, order_id, new_status_id)
        await journal.inbox.receive(connection, "bigcommerce", scope, hints, dict(request.headers), raw)
        return Response(status_code=ACCEPTED)

    async def from_books(request: Request) -> Response:
        connection, secret = request.path_params["connection"], request.path_params["secret"]
        door = doors.get(connection)
        bearer = _header(request, "authorization").removeprefix("Bearer ")
        shown = _same(bearer, door.secret) or _same(_header(request, SECRET_HEADER), door.secret) if door else False
        if door is None or not _same(secret, door.secret) or not shown:
            return Response(status_code=UNKNOWN)
        raw = await _body(request)
        if raw is None:
            return Response(status_code=TOO_LARGE)
        kind, sale_id = books_event(raw, _header(request, "event-type"))
        hints = hints_of_books_event(kind, sale_id)
        await journal.inbox.receive(connection, "cin7", kind, hints, dict(request.headers), raw)
        return Response(status_code=ACCEPTED)

    # Plain routes: a delivery needs none of the parsing and validation that ours would cost on every one.
    app.router.add_route("/hooks/bigcommerce/{connection}/{secret}", from_shop, methods=["POST"])
    app.router.add_route("/hooks/cin7/{connection}/{secret}", from_books, methods=["POST"])
    return app


def signature_fits(client_secret: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """Whether a delivery's Standard Webhooks signature is right and fresh.

    True when there is nothing to check: the account has no client secret, or the delivery carries no signature (the
    documents do not promise one for every account). Source: platform notes, bigcommerce 7.5.
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
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in signatures.split(" "))


def shop_event(raw: bytes) -> tuple[str, str, int | None]:
    """(scope, order id, new status id) of a store delivery; empty texts and None for what cannot be read.

    Source: platform notes, bigcommerce 7.2 and 7.3: the id is `id`, `order_id` or `orderId`, as number or text.
    """
    body = _json(raw)
    data, scope = (body.get("data"), body.get("scope")) if isinstance(body, dict) else (None, None)
    if not isinstance(data, dict) or not isinstance(scope, str):
        return UNREADABLE, "", None
    status = data.get("status")
    new_status_id = status.get("new_status_id") if isinstance(status, dict) else None
    for name in ("id", "order_id", "orderId"):
        if isinstance(data.get(name), (int, str)) and ORDER_ID.fullmatch(str(data[name])):
            return _plain(scope), str(data[name]), new_status_id if isinstance(new_status_id, int) else None
    return _plain(scope), "", None


def books_event(raw: bytes, event_type_header: str) -> tuple[str, str]:
    """(event type, sale id) of a Cin7 delivery. A bare array is the stock event, which names no type.

    Source: platform notes, cin7 5.3; ids come in upper case here.
    """
    body = _json(raw)
    if isinstance(body, list):
        return STOCK_TYPE, ""
    if not isinstance(body, dict):
        return UNREADABLE, ""
    sale_id = str(body.get("SaleID", ""))
    kind = body.get("EventType") or event_type_header
    readable = isinstance(kind, str) and kind != ""
    return _plain(kind) if readable else UNREADABLE, sale_id.lower() if SALE_ID.fullmatch(sale_id) else ""


async def _body(request: Request) -> bytes | None:
    """What came, None as soon as it is longer than any hook: nobody fills our memory."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > LARGEST_BODY:
            return None
    return bytes(taken)


def _json(raw: bytes) -> Any:
    """The body as JSON; None for what is none, or is nested deeper than anybody's events."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _plain(text: str) -> str:
    """`text` without what databases refuse: control characters and halves of surrogate pairs."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _header(request: Request, name: str) -> str:
    return request.headers.get(name, "")


def _same(shown: str, kept: str) -> bool:
    return bool(kept) and hmac.compare_digest(shown.encode(), kept.encode())
