"""The search box."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from weighbridge.app.context import office_of
from weighbridge.queries.search import search
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]


@router.get("/search")
async def find(request: Request, visitor: Reader, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    hits = await search(office_of(request), q)
    meant = [hit for hit in hits if hit.exact] or hits
    if len(meant) == 1:
        return RedirectResponse(meant[0].address, 303)
    return page(request, "search.html", visitor, hits=hits, q=q.strip())
