"""The repositories on both databases, under a clock that moves only when a test moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from weighbridge.common.clock import ScaledClock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.job_queue import Scope
from weighbridge.persistence.tables.work import jobs
from weighbridge_twins.world.clock import MovableClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STANDSTILL = 1e-9
MAIN = Scope(("main",))
Answer = TypeVar("Answer")


@dataclass
class Harness:
    """The repositories, their database and their clock."""

    repositories: Repositories
    database: Database
    clock: MovableClock

    def wait(self, **passed: float) -> None:
        """Lets time pass: `wait(minutes=5)`."""
        self.clock.set(now=self.clock.now() + timedelta(**passed))

    async def start_run(self, session: str, flow: str = "orders") -> str:
        """The id of a run that `session` executes now: it has claimed a job of `flow`."""
        queue = self.repositories.job_queue
        await queue.enqueue("main", flow, session, "webhook")
        [job] = await queue.claim(session, f"{session}.1", 1, MAIN)
        return job.run

    async def due_jobs(self, scope: Scope = MAIN) -> list[tuple[str, str]]:
        """(flow, key) of the jobs that could be claimed now, the longest due first."""
        query = sa.select(jobs.c.flow, jobs.c.key).where(scope.condition(self.now)).order_by(jobs.c.due_at)
        async with self.database.reading() as reading:
            due = [(row.flow, row.key) for row in (await reading.execute(query)).all()]
        assert await self.repositories.job_queue.is_any_due(scope) == bool(due)
        return due

    @property
    def now(self) -> datetime:
        return self.clock.now()


OnBothDatabases = Callable[[Callable[[Harness], Awaitable[Answer]]], Answer]


@pytest.fixture(params=["sqlite", "postgresql"])
def on_both_databases(request: pytest.FixtureRequest, tmp_path: Path) -> OnBothDatabases[None]:
    """Runs `work` on an empty database: on SQLite, and again on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/weighbridge.db"
    else:
        url = request.getfixturevalue("fresh_database")("repositories")

    def run(work: Callable[[Harness], Awaitable[None]]) -> None:
        async def running() -> None:
            database = Database(url)
            clock = MovableClock(ScaledClock.starting_now(STANDSTILL, NOON))
            await database.create_tables()
            try:
                await work(Harness(Repositories.of(database, clock), database, clock))
            finally:
                await database.close()

        asyncio.run(running())

    return run
