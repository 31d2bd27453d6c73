"""Playbooks at work: previewed, run with a name and a reason, taken back where possible, and proven by what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.common.clock import Clock
from weighbridge.design.overrides import UnusableChange
from weighbridge.design.schema import Design
from weighbridge.domain.exceptions.kinds import Autonomy, Remedy
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.exceptions.context import grounds_of, proven
from weighbridge.exceptions.execute import Doing
from weighbridge.exceptions.plan import ARGUMENTS, NEED_A_REASON, UNDOABLE, Plan
from weighbridge.exceptions.previews import plan
from weighbridge.exceptions.record_queries import CaseFile
from weighbridge.exceptions.records import Case
from weighbridge.exceptions.requeue import ask_for_looks
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.exception_rows import OURSELVES, locked
from weighbridge.persistence.tables.remedies import playbook_runs

PROPOSED, APPROVED, STARTED, UNDONE, REFUSED = "proposed", "approved", "started", "undone", "refused"
MOST_BY_ITSELF = 50


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a playbook on an exception."""

    id: int
    exception_id: int
    remedy: Remedy
    arguments: Mapping[str, str]
    reason: str
    plan: tuple[str, ...]
    transfers: tuple[str, ...]
    state: str
    """proposed, then approved (and started as another run) or refused; started, then perhaps undone."""
    asked_by: str
    asked_at: datetime
    decided_by: str
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str = ""
    """Of one that was started: `proven`, `waiting` for a look, or `not enough`."""


_FIELDS = tuple(name for name in Run.__dataclass_fields__ if name != "outcome")


class Playbooks:
    """The safe actions of an installation. `designs` are those of the file, by connection."""

    def __init__(self, database: Database, clock: Clock, designs: Mapping[str, Design]) -> None:
        self._database = database
        self._clock = clock
        self._designs = designs
        self._journal = Journal.of(database, clock)
        self._file = CaseFile(database, clock)
        self._doing = Doing(database, clock, self._journal)

    async def preview(self, case_id: int, remedy: Remedy, arguments: Mapping[str, str]) -> Plan:
        """What the playbook would do to the exception as it stands now. Raises LookupError."""
        return plan(
            remedy, await grounds_of(self._database, await self._case(case_id), self._designs, arguments), arguments
        )

    async def run(
        self, case_id: int, remedy: Remedy, arguments: Mapping[str, str], actor: str, reason: str = ""
    ) -> Run:
        """Runs the playbook on a person's word. Raises NotAllowed with the reason, LookupError."""
        return await self._begin(case_id, remedy, arguments, actor, reason, STARTED)

    async def approve(self, run_id: int, actor: str) -> Run:
        """Runs what was prepared, previewed anew. Raises NotAllowed when it was decided already or no longer fits."""
        proposed = await self._decide(run_id, actor, APPROVED)
        return await self.run(proposed.exception_id, proposed.remedy, proposed.arguments, actor, "prepared, approved")

    async def refuse(self, run_id: int, actor: str) -> None:
        """Does not run what was prepared. Raises NotAllowed when it was decided already."""
        await self._decide(run_id, actor, REFUSED)

    async def undo(self, run_id: int, actor: str, reason: str) -> Run:
        """Takes back what the run stored; what was posted by it meanwhile stays. Raises NotAllowed, LookupError."""
        run = await self.one(run_id)
        if run.remedy not in UNDOABLE or run.state != STARTED:
            raise NotAllowed(f"run {run_id} ({run.remedy}, {run.state}) cannot be taken back")
        if not reason.strip():
            raise NotAllowed("taking back needs a reason")
        async with self._database.transaction() as transaction:
            await locked(transaction, {run.exception_id})
            made = sa.select(playbook_runs.c.made).where(playbook_runs.c.id == run_id)
            await self._doing.take_back(transaction, (await transaction.execute(made)).scalar_one(), actor)
            await self._change(transaction, run_id, state=UNDONE, decided_by=actor, ended_at=self._clock.now())
            words = f"{run.remedy} was taken back: {reason}"
            await self._journal.exceptions.note(
                transaction, run.exception_id, "undone", words, actor=actor, detail={"run": run_id}
            )
            now = self._clock.now()
            await ask_for_looks(transaction, self._journal.agenda, now, [run.exception_id], run.transfers)
        return await self.one(run_id)

    async def one(self, run_id: int) -> Run:
        """The run with this number and its outcome. Raises LookupError."""
        runs = await self._runs(playbook_runs.c.id == run_id)
        if not runs:
            raise LookupError(f"no run has the number {run_id}")
        return runs[0]

    async def of_case(self, case_id: int) -> list[Run]:
        """The runs on an exception, oldest first, each with its outcome."""
        return await self._runs(playbook_runs.c.exception_id == case_id)

    async def waiting_for_approval(self) -> list[Run]:
        """What was prepared and nobody has decided, oldest first."""
        return await self._runs(playbook_runs.c.state == PROPOSED)

    async def act_by_itself(self) -> int:
        """Prepares or runs the first safe action of each open exception as far as the design's autonomy goes.

        Once for each time an exception is opened, and only playbooks that ask a person for nothing. Answers how many.
        """
        wanted: list[Case] = []
        for connection, of_file in self._designs.items():
            design = await self._journal.designs.effective(connection, of_file)
            kinds = [kind for kind in design.autonomy if design.autonomy_of(kind) in (Autonomy.APPROVE, Autonomy.ACT)]
            wanted += await self._file.untouched(connection, kinds, MOST_BY_ITSELF)
        begun = 0
        for case in wanted:
            remedy = case.entry.remedies[0]
            if remedy in NEED_A_REASON or any(one.needed for one in ARGUMENTS.get(remedy, ())):
                continue
            design = await self._journal.designs.effective(case.connection, self._designs[case.connection])
            state = STARTED if design.autonomy_of(case.kind) is Autonomy.ACT else PROPOSED
            try:
                await self._begin(case.id, remedy, {}, OURSELVES, f"autonomy of {case.kind}", state)
            except NotAllowed:
                continue
            begun += 1
        return begun

    async def _begin(
        self, case_id: int, remedy: Remedy, arguments: Mapping[str, str], actor: str, reason: str, state: str
    ) -> Run:
        if not actor.strip():
            raise NotAllowed("whoever acts needs a name")
        if remedy in NEED_A_REASON and not reason.strip():
            raise NotAllowed(f"{remedy} needs a reason")
        case = await self._case(case_id)
        found = await self._planned(case, remedy, arguments)
        if found.problem:
            raise NotAllowed(found.problem)
        now = self._clock.now()
        row = {
            "exception_id": case_id,
            "remedy": str(remedy),
            "arguments": dict(arguments),
            "reason": reason,
            "plan": list(found.lines),
            "transfers": list(found.transfer_ids),
            "made": {},
            "state": state,
            "asked_by": actor,
            "asked_at": now,
            "started_at": now if state == STARTED else None,
        }
        async with self._database.transaction() as transaction:
            held = await locked(transaction, {case_id})
            if held[case_id].row["state"] != "open":
                raise NotAllowed(f"exception {case_id} is {held[case_id].row['state']}")
            if actor == OURSELVES and await _tried_since(transaction, case_id, held[case_id].row["opened_at"]):
                raise NotAllowed(f"exception {case_id} was tried already")
            made = await transaction.execute(playbook_runs.insert().values(**row).returning(playbook_runs.c.id))
            run_id = int(made.scalar_one())
            told = " ".join(found.lines) + (f" Reason: {reason}" if reason else "")
            await self._journal.exceptions.note(
                transaction, case_id, "ran" if state == STARTED else "prepared", f"{remedy}: {told}",
                actor=actor, detail={"run": run_id, "arguments": dict(arguments)},
            )  # fmt: skip
            if state == STARTED:
                await self._do(transaction, run_id, case, found, actor, reason, held)
        return await self.one(run_id)

    async def _planned(self, case: Case, remedy: Remedy, arguments: Mapping[str, str]) -> Plan:
        return plan(remedy, await grounds_of(self._database, case, self._designs, arguments), arguments)

    async def _do(
        self, transaction: AsyncConnection, run_id: int, case: Case, found: Plan, actor: str, reason: str, held: Any
    ) -> None:
        design = self._designs[case.connection]
        try:
            made = await self._doing.do(transaction, case, found, design, actor, reason, held)
        except UnusableChange as problem:
            raise NotAllowed(str(problem)) from None
        await self._change(transaction, run_id, made=made)

    async def _decide(self, run_id: int, actor: str, state: str) -> Run:
        run = await self.one(run_id)
        async with self._database.transaction() as transaction:
            change = sa.update(playbook_runs).where(playbook_runs.c.id == run_id, playbook_runs.c.state == PROPOSED)
            values = {"state": state, "decided_by": actor, "ended_at": self._clock.now()}
            if (await transaction.execute(change.values(**values))).rowcount == 0:
                raise NotAllowed(f"run {run_id} is {run.state}")
        return run

    async def _change(self, transaction: AsyncConnection, run_id: int, **values: Any) -> None:
        await transaction.execute(sa.update(playbook_runs).where(playbook_runs.c.id == run_id).values(**values))

    async def _runs(self, where: sa.ColumnElement[bool]) -> list[Run]:
        columns = [playbook_runs.c[name] for name in _FIELDS]
        async with self._database.reading() as reading:
            rows = (await reading.execute(sa.select(*columns).where(where).order_by(playbook_runs.c.id))).all()
            found = []
            for row in rows:
                values = dict(row._mapping) | {"remedy": Remedy(row.remedy)}
                values |= {"plan": tuple(row.plan), "transfers": tuple(row.transfers)}
                outcome = ""
                if row.state == STARTED:
                    outcome = await proven(reading, row.exception_id, row.transfers, row.started_at)
                found.append(Run(**values, outcome=outcome))
        return found

    async def _case(self, case_id: int) -> Case:
        case = await self._file.one(case_id)
        if case is None:
            raise LookupError(f"no exception has the number {case_id}")
        return case


async def _tried_since(transaction: AsyncConnection, case_id: int, opened_at: datetime) -> bool:
    """Whether anybody ran or prepared a playbook since it was opened; another worker may just have done so."""
    of = playbook_runs.c
    query = sa.select(of.id).where(of.exception_id == case_id, of.asked_at >= opened_at).limit(1)
    return (await transaction.execute(query)).first() is not None
