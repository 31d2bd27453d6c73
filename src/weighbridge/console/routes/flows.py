"""Flows: cadence, lag, volumes, tries and calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.console.gate import Visitor, reads
from weighbridge.console.office import office_of
from weighbridge.console.readings.flows import flows_of
from weighbridge.console.readings.today import budgets
from weighbridge.console.rendering import page
from weighbridge.monitors.state import looked

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/flows")
async def flows(request: Request, visitor: Reader) -> HTMLResponse:
    office = office_of(request)
    monitors = [one for name in office.connections for one in await looked(office.journal, name)]
    return page(
        request, "flows.html", visitor, flows=await flows_of(office), budgets=await budgets(office), monitors=monitors
    )
