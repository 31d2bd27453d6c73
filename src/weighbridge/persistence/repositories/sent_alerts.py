"""Sent alerts: an alert is claimed before it is sent, so that two workers never send the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from weighbridge.common.clock import Clock
from weighbridge.domain.exceptions.alerting import OpenException
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.escalation_policy import EscalationPolicy, backup_of
from weighbridge.persistence.tables.alerts import alerts
from weighbridge.persistence.tables.exceptions import exceptions

Key = tuple[int, int, str]
"""(exception id, number of its opening, stage)."""
CLAIM_EXPIRES_AFTER = timedelta(minutes=5)
"""An alert whose claim is older than this and not settled is sent again: its worker died, or the channel refused it. A
repeated alert does less harm than a missing one."""


@dataclass(frozen=True, slots=True)
class SentAlert:
    """One alert as stored."""

    channel: str
    text: str
    stage: str
    claimed_at: datetime
    sent_at: datetime | None
    problem: str


class SentAlerts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open_exceptions(self) -> list[OpenException]:
        """Every open exception of the installation."""
        of = exceptions.c
        backups = await EscalationPolicy(self._database, self._clock).backups()
        async with self._database.reading() as reading:
            rows = (await reading.execute(sa.select(exceptions).where(of.state == "open"))).all()
        return [
            OpenException(
                row.id,
                f"{row.title} [{row.connection}]",
                Owner(row.owner),
                Urgency(Urgency.CRITICAL - row.rank),
                row.objects_open,
                row.money,
                row.times_opened,
                row.deadline_at,
                backup_of(backups, row.connection, Owner(row.owner)),
                row.snoozed_until,
            )
            for row in rows
        ]

    async def sent_stages(self, channel: str) -> dict[tuple[int, int], frozenset[str]]:
        """Stages that a channel has sent, or that a worker has claimed for it, by exception and opening."""
        of = alerts.c
        is_settled = of.sent_at.is_not(None) | (of.claimed_at > self._clock.now() - CLAIM_EXPIRES_AFTER)
        query = sa.select(of.exception_id, of.times_opened, of.stage).where(of.channel == channel, is_settled)
        sent: dict[tuple[int, int], set[str]] = {}
        async with self._database.reading() as reading:
            for row in (await reading.execute(query)).all():
                sent.setdefault((row.exception_id, row.times_opened), set()).add(row.stage)
        return {opening: frozenset(stages) for opening, stages in sent.items()}

    async def claim(self, channel: str, key: Key, text: str) -> bool:
        """Claims an alert for sending; False when another worker has claimed it or it was sent."""
        now = self._clock.now()
        exception_id, times_opened, stage = key
        row = {"channel": channel, "exception_id": exception_id, "times_opened": times_opened, "stage": stage}
        of = alerts.c
        async with self._database.transaction() as transaction:
            inserted = await transaction.execute(
                self._database.insert_new(alerts), row | {"text": text, "claimed_at": now, "problem": ""}
            )
            if inserted.rowcount:
                return True
            reclaim = sa.update(alerts).where(
                *(of[name] == value for name, value in row.items()),
                of.sent_at.is_(None),
                of.claimed_at <= now - CLAIM_EXPIRES_AFTER,
            )
            return bool((await transaction.execute(reclaim.values(text=text, claimed_at=now))).rowcount)

    async def record_result(self, channel: str, keys: Sequence[Key], problem: str) -> None:
        """Records that claimed alerts were sent, or why not."""
        of, sent_at = alerts.c, None if problem else self._clock.now()
        async with self._database.transaction() as transaction:
            for exception_id, times_opened, stage in keys:
                key = (of.channel == channel, of.exception_id == exception_id, of.times_opened == times_opened)
                change = sa.update(alerts).where(*key, of.stage == stage)
                await transaction.execute(change.values(sent_at=sent_at, problem=problem))

    async def latest(self, most: int = 50) -> list[SentAlert]:
        """The latest alerts, newest first."""
        of = alerts.c
        query = sa.select(of.channel, of.text, of.stage, of.claimed_at, of.sent_at, of.problem)
        async with self._database.reading() as reading:
            rows = (await reading.execute(query.order_by(of.claimed_at.desc()).limit(most))).all()
        return [SentAlert(*row) for row in rows]
