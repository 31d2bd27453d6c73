"""The search box."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from weighbridge.app.context import app_context_of
from weighbridge.queries.search import search
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]


@router.get("/search")
async def find(request: Request, current_user: Reader, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    hits = await search(app_context_of(request), q)
    best = [hit for hit in hits if hit.exact] or hits
    if len(best) == 1:
        return RedirectResponse(best[0].address, 303)
    return page(request, "search.html", current_user, hits=hits, q=q.strip())
