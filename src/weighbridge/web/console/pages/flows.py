"""Flows: cadence, lag, volumes, tries and calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import office_of
from weighbridge.monitors.state import looked
from weighbridge.queries.flows import flows_of
from weighbridge.queries.today import budgets
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/flows")
async def flows(request: Request, visitor: Reader) -> HTMLResponse:
    office = office_of(request)
    monitors = [one for name in office.connections for one in await looked(office.journal, name)]
    return page(
        request, "flows.html", visitor, flows=await flows_of(office), budgets=await budgets(office), monitors=monitors
    )
