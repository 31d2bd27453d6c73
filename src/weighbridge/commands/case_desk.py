"""Where the commands about exceptions get their answers: at the database or a running console; both answer alike."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from weighbridge.clock import Clock
from weighbridge.commands.installation import fail, installation_of
from weighbridge.commands.installation import with_database as in_database
from weighbridge.database import Database
from weighbridge.design.schema import Design
from weighbridge.domain.exception_kinds import Remedy
from weighbridge.exceptions.actions import Action, NotAllowed
from weighbridge.exceptions.cases import Case, CaseEvent, CaseObject
from weighbridge.exceptions.desk import Effect, ExceptionDesk
from weighbridge.exceptions.evidence import Evidence, evidence_of
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.playbooks import Playbooks, Run
from weighbridge.exceptions.reading import CaseFile
from weighbridge.exceptions.wanted import Wanted
from weighbridge.journal import Journal

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

    def __init__(self, database: Database, clock: Clock, designs: Mapping[str, Design], person: str) -> None:
        self._clock = clock
        self._person = person
        self._desk = ExceptionDesk(database, clock)
        self._file = CaseFile(database, clock)
        self._playbooks = Playbooks(database, clock, designs)
        self._journal = Journal.of(database, clock)

    async def now(self) -> datetime:
        return self._clock.now()

    async def listed(self, wanted: Wanted, limit: int) -> tuple[Sequence[Case], bool]:
        page = await self._file.page(wanted, limit=limit)
        return page.cases, page.after is not None

    async def dossier(self, number: int, objects: int) -> Dossier:
        case = await self._file.one(number)
        if case is None:
            raise LookupError(f"no exception has the number {number}")
        found = await self._file.objects(number, open_only=False, limit=objects)
        first = next((one for one in found if one.closed_at is None), found[0] if found else None)
        return Dossier(
            case=case,
            objects=found,
            history=await self._file.history(number, limit=HISTORY_LINES),
            runs=await self._playbooks.of_case(number),
            evidence=await evidence_of(self._journal, first.transfer_id) if first else None,
        )

    async def act(self, numbers: Sequence[int], action: Action) -> int:
        return await self._desk.act(numbers, action, self._person)

    async def merge(self, numbers: Sequence[int], into: int) -> int:
        return await self._desk.merge(numbers, into, self._person)

    async def unmerge(self, number: int) -> int:
        return await self._desk.unmerge(number, self._person)

    async def effect(self, wanted: Wanted, action: Action) -> Effect:
        return await self._desk.preview(wanted, action)

    async def act_on_many(self, wanted: Wanted, action: Action, effect: Effect) -> int:
        return await self._desk.act(effect.ids, action, self._person)

    async def plan(self, number: int, remedy: Remedy, arguments: Mapping[str, str]) -> Plan:
        return await self._playbooks.preview(number, remedy, arguments)

    async def run(self, number: int, remedy: Remedy, arguments: Mapping[str, str], reason: str) -> Run:
        return await self._playbooks.run(number, remedy, arguments, self._person, reason)

    async def undo(self, run: int, reason: str) -> Run:
        return await self._playbooks.undo(run, self._person, reason)

    async def decide(self, run: int, *, approve: bool) -> int:
        if approve:
            return (await self._playbooks.approve(run, self._person)).id
        await self._playbooks.refuse(run, self._person)
        return run


def in_the_database(config: Path, by: str, work: Callable[[CaseDesk], Awaitable[Answer]]) -> Answer:
    """What `work` answers at the database; what is not allowed or not there ends the command with its reason."""
    installation = installation_of(config)
    designs = {name: one.design for name, one in installation.connections.items()}
    try:
        return in_database(
            installation,
            lambda database, clock: work(AtDatabase(database, clock, designs, by or getpass.getuser())),
        )
    except (NotAllowed, LookupError) as problem:
        fail(str(problem.args[0]))
