"""The journal on both databases, under a clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from weighbridge.common.clock import ScaledClock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge_twins.world_clock import MovableClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STANDSTILL = 1e-9
Answer = TypeVar("Answer")


@dataclass
class Desk:
    """A journal at hand, its database and its clock."""

    journal: Journal
    database: Database
    clock: MovableClock

    def wait(self, **passed: float) -> None:
        """Lets time pass: `wait(minutes=5)`."""
        self.clock.set(now=self.clock.now() + timedelta(**passed))

    @property
    def now(self) -> datetime:
        return self.clock.now()


Desks = Callable[[Callable[[Desk], Awaitable[Answer]]], Answer]


@pytest.fixture(params=["sqlite", "postgresql"])
def at_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desks[None]:
    """Runs `work` at an empty journal: on SQLite, and once more on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/journal.db"
    else:
        url = request.getfixturevalue("fresh_database")("journal")

    def run(work: Callable[[Desk], Awaitable[None]]) -> None:
        async def running() -> None:
            database = Database(url)
            clock = MovableClock(ScaledClock.starting_now(STANDSTILL, NOON))
            await database.create_tables()
            try:
                await work(Desk(Journal.of(database, clock), database, clock))
            finally:
                await database.close()

        asyncio.run(running())

    return run
