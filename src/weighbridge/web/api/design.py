"""The design through the API: the design in force, previews of changes, changes and versions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from weighbridge.app.context import app_context_of
from weighbridge.design.overrides import DesignChange, UnusableChange
from weighbridge.design.retry_schedules import DEFAULT_SCHEDULES
from weighbridge.design.schema import design_version
from weighbridge.queries.design import effect_of, effective_design
from weighbridge.queries.design_preview import FEW, MOST, DesignPreview
from weighbridge.services import design as design_service
from weighbridge.services.errors import InvalidRequest
from weighbridge.web.api.auth import Operator, Reader
from weighbridge.web.api.exception_responses import ExceptionResponse
from weighbridge.web.api.responses import RequestBody, ResponseModel, Short, Text

router = APIRouter(tags=["design"])
PathText = Annotated[str, Path(max_length=300)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Entry = Annotated[Short, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]


class DesignChangeResponse(ResponseModel):
    """A change of the design that is stored in the database."""

    id: int
    connection: str
    setting: str
    key: str
    value: Any
    before: Any
    reason: str
    actor: str
    exception_id: int | None
    at: datetime
    undone_at: datetime | None
    undone_by: str


class DesignResponse(BaseModel):
    """The design in force, with the changes that the database holds, newest first."""

    connection: str
    version: str
    design: dict[str, Any]
    schedules: dict[str, list[float]]
    changes: list[DesignChangeResponse]


class ChangeRequest(RequestBody):
    """The new value of one entry of one table."""

    setting: Entry
    key: Entry
    value: Entry | Annotated[list[Seconds], Field(max_length=50)]
    """Text, or the seconds of a retry schedule."""

    def to_design_change(self) -> DesignChange:
        value = self.value if isinstance(self.value, list) else self.value.strip()
        return DesignChange(self.setting, self.key.strip(), value)


class ReasonedChangeRequest(ChangeRequest):
    """A change with a reason."""

    reason: Text


class DesignPreviewResponse(ResponseModel):
    """A preview of a change on stored orders: the oldest held and the latest posted, at most `most` of each."""

    most: int
    held: int
    would_pass: list[str]
    """Numbers of held orders that would be posted."""
    still_held: int
    posted: int
    unchanged: int
    differing: int
    """Posted orders that would become a different sale."""
    stopped: int
    """Posted orders that would be held."""
    unreadable: int
    """Orders of either kind whose answers are not all stored."""

    @classmethod
    def of(cls, design_preview: DesignPreview) -> DesignPreviewResponse:
        return cls(
            most=design_preview.most,
            held=design_preview.held,
            would_pass=[order.number for order in design_preview.would_pass],
            still_held=design_preview.still_held_total,
            posted=design_preview.posted,
            unchanged=design_preview.unchanged,
            differing=design_preview.differing_total,
            stopped=design_preview.stopped_total,
            unreadable=design_preview.unreadable,
        )


class ChangePreviewResponse(BaseModel):
    """The effect of a change; nothing has happened."""

    before: Any
    version: str
    """Version of the changed design."""
    waiting: list[ExceptionResponse]
    """Open exceptions about the same entry."""
    posted: int
    """Orders posted under the present version, counted up to 10,000; they stay as they are."""
    preview: DesignPreviewResponse | None
    """The effect on stored orders; null for a table that does not change sales."""


class ChangeResponse(BaseModel):
    """A change that was made or undone, and the version in force since."""

    id: int
    connection: str
    version: str


class VersionResponse(ResponseModel):
    """A version that objects were posted under."""

    name: str
    first_used_at: datetime


@router.get("/design/{connection}")
async def show_design(request: Request, _: Reader, connection: PathText) -> DesignResponse:
    """The design in force, and every change that the database holds."""
    app = app_context_of(request)
    design = await effective_design(app, connection)
    changes = await app.repositories.designs.changes(connection)
    return DesignResponse(
        connection=connection,
        version=design_version(design),
        design=design.model_dump(mode="json"),
        schedules={cause: list(design.retry.schedule(cause)) for cause in DEFAULT_SCHEDULES},
        changes=[DesignChangeResponse(**asdict(change)) for change in changes],
    )


@router.post("/design/{connection}/preview")
async def preview(
    request: Request,
    _: Reader,
    connection: PathText,
    body: ChangeRequest,
    most: Annotated[int, Query(ge=1, le=MOST)] = FEW,
) -> ChangePreviewResponse:
    """The effect of a change, previewed on at most `most` held orders and as many posted ones; changes nothing."""
    app = app_context_of(request)
    try:
        effect = await effect_of(app, connection, body.to_design_change(), most)
    except UnusableChange as problem:
        raise InvalidRequest(str(problem)) from None
    now = app.clock.now()
    return ChangePreviewResponse(
        before=effect.before,
        version=effect.version,
        waiting=[ExceptionResponse.of(exception_record, now) for exception_record in effect.waiting],
        posted=effect.posted,
        preview=DesignPreviewResponse.of(effect.preview) if effect.preview else None,
    )


@router.post("/design/{connection}/changes")
async def change(request: Request, user: Operator, connection: PathText, body: ReasonedChangeRequest) -> ChangeResponse:
    """Makes a change. Running workers use it within seconds."""
    app = app_context_of(request)
    number = await design_service.change(app, user, connection, body.to_design_change(), body.reason)
    version = design_version(await effective_design(app, connection))
    return ChangeResponse(id=number, connection=connection, version=version)


@router.post("/design-changes/{number}/undo")
async def undo(request: Request, user: Operator, number: Number) -> ChangeResponse:
    """Undoes a change: the change before it, or the file, is in force again."""
    app = app_context_of(request)
    connection = await design_service.undo(app, user, number)
    version = design_version(await effective_design(app, connection))
    return ChangeResponse(id=number, connection=connection, version=version)


@router.get("/design/{connection}/versions")
async def list_versions(request: Request, _: Reader, connection: PathText) -> list[VersionResponse]:
    """The versions that objects were posted under, the latest first."""
    app = app_context_of(request)
    await effective_design(app, connection)
    return [VersionResponse.model_validate(version) for version in await app.repositories.designs.versions(connection)]


@router.get("/design/{connection}/versions/{name}")
async def show_version(request: Request, _: Reader, connection: PathText, name: PathText) -> dict[str, Any]:
    """The whole design of a version."""
    design: dict[str, Any] | None = await app_context_of(request).repositories.designs.version(connection, name)
    if design is None:
        raise LookupError(f"{connection} has no design version {name}")
    return design
