"""Where the commands about exceptions get their answers: at the database or a running console; both answer alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.cli.context import fail
from weighbridge.cli.local_backend import in_the_office
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.exceptions.actions import Action, NotAllowed
from weighbridge.exceptions.evidence import Evidence, evidence_of
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.playbooks import Run
from weighbridge.exceptions.records import Case, CaseEvent, CaseObject
from weighbridge.services import exceptions as deeds

HISTORY_LINES = 200
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Dossier:
    """One exception with what a person reads of it."""

    case: Case
    objects: Sequence[CaseObject]
    history: Sequence[CaseEvent]
    """Oldest first."""
    runs: Sequence[Run]
    evidence: Evidence | None


class CaseDesk(Protocol):
    """What the commands ask. Raises NotAllowed and LookupError, with words for whoever asked."""

    async def now(self) -> datetime:
        """The time by which deadlines and sleeps count."""
        ...

    async def listed(self, wanted: Wanted, limit: int) -> tuple[Sequence[Case], bool]:
        """Up to `limit` exceptions, most urgent first, and whether there are more."""
        ...

    async def dossier(self, number: int, objects: int) -> Dossier: ...

    async def act(self, numbers: Sequence[int], action: Action) -> int: ...

    async def merge(self, numbers: Sequence[int], into: int) -> int: ...

    async def unmerge(self, number: int) -> int: ...

    async def effect(self, wanted: Wanted, action: Action) -> Effect: ...

    async def act_on_many(self, wanted: Wanted, action: Action, effect: Effect) -> int: ...

    async def plan(self, number: int, remedy: Remedy, arguments: Mapping[str, str]) -> Plan: ...

    async def run(self, number: int, remedy: Remedy, arguments: Mapping[str, str], reason: str) -> Run: ...

    async def undo(self, run: int, reason: str) -> Run: ...

    async def decide(self, run: int, *, approve: bool) -> int:
        """Answers the number of the run that has begun, or was refused."""
        ...


class AtDatabase:
    """The desk of whoever may open the database, under the name that they give."""

    def __init__(self, office: Office, person: User) -> None:
        self._office = office
        self._person = person

    async def now(self) -> datetime:
        return self._office.clock.now()

    async def listed(self, wanted: Wanted, limit: int) -> tuple[Sequence[Case], bool]:
        page = await self._office.cases.page(wanted, limit=limit)
        return page.cases, page.after is not None

    async def dossier(self, number: int, objects: int) -> Dossier:
        cases = self._office.cases
        case = await cases.one(number)
        if case is None:
            raise LookupError(f"no exception has the number {number}")
        found = await cases.objects(number, open_only=False, limit=objects)
        first = next((one for one in found if one.closed_at is None), found[0] if found else None)
        return Dossier(
            case=case,
            objects=found,
            history=await cases.history(number, limit=HISTORY_LINES),
            runs=await self._office.playbooks.of_case(number),
            evidence=await evidence_of(self._office.journal, first.transfer_id) if first else None,
        )

    async def act(self, numbers: Sequence[int], action: Action) -> int:
        return await deeds.act(self._office, self._person, numbers, action)

    async def merge(self, numbers: Sequence[int], into: int) -> int:
        return await deeds.merge(self._office, self._person, numbers, into)

    async def unmerge(self, number: int) -> int:
        return await deeds.unmerge(self._office, self._person, number)

    async def effect(self, wanted: Wanted, action: Action) -> Effect:
        return await deeds.preview_many(self._office, self._person, wanted, action)

    async def act_on_many(self, wanted: Wanted, action: Action, effect: Effect) -> int:
        return await deeds.act(self._office, self._person, effect.ids, action)

    async def plan(self, number: int, remedy: Remedy, arguments: Mapping[str, str]) -> Plan:
        return await self._office.playbooks.preview(number, remedy, arguments)

    async def run(self, number: int, remedy: Remedy, arguments: Mapping[str, str], reason: str) -> Run:
        return await deeds.run(self._office, self._person, number, remedy, arguments, reason)

    async def undo(self, run: int, reason: str) -> Run:
        return await deeds.undo(self._office, self._person, run, reason)

    async def decide(self, run: int, *, approve: bool) -> int:
        return (await deeds.decide(self._office, self._person, run, approve=approve)).id


def in_the_database(config: Path, by: str, work: Callable[[CaseDesk], Awaitable[Answer]]) -> Answer:
    """What `work` answers at the database; what is not allowed or not there ends the command with its reason."""
    try:
        return in_the_office(config, by, lambda office, person: work(AtDatabase(office, person)))
    except (NotAllowed, LookupError) as problem:
        fail(str(problem.args[0]))
