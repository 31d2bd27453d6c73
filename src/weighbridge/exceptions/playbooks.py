"""Runs playbooks on exceptions: preview, run, approve, refuse and undo; each run records who asked for it and why."""

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
from weighbridge.domain.exceptions.kinds import Autonomy, Playbook
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.exceptions.context import outcome_of, playbook_context_of
from weighbridge.exceptions.execute import PlanExecutor
from weighbridge.exceptions.plan import ARGUMENTS, NEED_A_REASON, UNDOABLE, Plan
from weighbridge.exceptions.previews import plan
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.exceptions.requeue import enqueue_jobs
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.exception_rows import SYSTEM_ACTOR, LockedRow, lock_rows
from weighbridge.persistence.tables.decisions import playbook_runs

PROPOSED, APPROVED, STARTED, UNDONE, REFUSED = "proposed", "approved", "started", "undone", "refused"
MAX_AUTOMATIC_RUNS = 50


@dataclass(frozen=True, slots=True)
class PlaybookRun:
    """One run of a playbook on an exception."""

    id: int
    exception_id: int
    playbook: Playbook
    arguments: Mapping[str, str]
    reason: str
    plan: tuple[str, ...]
    transfers: tuple[str, ...]
    state: str
    """proposed, then approved (which starts another run) or refused; or started, and possibly undone."""
    requested_by: str
    requested_at: datetime
    decided_by: str
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str = ""
    """Of a started run: `proven`, `waiting` for evaluation, or `not enough`."""


_FIELDS = tuple(name for name in PlaybookRun.__dataclass_fields__ if name != "outcome")


class PlaybookRunner:
    """Runs the playbooks of an installation. `designs` are those of the file, by connection."""

    def __init__(self, database: Database, clock: Clock, designs: Mapping[str, Design]) -> None:
        self._database = database
        self._clock = clock
        self._designs = designs
        self._repositories = Repositories.of(database, clock)
        self._exception_queries = ExceptionQueries(database, clock)
        self._executor = PlanExecutor(database, clock, self._repositories)

    async def preview(self, exception_id: int, playbook: Playbook, arguments: Mapping[str, str]) -> Plan:
        """What the playbook would do to the exception now. Raises LookupError."""
        return plan(
            playbook,
            await playbook_context_of(
                self._database, await self._exception_record(exception_id), self._designs, arguments
            ),
            arguments,
        )

    async def run(
        self, exception_id: int, playbook: Playbook, arguments: Mapping[str, str], actor: str, reason: str = ""
    ) -> PlaybookRun:
        """Runs the playbook for a user. Raises NotAllowed with the reason, LookupError."""
        return await self._start(exception_id, playbook, arguments, actor, reason, STARTED)

    async def approve(self, run_id: int, actor: str) -> PlaybookRun:
        """Runs a proposed run with a new preview. Raises NotAllowed if it was decided or is no longer possible."""
        proposed = await self._decide(run_id, actor, APPROVED)
        return await self.run(proposed.exception_id, proposed.playbook, proposed.arguments, actor, "prepared, approved")

    async def refuse(self, run_id: int, actor: str) -> None:
        """Refuses a proposed run. Raises NotAllowed if it was already decided."""
        await self._decide(run_id, actor, REFUSED)

    async def undo(self, run_id: int, actor: str, reason: str) -> PlaybookRun:
        """Undoes what the run stored; documents posted meanwhile stay. Raises NotAllowed, LookupError."""
        run = await self.get(run_id)
        if run.playbook not in UNDOABLE or run.state != STARTED:
            raise NotAllowed(f"run {run_id} ({run.playbook}, {run.state}) cannot be undone")
        if not reason.strip():
            raise NotAllowed("undoing a run needs a reason")
        async with self._database.transaction() as transaction:
            await lock_rows(transaction, {run.exception_id})
            query = sa.select(playbook_runs.c.created_records).where(playbook_runs.c.id == run_id)
            created_records = (await transaction.execute(query)).scalar_one()
            await self._executor.undo(transaction, created_records, actor)
            await self._change(transaction, run_id, state=UNDONE, decided_by=actor, finished_at=self._clock.now())
            text = f"{run.playbook} was undone: {reason}"
            await self._repositories.exception_records.add_event(
                transaction, run.exception_id, "undone", text, actor=actor, detail={"run": run_id}
            )
            now = self._clock.now()
            await enqueue_jobs(transaction, self._repositories.job_queue, now, [run.exception_id], run.transfers)
        return await self.get(run_id)

    async def get(self, run_id: int) -> PlaybookRun:
        """The run with this number and its outcome. Raises LookupError."""
        runs = await self._runs(playbook_runs.c.id == run_id)
        if not runs:
            raise LookupError(f"no run has the number {run_id}")
        return runs[0]

    async def of_exception(self, exception_id: int) -> list[PlaybookRun]:
        """The runs on an exception, oldest first, each with its outcome."""
        return await self._runs(playbook_runs.c.exception_id == exception_id)

    async def waiting_for_approval(self) -> list[PlaybookRun]:
        """Proposed runs that are not decided yet, oldest first."""
        return await self._runs(playbook_runs.c.state == PROPOSED)

    async def run_automatically(self, designs: Mapping[str, Design]) -> int:
        """Proposes or starts the first playbook of each open exception of these connections, as the autonomy of their
        designs, with the changes agreed since, allows.

        Once for each time an exception is opened, and only playbooks without arguments. Returns the number of runs.
        """
        candidates: list[ExceptionRecord] = []
        for connection, design in designs.items():
            kinds = [kind for kind in design.autonomy if design.autonomy_of(kind) in (Autonomy.APPROVE, Autonomy.ACT)]
            candidates += await self._exception_queries.untouched(connection, kinds, MAX_AUTOMATIC_RUNS)
        run_count = 0
        for exception_record in candidates:
            playbook = exception_record.entry.playbooks[0]
            if playbook in NEED_A_REASON or any(argument.needed for argument in ARGUMENTS.get(playbook, ())):
                continue
            design = designs[exception_record.connection]
            state = STARTED if design.autonomy_of(exception_record.kind) is Autonomy.ACT else PROPOSED
            try:
                await self._start(
                    exception_record.id, playbook, {}, SYSTEM_ACTOR, f"autonomy of {exception_record.kind}", state
                )
            except NotAllowed:
                continue
            run_count += 1
        return run_count

    async def _start(
        self, exception_id: int, playbook: Playbook, arguments: Mapping[str, str], actor: str, reason: str, state: str
    ) -> PlaybookRun:
        if not actor.strip():
            raise NotAllowed("the acting user needs a name")
        if playbook in NEED_A_REASON and not reason.strip():
            raise NotAllowed(f"{playbook} needs a reason")
        exception_record = await self._exception_record(exception_id)
        planned = await self._plan(exception_record, playbook, arguments)
        if planned.problem:
            raise NotAllowed(planned.problem)
        now = self._clock.now()
        row = {
            "exception_id": exception_id,
            "playbook": str(playbook),
            "arguments": dict(arguments),
            "reason": reason,
            "plan": list(planned.lines),
            "transfers": list(planned.transfer_ids),
            "created_records": {},
            "state": state,
            "requested_by": actor,
            "requested_at": now,
            "started_at": now if state == STARTED else None,
        }
        async with self._database.transaction() as transaction:
            locked_rows = await lock_rows(transaction, {exception_id})
            current = locked_rows[exception_id].row
            if current["state"] != "open":
                raise NotAllowed(f"exception {exception_id} is {current['state']}")
            if actor == SYSTEM_ACTOR and await _has_run_since(transaction, exception_id, current["opened_at"]):
                raise NotAllowed(f"a playbook was already run on exception {exception_id}")
            insert = playbook_runs.insert().values(**row).returning(playbook_runs.c.id)
            run_id = int((await transaction.execute(insert)).scalar_one())
            text = " ".join(planned.lines) + (f" Reason: {reason}" if reason else "")
            await self._repositories.exception_records.add_event(
                transaction, exception_id, "ran" if state == STARTED else "prepared", f"{playbook}: {text}",
                actor=actor, detail={"run": run_id, "arguments": dict(arguments)},
            )  # fmt: skip
            if state == STARTED:
                await self._execute(transaction, run_id, exception_record, planned, actor, reason, locked_rows)
        return await self.get(run_id)

    async def _plan(self, exception_record: ExceptionRecord, playbook: Playbook, arguments: Mapping[str, str]) -> Plan:
        return plan(
            playbook, await playbook_context_of(self._database, exception_record, self._designs, arguments), arguments
        )

    async def _execute(
        self,
        transaction: AsyncConnection,
        run_id: int,
        exception_record: ExceptionRecord,
        plan: Plan,
        actor: str,
        reason: str,
        locked_rows: dict[int, LockedRow],
    ) -> None:
        design = self._designs[exception_record.connection]
        try:
            created_records = await self._executor.execute(
                transaction, exception_record, plan, design, actor, reason, locked_rows
            )
        except UnusableChange as problem:
            raise NotAllowed(str(problem)) from None
        await self._change(transaction, run_id, created_records=created_records)

    async def _decide(self, run_id: int, actor: str, state: str) -> PlaybookRun:
        run = await self.get(run_id)
        async with self._database.transaction() as transaction:
            change = sa.update(playbook_runs).where(playbook_runs.c.id == run_id, playbook_runs.c.state == PROPOSED)
            values = {"state": state, "decided_by": actor, "finished_at": self._clock.now()}
            if (await transaction.execute(change.values(**values))).rowcount == 0:
                raise NotAllowed(f"run {run_id} is {run.state}")
        return run

    async def _change(self, transaction: AsyncConnection, run_id: int, **values: Any) -> None:
        await transaction.execute(sa.update(playbook_runs).where(playbook_runs.c.id == run_id).values(**values))

    async def _runs(self, where: sa.ColumnElement[bool]) -> list[PlaybookRun]:
        columns = [playbook_runs.c[name] for name in _FIELDS]
        async with self._database.reading() as reading:
            rows = (await reading.execute(sa.select(*columns).where(where).order_by(playbook_runs.c.id))).all()
            runs = []
            for row in rows:
                values = dict(row._mapping) | {"playbook": Playbook(row.playbook)}
                values |= {"plan": tuple(row.plan), "transfers": tuple(row.transfers)}
                outcome = ""
                if row.state == STARTED:
                    outcome = await outcome_of(reading, row.exception_id, row.transfers, row.started_at)
                runs.append(PlaybookRun(**values, outcome=outcome))
        return runs

    async def _exception_record(self, exception_id: int) -> ExceptionRecord:
        exception_record = await self._exception_queries.find(exception_id)
        if exception_record is None:
            raise LookupError(f"no exception has the number {exception_id}")
        return exception_record


async def _has_run_since(transaction: AsyncConnection, exception_id: int, opened_at: datetime) -> bool:
    """Whether a playbook was run or proposed since the exception was opened; another worker may just have done so."""
    of = playbook_runs.c
    query = sa.select(of.id).where(of.exception_id == exception_id, of.requested_at >= opened_at).limit(1)
    return (await transaction.execute(query)).first() is not None
