"""A round of alerts: for each channel what is to be told now is claimed, sent in one message, and noted."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from weighbridge.alerts.sending import send
from weighbridge.common.clock import Clock
from weighbridge.design.alerts import Alerts, Channel
from weighbridge.domain.exceptions.alerting import DIGEST, OpenCase, digest_of, digest_week, is_quiet, lines_for
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.sent_alerts import AlertLedger, Key

log = structlog.get_logger()

MOST_LINES = 40
DIGEST_OF = 0


class Telling:
    """Tells people of exceptions, as `[alerts]` says."""

    def __init__(self, design: Alerts, urls: Mapping[str, SecretStr], database: Database, clock: Clock) -> None:
        self._design = design
        self._urls = urls
        self._clock = clock
        self._zone = ZoneInfo(design.time_zone)
        self.ledger = AlertLedger(database, clock)

    async def tell(self) -> None:
        """One round; what a channel does not take is tried again five minutes later, and keeps no other waiting."""
        if not self._design.channels:
            return
        cases = await self.ledger.open_cases()
        for name, channel in self._design.channels.items():
            await self._tell_cases(name, channel, cases)
            await self._tell_week(name, channel, cases)

    async def _tell_cases(self, name: str, channel: Channel, cases: list[OpenCase]) -> None:
        now = self._clock.now()
        quiet = is_quiet(now, self._zone, self._design.quiet_from, self._design.quiet_until)
        lines, keys = [], list[Key]()
        for line in lines_for(channel.owners, cases, await self.ledger.told(name), now, quiet=quiet):
            mine = [(*line.case.name, stage) for stage in line.stages]
            claimed = [key for key in mine if await self.ledger.claim(name, key, line.words)]
            if claimed:
                lines.append(line.words)
                keys += claimed
        if keys:
            title = f"Weighbridge: {len(lines)} exceptions" if len(lines) > 1 else "Weighbridge: an exception"
            rest = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
            await self._send(name, title, "\n".join([*lines[:MOST_LINES], *rest]), keys)

    async def _tell_week(self, name: str, channel: Channel, cases: list[OpenCase]) -> None:
        week = digest_week(self._clock.now(), self._zone, self._design.digest)
        if week is None or DIGEST in (await self.ledger.told(name)).get((DIGEST_OF, week), ()):
            return
        body = "\n".join(digest_of(cases, channel.owners, self._clock.now()))
        if await self.ledger.claim(name, (DIGEST_OF, week, DIGEST), body):
            await self._send(name, "Weighbridge: the week's digest", body, [(DIGEST_OF, week, DIGEST)])

    async def _send(self, name: str, title: str, body: str, keys: list[Key]) -> None:
        problem = await send(self._urls[name], title, body)
        if problem:
            log.warning("alert_not_sent", channel=name, problem=problem)
        await self.ledger.settle(name, keys, problem)
