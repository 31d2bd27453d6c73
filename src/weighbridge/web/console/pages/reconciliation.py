"""Reconciliation: what can be compared today, and what is not closed yet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import office_of
from weighbridge.queries.reconciliation import DAYS, reconciliation_of
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/reconciliation")
async def reconciliation(request: Request, visitor: Reader, connection: str = "") -> HTMLResponse:
    office = office_of(request)
    chosen = connection or sorted(office.connections)[0]
    if chosen not in office.connections:
        raise NotFound(f"There is no connection {chosen}.", "/reconciliation", "Reconciliation")
    found = await reconciliation_of(office, chosen)
    return page(request, "reconciliation.html", visitor, found=found, connection=chosen, days=DAYS)
