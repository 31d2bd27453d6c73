"""Turns: which looks of the agenda this worker takes and begins, and what became of each that was taken.

Looks at one key never overlap, and none is lost, wherever a worker dies: between taking a look and beginning it, in its
midst, or before its end is noted. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Sequence

import structlog

from weighbridge.jobs.engine import Engine, Run, RunStatus, in_turn, runs
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.job_queue import AgendaItem, DueLook

log = structlog.get_logger()

AGENDA_BATCH = 200


class Turns:
    """The looks of one worker."""

    def __init__(
        self, journal: Journal, engine: Engine, worker: str, connections: Collection[str], polling_seconds: float
    ) -> None:
        self._journal = journal
        self._agenda = journal.agenda
        self._engine = engine
        self._worker = worker
        self._connections = connections
        self._polling_seconds = polling_seconds
        self._taking = asyncio.Lock()
        self._stranded: frozenset[str] = frozenset()
        self._left_to_others: Sequence[str] = ()
        self._in_turn: list[DueLook] = []
        self._read_at = -math.inf
        self.room_again = asyncio.Event()
        """Set when a look has ended."""

    async def begin_due(self) -> None:
        """Takes what is due, as far as there is room, and begins it. Between polls the next ones of the last reading
        are taken, if any are left: a rush would otherwise be read anew with the end of each of its looks."""
        room = self._engine.room()
        if not room:
            return
        if not self._in_turn or time.monotonic() - self._read_at >= self._polling_seconds:
            self._read_at = time.monotonic()
            found = await self._agenda.due(AGENDA_BATCH, besides=self._left_to_others)
            self._in_turn = in_turn(item for item in found if item.connection in self._connections)
        next_ones, self._in_turn = self._in_turn[:room], self._in_turn[room:]
        if not next_ones:
            return
        async with self._taking:
            for item in await self._agenda.take(next_ones, self._worker):
                await self._engine.begin(item)

    def leave_to_others(self, reasons: Sequence[str]) -> Sequence[str]:
        """Begins no more looks that are asked for by these reasons; answers those left alone before."""
        before, self._left_to_others, self._in_turn = self._left_to_others, reasons, []
        return before

    async def is_its_turn(self, item: AgendaItem) -> bool:
        """Whether a run that begins or is resumed is the one that the agenda has under way; if not, its look was given
        back meanwhile, or has ended already. From now on it counts as this worker's."""
        return await self._agenda.begun(item, self._worker)

    async def ended(self, item: AgendaItem) -> None:
        """Notes that a look has come to its end."""
        await self._agenda.ended(item)
        self.room_again.set()

    async def busy(self, besides: Sequence[str]) -> bool:
        """Whether anything is due or under way, here or elsewhere, but for looks due by a reason in `besides`."""
        if self._engine.here() or await self._agenda.due(1, besides=besides) or await self._agenda.any_under_way():
            return True
        return await self._engine.unfinished() > 0

    async def account(self) -> None:
        """Asks the engine about looks that this worker took and is not in. What never began is given back, an end that
        could not be noted is noted, and what nobody goes on with is resumed."""
        async with self._taking:
            taken = await self._agenda.under_way(self._worker)
        doubtful = [item for item in taken if item.run_id not in self._engine.here()]
        known = await runs([item.run_id for item in doubtful]) if doubtful else {}
        alive = await self._journal.workers.alive() if known else frozenset()
        stranded = set[str]()
        for item in doubtful:
            run = known.get(item.run_id)
            if run is None:
                await self._agenda.give_back(item, self._worker)
            elif run.status is not RunStatus.UNDER_WAY:
                await self._agenda.ended(item)
            elif self._has_nobody(run, alive):
                stranded.add(item.run_id)
        # A run that is just beginning, or whose end is just being stored, looks stranded for a moment.
        lost, self._stranded = stranded & self._stranded, frozenset(stranded)
        for run_id in sorted(lost):
            log.warning("stranded_run_resumed", run=run_id)
            await self._engine.resume(run_id)

    async def take_over(self, gone: Sequence[str]) -> None:
        """Takes over the looks of workers that are gone, and resumes their runs."""
        await self._engine.take_over(gone)
        await self._agenda.take_over(gone, self._worker)

    def _has_nobody(self, run: Run, alive: Collection[str]) -> bool:
        return bool(run.worker) and (run.worker == self._worker or run.worker not in alive)
