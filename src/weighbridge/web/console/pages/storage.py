"""Storage: what is stored, how large it is, and how long it is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import app_context_of
from weighbridge.queries.storage import storage_of
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/storage")
async def storage(request: Request, current_user: Reader) -> HTMLResponse:
    return page(request, "storage.html", current_user, stored=await storage_of(app_context_of(request)))
