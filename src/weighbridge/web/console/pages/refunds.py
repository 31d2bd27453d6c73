"""Refunds: the whole story of one."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import office_of
from weighbridge.queries.refund_history import trace_refund
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/refunds/{connection}/{order_id}/{number}")
async def refund(request: Request, visitor: Reader, connection: str, order_id: str, number: str) -> HTMLResponse:
    trace = await trace_refund(office_of(request), connection, order_id, number)
    if trace is None:
        words = (
            f"Refund {number} of order {order_id} was never heard of on {connection}. Sweeps find new ones in minutes."
        )
        raise NotFound(words, f"/orders/{connection}/{quote(order_id, safe='')}", f"Order {order_id}")
    return page(request, "refund.html", visitor, trace=trace, connection=connection, order_id=order_id)
