"""Flows: scheduled jobs, volumes, retries and API calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import app_context_of
from weighbridge.monitors.state import monitor_states
from weighbridge.queries.flows import flows_of
from weighbridge.queries.today import budgets
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/flows")
async def flows(request: Request, current_user: Reader) -> HTMLResponse:
    app = app_context_of(request)
    monitors = [state for name in app.connections for state in await monitor_states(app.repositories, name)]
    return page(
        request, "flows.html", current_user, flows=await flows_of(app), budgets=await budgets(app), monitors=monitors
    )
