"""The receiver stores every webhook, then answers. A body is never trusted; it is only a hint to enqueue a job."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from structlog.contextvars import bound_contextvars

from weighbridge.common.clock import Clock
from weighbridge.domain.job_types import WHOLE_CONNECTION
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.discovery.webhooks import CIN7_STOCK_TYPE, SECRET_HEADER
from weighbridge.flows.fulfilment import flow as fulfilment
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_reasons import reason_of
from weighbridge.persistence.locks import DatabaseLocked
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.webhook_inbox import JobHint
from weighbridge.web.webhooks.signature import signature_fits

log = structlog.get_logger()

LARGEST_BODY = 1_000_000
ACCEPTED, UNKNOWN, TOO_LARGE, UNAVAILABLE = 200, 404, 413, 503
"""Always 200 on success: whether a platform counts 204 as delivered is open. Source: platform notes, cin7 10.16."""
UNREADABLE = "unreadable"
ORDER_ID = re.compile(r"[0-9]{1,18}")
SALE_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """The secrets that a delivery for one connection must present."""

    secret: str
    client_secret: str
    """Signs the store's deliveries; empty if the account has none."""


def receiver(repositories: Repositories, clock: Clock, endpoints: Mapping[str, WebhookEndpoint]) -> FastAPI:
    """The web application that receives deliveries of both platforms.

    A delivery without its secrets gets the answer of an unknown address, so that guesses reveal nothing.
    """
    app = FastAPI(title="Weighbridge receiver", docs_url=None, redoc_url=None, openapi_url=None)

    for failure in (DatabaseError, DatabaseLocked):
        app.add_exception_handler(failure, _database_failed)

    async def from_bigcommerce(request: Request) -> Response:
        connection, secret = request.path_params["connection"], request.path_params["secret"]
        endpoint = endpoints.get(connection)
        header = _header(request, SECRET_HEADER)
        if endpoint is None or not _same(secret, endpoint.secret) or not _same(header, endpoint.secret):
            return Response(status_code=UNKNOWN)
        raw = await _body(request)
        if raw is None:
            return Response(status_code=TOO_LARGE)
        if not signature_fits(endpoint.client_secret, request.headers, raw, clock.now()):
            log.warning("webhook_signature_refused", connection=connection)
            return Response(status_code=UNKNOWN)
        scope, order_id, new_status_id = bigcommerce_event(raw)
        hints = hints_of_bigcommerce_event(scope, order_id, new_status_id)
        with bound_contextvars(connection=connection):
            await repositories.webhook_inbox.receive(
                connection, "bigcommerce", scope, hints, dict(request.headers), raw
            )
        return Response(status_code=ACCEPTED)

    async def from_cin7(request: Request) -> Response:
        connection, secret = request.path_params["connection"], request.path_params["secret"]
        endpoint = endpoints.get(connection)
        bearer, header = _header(request, "authorization").removeprefix("Bearer "), _header(request, SECRET_HEADER)
        if (
            endpoint is None
            or not _same(secret, endpoint.secret)
            or not (_same(bearer, endpoint.secret) or _same(header, endpoint.secret))
        ):
            return Response(status_code=UNKNOWN)
        raw = await _body(request)
        if raw is None:
            return Response(status_code=TOO_LARGE)
        kind, sale_id = cin7_event(raw, _header(request, "event-type"))
        hints = hints_of_cin7_event(kind, sale_id)
        with bound_contextvars(connection=connection):
            await repositories.webhook_inbox.receive(connection, "cin7", kind, hints, dict(request.headers), raw)
        return Response(status_code=ACCEPTED)

    # Plain routes: a delivery needs no parsing and validation by FastAPI.
    app.router.add_route("/webhooks/bigcommerce/{connection}/{secret}", from_bigcommerce, methods=["POST"])
    app.router.add_route("/webhooks/cin7/{connection}/{secret}", from_cin7, methods=["POST"])
    return app


def bigcommerce_event(raw: bytes) -> tuple[str, str, int | None]:
    """(scope, order id, new status id) of a store delivery; empty texts and None for unreadable parts.

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
            return _printable(scope), str(data[name]), new_status_id if isinstance(new_status_id, int) else None
    return _printable(scope), "", None


def cin7_event(raw: bytes, event_type_header: str) -> tuple[str, str]:
    """(event type, sale id) of a Cin7 delivery. A bare array is the stock event, which has no type.

    Source: platform notes, cin7 5.3; ids are in upper case.
    """
    body = _json(raw)
    if isinstance(body, list):
        return CIN7_STOCK_TYPE, ""
    if not isinstance(body, dict):
        return UNREADABLE, ""
    sale_id = str(body.get("SaleID", ""))
    kind = body.get("EventType") or event_type_header
    is_readable = isinstance(kind, str) and kind != ""
    return _printable(kind) if is_readable else UNREADABLE, sale_id.lower() if SALE_ID.fullmatch(sale_id) else ""


async def _database_failed(request: Request, error: Exception) -> Response:
    """The answer after which platforms deliver again later; the log has one line and no traceback."""
    log.error("webhook_not_stored", connection=request.path_params.get("connection"), reason=reason_of(error))
    return Response(status_code=UNAVAILABLE)


async def _body(request: Request) -> bytes | None:
    """The body; None as soon as it is larger than any webhook, so that no sender fills our memory."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _json(raw: bytes) -> Any:
    """The body as JSON; None if it is not JSON or is nested too deeply."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _printable(text: str) -> str:
    """`text` without characters that databases refuse: control characters and halves of surrogate pairs."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _header(request: Request, name: str) -> str:
    return request.headers.get(name, "")


def _same(presented: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(presented.encode(), expected.encode())


SOON, UNHURRIED = timedelta(seconds=3), timedelta(seconds=20)
"""How long a job waits for more webhooks about the same object: platforms send several events for one change, and most
"updated" events echo our own writes. Source: platform notes, bigcommerce 7.6 and trap 27."""


URGENT_ENDINGS = ("/created", "/statusUpdated")


WRITTEN_BY_US = frozenset({OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED})


def hints_of_bigcommerce_event(scope: str, event_id: str, new_status_id: int | None) -> tuple[JobHint, ...]:
    """The jobs that an event of the store hints at; empty for scopes that do not matter.

    The status in the event decides only how urgent the job is.
    """
    if not (scope.startswith("store/order/") and event_id):
        return ()
    if scope.startswith("store/order/refund/"):
        return (JobHint(sweeps.ORDER_SWEEP, WHOLE_CONNECTION, SOON),)
    if scope == "store/order/updated" or new_status_id in WRITTEN_BY_US:
        return (JobHint(orders.FLOW, event_id, UNHURRIED, if_posted=(sweeps.ORDER_SWEEP, WHOLE_CONNECTION)),)
    urgent = scope.endswith(URGENT_ENDINGS)
    return (JobHint(orders.FLOW, event_id, SOON if urgent else UNHURRIED),)


def hints_of_cin7_event(event_type: str, sale_id: str) -> tuple[JobHint, ...]:
    """The jobs that a Cin7 event hints at. Stock events have many rows and make one job of the stock flow.

    A shipment's event names its task and not its sale, so the sweep must find the sale. The event of its tracking
    number comes at the same time and waits for that sweep. Source: platform notes, cin7 5.3.
    """
    if event_type == CIN7_STOCK_TYPE:
        return (JobHint(stock.FLOW, WHOLE_CONNECTION, UNHURRIED),)
    if event_type == "Sale/ShipmentAuthorised":
        return (JobHint(sweeps.FULFILMENT_SWEEP, WHOLE_CONNECTION, UNHURRIED),)
    if event_type == "Sale/ShipmentTrackingNumberChanged" and sale_id:
        return (JobHint(fulfilment.FLOW, sale_id.lower(), UNHURRIED * 2),)
    return ()
