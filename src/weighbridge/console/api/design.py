"""The design through the API: as it counts now, what a change would mean, every change and every version."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from weighbridge.console.api.answers import Answer, Asked, Short, Text
from weighbridge.console.api.callers import Reader, Worker
from weighbridge.console.api.case_answers import CaseAnswer
from weighbridge.console.deeds import design as deeds
from weighbridge.console.office import office_of
from weighbridge.console.problems import Unusable
from weighbridge.console.readings.design import effect_of, effective_design
from weighbridge.design.overriding import DesignChange, UnusableChange
from weighbridge.design.schema import design_version
from weighbridge.design.timing import DEFAULT_SCHEDULES

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


class MeaningAnswer(BaseModel):
    """What a change would mean; nothing has happened."""

    before: Any
    version: str
    """Of the design with the change."""
    waiting: list[CaseAnswer]
    """Open exceptions about the same thing."""
    crossed: int
    """Orders posted under the present version; they stay as they are."""


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
async def preview(request: Request, _: Reader, connection: Piece, asked: ChangeAsked) -> MeaningAnswer:
    """What a change would mean; changes nothing."""
    office = office_of(request)
    try:
        found = await effect_of(office, connection, asked.meant())
    except UnusableChange as problem:
        raise Unusable(str(problem)) from None
    now = office.clock.now()
    return MeaningAnswer(
        before=found.before,
        version=found.version,
        waiting=[CaseAnswer.of(case, now) for case in found.waiting],
        crossed=found.crossed,
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
