"""The page of a refund."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import app_context_of
from weighbridge.queries.refund_history import trace_refund
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/refunds/{connection}/{order_id}/{number}")
async def refund(request: Request, current_user: Reader, connection: str, order_id: str, number: str) -> HTMLResponse:
    trace = await trace_refund(app_context_of(request), connection, order_id, number)
    if trace is None:
        message = f"Refund {number} of order {order_id} is not known on {connection}. Sweeps find new ones in minutes."
        raise NotFound(message, f"/orders/{connection}/{quote(order_id, safe='')}", f"Order {order_id}")
    return page(request, "refund.html", current_user, trace=trace, connection=connection, order_id=order_id)
