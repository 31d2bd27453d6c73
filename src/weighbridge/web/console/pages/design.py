"""The design in force: the entries that users may change, previews of changes, and the changes made."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi import Path as PathParameter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.roles import Permission
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.design.overrides import CHANGEABLE, DesignChange, UnusableChange, entry_of
from weighbridge.design.schema import Design, design_version
from weighbridge.queries.design import COUNTED, Effect, effect_of, effective_design
from weighbridge.queries.design_preview import FEW, MOST
from weighbridge.services import design as design_service
from weighbridge.services.design import permission_to_change
from weighbridge.services.errors import InvalidRequest, NotFound
from weighbridge.web.console.auth import CurrentUser, form_requires, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Reader = Annotated[CurrentUser, Depends(requires())]
Operator = Annotated[CurrentUser, Depends(form_requires(Permission.WORK))]
Short = Annotated[str, Form(max_length=256)]
Text = Annotated[str, Form(max_length=1000)]
TABLE_LABELS = {
    "tax.rules": "Tax rules: store tax to Cin7 tax rule",
    "payments.accounts": "Payment accounts: tender to Cin7 account",
    "skus": "SKU mapping: store SKU to Cin7 SKU",
    "owners": "Owners by kind, other than the default",
    "backups": "Backup owners after the deadline, other than the default",
    "deadlines": "Deadlines by kind in hours, other than the default",
    "autonomy": "Autonomy of the first playbook, by kind",
    "retry.schedules": "Retry schedules: seconds before each retry, by cause",
}


@router.get("/design")
async def design(
    request: Request,
    current_user: Reader,
    connection: str = "",
    setting: str = "",
    key: Annotated[str, Query(max_length=256)] = "",
    value: Annotated[str, Query(max_length=256)] = "",
    most: Annotated[int, Query(ge=1, le=MOST)] = FEW,
    done: str = "",
) -> HTMLResponse:
    """The design of a connection. With `setting`, `key` and `value`, also the preview of that change on `most` held
    orders and as many posted ones."""
    app = app_context_of(request)
    name = connection or sorted(app.connections)[0]
    effective = await _effective(app, name)
    effect, problem = (None, "")
    if setting and key and value:
        effect, problem = await _effect(app, name, DesignChange(setting, key.strip(), _read(value)), most)
    return page(
        request,
        "design.html",
        current_user,
        connection=name,
        version_in_force=design_version(effective),
        tables=[(table, TABLE_LABELS[table], _entries(effective, table)) for table in CHANGEABLE],
        rest=_rest(effective),
        changes=list(reversed(await app.repositories.designs.changes(name))),
        may_change={table: current_user.may(permission_to_change(table)) for table in CHANGEABLE},
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
    request: Request,
    current_user: Operator,
    connection: str,
    setting: Short,
    key: Short,
    value: Short,
    reason: Text = "",
) -> Response:
    app = app_context_of(request)
    await _effective(app, connection)
    design_change = DesignChange(setting, key.strip(), _read(value))
    await design_service.change(app, current_user.user, connection, design_change, reason)
    return RedirectResponse(f"/design?connection={connection}&done=1", 303)


@router.post("/design/{connection}/changes/{number}/undo")
async def undo(request: Request, current_user: Operator, connection: str, number: Number) -> Response:
    try:
        changed_connection = await design_service.undo(app_context_of(request), current_user.user, number)
    except LookupError as problem:
        raise NotFound(f"{problem} of {connection}.", "/design", "Design") from None
    return RedirectResponse(f"/design?connection={changed_connection}&done=1", 303)


async def _effective(app: AppContext, connection: str) -> Design:
    try:
        return await effective_design(app, connection)
    except LookupError as problem:
        raise NotFound(f"{problem}.", "/design", "Design") from None


async def _effect(
    app: AppContext, connection: str, design_change: DesignChange, most: int
) -> tuple[Effect | None, str]:
    try:
        return await effect_of(app, connection, design_change, most), ""
    except UnusableChange as problem:
        return None, str(problem)


def _read(value: str) -> Any:
    """A typed value: a list if it begins with `[`, otherwise text."""
    text = value.strip()
    if not text.startswith("["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidRequest(f"value is {text!r}; expected text, or a list such as [5, 60, 600]") from None


def _entries(design: Design, table: str) -> list[tuple[str, str]]:
    if table == "retry.schedules":
        content: Any = design.model_dump(mode="json")["retry"]["schedules"]
    else:
        content = design.model_dump(mode="json")
        for name in table.split("."):
            content = content[name]
    return [
        (key, _as_text(value)) for key, value in sorted(content.items()) if entry_of(design, table, key) is not None
    ]


def _rest(design: Design) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every other table of the design, as the file has it."""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for name, section in design.model_dump(mode="json").items():
        if isinstance(section, dict) and name not in CHANGEABLE:
            rows = [(key, _as_text(value)) for key, value in section.items() if f"{name}.{key}" not in CHANGEABLE]
            sections.append((name, rows))
    return [(name, rows) for name, rows in sections if rows]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_as_text(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_as_text, value)) or "none"
    return str(value) if value not in (None, "") else "none"
