"""The Today page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import app_context_of
from weighbridge.queries.today import today_of
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/")
async def today(request: Request, current_user: Reader) -> HTMLResponse:
    summary = await today_of(app_context_of(request), current_user.name, current_user.user.role)
    return page(request, "today.html", current_user, today=summary)
