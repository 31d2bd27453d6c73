"""The audit log, newest first, and the check of its chain."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from weighbridge.access.audit import AuditLine
from weighbridge.access.roles import Permission
from weighbridge.app.context import app_context_of
from weighbridge.queries.audit import AUDIT_LINES, chain_of
from weighbridge.web.console.auth import CurrentUser, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Auditor = Annotated[CurrentUser, Depends(requires(Permission.READ_AUDIT))]


@router.get("/audit")
async def audit(
    request: Request,
    current_user: Auditor,
    actor: Annotated[str, Query(max_length=80)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**31)] = None,
) -> HTMLResponse:
    app = app_context_of(request)
    log = app.access.audit
    lines = await log.lines(before=before, actor=actor.strip(), subject=subject.strip(), limit=AUDIT_LINES + 1)
    return page(
        request,
        "audit.html",
        current_user,
        lines=[(line, detail_text(line)) for line in lines[:AUDIT_LINES]],
        older=lines[AUDIT_LINES - 1].number if len(lines) > AUDIT_LINES else None,
        actor=actor,
        subject=subject,
        broken=await chain_of(app),
        wall_clock_now=app.wall_clock.now(),
    )


def detail_text(line: AuditLine) -> str:
    """The detail of a line as text: `reason: agreed; playbook: map_tax`."""
    detail = json.loads(line.detail)
    return "; ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in detail.items() if value != "")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
