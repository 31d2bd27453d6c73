"""Reconciliation: the totals of both systems day by day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import app_context_of
from weighbridge.queries.reconciliation import DAYS, reconciliation_of
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/reconciliation")
async def reconciliation(request: Request, current_user: Reader, connection: str = "") -> HTMLResponse:
    app = app_context_of(request)
    chosen = connection or sorted(app.connections)[0]
    if chosen not in app.connections:
        raise NotFound(f"There is no connection {chosen}.", "/reconciliation", "Reconciliation")
    result = await reconciliation_of(app, chosen)
    return page(request, "reconciliation.html", current_user, reconciliation=result, connection=chosen, days=DAYS)
