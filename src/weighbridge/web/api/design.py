"""The design through the API: as it counts now, what a change would mean, every change and every version."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from weighbridge.app.context import office_of
from weighbridge.design.overrides import DesignChange, UnusableChange
from weighbridge.design.schema import design_version
from weighbridge.design.timing import DEFAULT_SCHEDULES
from weighbridge.queries.design import effect_of, effective_design
from weighbridge.queries.design_preview import FEW, MOST, Redesign
from weighbridge.services import design as deeds
from weighbridge.services.errors import Unusable
from weighbridge.web.api.auth import Reader, Worker
from weighbridge.web.api.exception_responses import CaseAnswer
from weighbridge.web.api.responses import Answer, Asked, Short, Text

router = APIRouter(tags=["design"])
Piece = Annotated[str, Path(max_length=300)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Entry = Annotated[Short, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]


class AgreedAnswer(Answer):
    """A change that was agreed on beside the file."""

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


class DesignAnswer(BaseModel):
    """A design as it counts now, with all that was agreed on beside the file, newest first."""

    connection: str
    version: str
    design: dict[str, Any]
    schedules: dict[str, list[float]]
    changes: list[AgreedAnswer]


class ChangeAsked(Asked):
    """One entry of one table, as it is to be."""

    setting: Entry
    key: Entry
    value: Entry | Annotated[list[Seconds], Field(max_length=50)]
    """Text, or the seconds of a retry schedule."""

    def meant(self) -> DesignChange:
        value = self.value if isinstance(self.value, list) else self.value.strip()
        return DesignChange(self.setting, self.key.strip(), value)


class ReasonedChange(ChangeAsked):
    """The same, with a reason."""

    reason: Text


class TrialAnswer(Answer):
    """A change tried on stored orders: the oldest that wait and the latest that crossed, at most so many of each."""

    most: int
    held: int
    would_pass: list[str]
    """Numbers of orders that wait and then would not."""
    still_held: int
    past: int
    unchanged: int
    differing: int
    """Orders that crossed and would become another sale."""
    stopped: int
    """Orders that crossed and would be held."""
    unreadable: int
    """Orders of either kind whose answers are not all kept."""

    @classmethod
    def of(cls, tried: Redesign) -> TrialAnswer:
        return cls(
            most=tried.most,
            held=tried.held,
            would_pass=[one.number for one in tried.would_pass],
            still_held=tried.still_held_in_all,
            past=tried.past,
            unchanged=tried.unchanged,
            differing=tried.differing_in_all,
            stopped=tried.stopped_in_all,
            unreadable=tried.unreadable,
        )


class MeaningAnswer(BaseModel):
    """What a change would mean; nothing has happened."""

    before: Any
    version: str
    """Of the design with the change."""
    waiting: list[CaseAnswer]
    """Open exceptions about the same thing."""
    crossed: int
    """Orders posted under the present version, counted up to 10,000; they stay as they are."""
    tried: TrialAnswer | None
    """What it would do to stored orders; null for a table that does not decide what a sale looks like."""


class ChangeAnswer(BaseModel):
    """A change that was agreed on or taken back, and the version that counts since."""

    id: int
    connection: str
    version: str


class VersionAnswer(Answer):
    """A version that something crossed under."""

    name: str
    first_used_at: datetime


@router.get("/design/{connection}")
async def show_design(request: Request, _: Reader, connection: Piece) -> DesignAnswer:
    """The design as it counts now, and every change that was agreed on beside the file."""
    office = office_of(request)
    design = await effective_design(office, connection)
    changes = await office.journal.designs.changes(connection)
    return DesignAnswer(
        connection=connection,
        version=design_version(design),
        design=design.model_dump(mode="json"),
        schedules={cause: list(design.retry.schedule(cause)) for cause in DEFAULT_SCHEDULES},
        changes=[AgreedAnswer(**asdict(one)) for one in changes],
    )


@router.post("/design/{connection}/preview")
async def preview(
    request: Request,
    _: Reader,
    connection: Piece,
    asked: ChangeAsked,
    most: Annotated[int, Query(ge=1, le=MOST)] = FEW,
) -> MeaningAnswer:
    """What a change would mean, tried on at most `most` orders that wait and as many that crossed; changes nothing."""
    office = office_of(request)
    try:
        found = await effect_of(office, connection, asked.meant(), most)
    except UnusableChange as problem:
        raise Unusable(str(problem)) from None
    now = office.clock.now()
    return MeaningAnswer(
        before=found.before,
        version=found.version,
        waiting=[CaseAnswer.of(case, now) for case in found.waiting],
        crossed=found.crossed,
        tried=TrialAnswer.of(found.tried) if found.tried else None,
    )


@router.post("/design/{connection}/changes")
async def change(request: Request, user: Worker, connection: Piece, asked: ReasonedChange) -> ChangeAnswer:
    """Agrees on a change. Running workers take it up within seconds."""
    office = office_of(request)
    number = await deeds.change(office, user, connection, asked.meant(), asked.reason)
    version = design_version(await effective_design(office, connection))
    return ChangeAnswer(id=number, connection=connection, version=version)


@router.post("/design-changes/{number}/undo")
async def undo(request: Request, user: Worker, number: Number) -> ChangeAnswer:
    """Takes a change back: the one agreed before it, or the file, counts again."""
    office = office_of(request)
    connection = await deeds.undo(office, user, number)
    version = design_version(await effective_design(office, connection))
    return ChangeAnswer(id=number, connection=connection, version=version)


@router.get("/design/{connection}/versions")
async def list_versions(request: Request, _: Reader, connection: Piece) -> list[VersionAnswer]:
    """The versions that something crossed under, the latest first."""
    office = office_of(request)
    await effective_design(office, connection)
    return [VersionAnswer.model_validate(one) for one in await office.journal.designs.versions(connection)]


@router.get("/design/{connection}/versions/{name}")
async def show_version(request: Request, _: Reader, connection: Piece, name: Piece) -> dict[str, Any]:
    """The whole design that transfers of this version crossed under."""
    found: dict[str, Any] | None = await office_of(request).journal.designs.version(connection, name)
    if found is None:
        raise LookupError(f"{connection} never worked by {name}")
    return found
