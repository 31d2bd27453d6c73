"""The design: what people agreed on, as it counts now; entries that may change while it runs, and every change."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi import Path as PathParameter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.roles import Permission
from weighbridge.app.context import Office, office_of
from weighbridge.design.overrides import CHANGEABLE, DesignChange, UnusableChange, entry_of
from weighbridge.design.schema import Design, design_version
from weighbridge.queries.design import COUNTED, Effect, effect_of, effective_design
from weighbridge.queries.design_preview import FEW, MOST
from weighbridge.services import design as deeds
from weighbridge.services.design import needed_for
from weighbridge.services.errors import NotFound, Unusable
from weighbridge.web.console.auth import Visitor, acts, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Reader = Annotated[Visitor, Depends(reads())]
Worker = Annotated[Visitor, Depends(acts(Permission.WORK))]
Short = Annotated[str, Form(max_length=256)]
Text = Annotated[str, Form(max_length=1000)]
TABLE_WORDS = {
    "tax.rules": "Taxes of the shop and the Cin7 tax rule of each",
    "payments.accounts": "Tenders and the Cin7 account that receives each",
    "skus": "SKUs of the shop that have another name in Cin7",
    "owners": "Who resolves a kind, where it is not the usual owner",
    "backups": "Who stands in once an exception is past its deadline, where it is not the usual one",
    "deadlines": "Hours within which a kind should be resolved, where they are not the usual ones",
    "autonomy": "How far the first safe action of a kind goes by itself",
    "retry.schedules": "Seconds before each next try, by cause",
}


@router.get("/design")
async def design(
    request: Request,
    visitor: Reader,
    connection: str = "",
    setting: str = "",
    key: Annotated[str, Query(max_length=256)] = "",
    value: Annotated[str, Query(max_length=256)] = "",
    most: Annotated[int, Query(ge=1, le=MOST)] = FEW,
    done: str = "",
) -> HTMLResponse:
    """The design of a connection, and with `setting`, `key` and `value` what that change would mean, tried on `most`
    orders that wait and as many that crossed."""
    office = office_of(request)
    name = connection or sorted(office.connections)[0]
    effective = await _effective(office, name)
    asked = bool(setting and key and value)
    effect, problem = (None, "")
    if asked:
        effect, problem = await _effect(office, name, DesignChange(setting, key.strip(), _read(value)), most)
    return page(
        request,
        "design.html",
        visitor,
        connection=name,
        works_by=design_version(effective),
        tables=[(table, TABLE_WORDS[table], _entries(effective, table)) for table in CHANGEABLE],
        rest=_rest(effective),
        changes=list(reversed(await office.journal.designs.changes(name))),
        may_change={table: visitor.may(needed_for(table)) for table in CHANGEABLE},
        setting=setting,
        key=key,
        value=value,
        effect=effect,
        problem=problem,
        counted=COUNTED,
        most=MOST,
        done=done == "1",
    )


@router.post("/design/{connection}/change")
async def change(
    request: Request, visitor: Worker, connection: str, setting: Short, key: Short, value: Short, reason: Text = ""
) -> Response:
    office = office_of(request)
    await _effective(office, connection)
    wanted = DesignChange(setting, key.strip(), _read(value))
    await deeds.change(office, visitor.user, connection, wanted, reason)
    return RedirectResponse(f"/design?connection={connection}&done=1", 303)


@router.post("/design/{connection}/changes/{number}/undo")
async def undo(request: Request, visitor: Worker, connection: str, number: Number) -> Response:
    try:
        found = await deeds.undo(office_of(request), visitor.user, number)
    except LookupError as problem:
        raise NotFound(f"{problem} of {connection}.", "/design", "Design") from None
    return RedirectResponse(f"/design?connection={found}&done=1", 303)


async def _effective(office: Office, connection: str) -> Design:
    try:
        return await effective_design(office, connection)
    except LookupError as problem:
        raise NotFound(f"{problem}.", "/design", "Design") from None


async def _effect(office: Office, connection: str, wanted: DesignChange, most: int) -> tuple[Effect | None, str]:
    try:
        return await effect_of(office, connection, wanted, most), ""
    except UnusableChange as problem:
        return None, str(problem)


def _read(value: str) -> Any:
    """A value as it was typed: a list where it looks like one, otherwise text."""
    text = value.strip()
    if not text.startswith("["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise Unusable(f"{text!r} begins like a list and is none; expected such as [5, 60, 600]") from None


def _entries(design: Design, table: str) -> list[tuple[str, str]]:
    if table == "retry.schedules":
        content: Any = design.model_dump(mode="json")["retry"]["schedules"]
    else:
        content = design.model_dump(mode="json")
        for part in table.split("."):
            content = content[part]
    return [(key, _shown(value)) for key, value in sorted(content.items()) if entry_of(design, table, key) is not None]


def _rest(design: Design) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every other table of the design, as the file has it."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for name, part in design.model_dump(mode="json").items():
        if isinstance(part, dict) and name not in CHANGEABLE:
            rows = [(key, _shown(value)) for key, value in part.items() if f"{name}.{key}" not in CHANGEABLE]
            found.append((name, rows))
    return [(name, rows) for name, rows in found if rows]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    return str(value) if value not in (None, "") else "none"
