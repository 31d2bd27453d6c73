"""What was told already: an alert is claimed before it is sent, so that two workers never tell it both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.alerting import OpenCase
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import Owner
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.escalation_policy import Responsibility, stands_in
from weighbridge.persistence.tables.alerts import alerts
from weighbridge.persistence.tables.exceptions import exceptions

Key = tuple[int, int, str]
"""(exception, its opening, stage)."""
STALE = timedelta(minutes=5)
"""A claim that was not settled by then is sent again: whoever held it died, or the channel did not take it. An alert
that comes twice does less harm than one that never comes."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as it is shown."""

    channel: str
    words: str
    stage: str
    claimed_at: datetime
    sent_at: datetime | None
    problem: str


class AlertLedger:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open_cases(self) -> list[OpenCase]:
        """Every open exception of the installation."""
        of = exceptions.c
        agreed = await Responsibility(self._database, self._clock).backups()
        async with self._database.reading() as reading:
            rows = (await reading.execute(sa.select(exceptions).where(of.state == "open"))).all()
        return [
            OpenCase(
                row.id,
                f"{row.title} [{row.connection}]",
                Owner(row.owner),
                Urgency(Urgency.CRITICAL - row.rank),
                row.objects_open,
                row.money,
                row.times_opened,
                row.deadline_at,
                stands_in(agreed, row.connection, Owner(row.owner)),
                row.snoozed_until,
            )
            for row in rows
        ]

    async def told(self, channel: str) -> dict[tuple[int, int], frozenset[str]]:
        """Stages that a channel has told, or that somebody is about to tell there, by exception and opening."""
        of = alerts.c
        settled = of.sent_at.is_not(None) | (of.claimed_at > self._clock.now() - STALE)
        query = sa.select(of.exception_id, of.times_opened, of.stage).where(of.channel == channel, settled)
        found: dict[tuple[int, int], set[str]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                found.setdefault((row.exception_id, row.times_opened), set()).add(row.stage)
        return {name: frozenset(stages) for name, stages in found.items()}

    async def claim(self, channel: str, key: Key, words: str) -> bool:
        """Takes it on oneself to tell this; False when somebody else did, or it was told."""
        now = self._clock.now()
        exception_id, times_opened, stage = key
        row = {"channel": channel, "exception_id": exception_id, "times_opened": times_opened, "stage": stage}
        of = alerts.c
        async with self._database.transaction() as transaction:
            made = await transaction.execute(
                self._database.insert_new(alerts), row | {"words": words, "claimed_at": now, "problem": ""}
            )
            if made.rowcount:
                return True
            again = sa.update(alerts).where(
                *(of[name] == value for name, value in row.items()), of.sent_at.is_(None), of.claimed_at <= now - STALE
            )
            return bool((await transaction.execute(again.values(words=words, claimed_at=now))).rowcount)

    async def settle(self, channel: str, keys: Sequence[Key], problem: str) -> None:
        """Notes that claimed alerts were sent, or why not."""
        of, sent_at = alerts.c, None if problem else self._clock.now()
        async with self._database.transaction() as transaction:
            for exception_id, times_opened, stage in keys:
                mine = (of.channel == channel, of.exception_id == exception_id, of.times_opened == times_opened)
                change = sa.update(alerts).where(*mine, of.stage == stage)
                await transaction.execute(change.values(sent_at=sent_at, problem=problem))

    async def latest(self, most: int = 50) -> list[Told]:
        """The last alerts, the newest first."""
        of = alerts.c
        query = sa.select(of.channel, of.words, of.stage, of.claimed_at, of.sent_at, of.problem)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query.order_by(of.claimed_at.desc()).limit(most))).all()
        return [Told(*row) for row in rows]
