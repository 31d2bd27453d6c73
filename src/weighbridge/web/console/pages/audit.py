"""The audit log: who did what to what, newest first, and whether its chain holds."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from weighbridge.access.audit import AuditLine
from weighbridge.access.roles import Permission
from weighbridge.app.context import office_of
from weighbridge.queries.audit import AUDIT_LINES, chain_of
from weighbridge.web.console.auth import Visitor, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Auditor = Annotated[Visitor, Depends(reads(Permission.READ_AUDIT))]


@router.get("/audit")
async def audit(
    request: Request,
    visitor: Auditor,
    actor: Annotated[str, Query(max_length=80)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**31)] = None,
) -> HTMLResponse:
    office = office_of(request)
    log = office.access.audit
    lines = await log.lines(before=before, actor=actor.strip(), subject=subject.strip(), limit=AUDIT_LINES + 1)
    return page(
        request,
        "audit.html",
        visitor,
        lines=[(line, told(line)) for line in lines[:AUDIT_LINES]],
        older=lines[AUDIT_LINES - 1].number if len(lines) > AUDIT_LINES else None,
        actor=actor,
        subject=subject,
        broken=await chain_of(office),
        people_now=office.people.now(),
    )


def told(line: AuditLine) -> str:
    """A line's detail in words: `reason: agreed; remedy: map_tax`."""
    detail = json.loads(line.detail)
    return "; ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in detail.items() if value != "")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
