"""The first page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from weighbridge.app.context import office_of
from weighbridge.queries.today import today_of
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/")
async def today(request: Request, visitor: Reader) -> HTMLResponse:
    found = await today_of(office_of(request), visitor.name, visitor.user.role)
    return page(request, "today.html", visitor, today=found)
