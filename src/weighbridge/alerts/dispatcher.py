"""The alert dispatcher: claims the alerts that are due for a channel, sends them in one message, records the result."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from weighbridge.alerts.sending import send
from weighbridge.common.clock import Clock
from weighbridge.design.alerts import Alerts, Channel
from weighbridge.domain.exceptions.alerting import DIGEST, OpenException, digest_of, digest_week, is_quiet, lines_for
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.sent_alerts import Key, SentAlerts

log = structlog.get_logger()

MAX_LINES = 40
DIGEST_OF = 0


class AlertDispatcher:
    """Notifies owners of exceptions, as the `[alerts]` section says."""

    def __init__(self, design: Alerts, urls: Mapping[str, SecretStr], database: Database, clock: Clock) -> None:
        self._design = design
        self._urls = urls
        self._clock = clock
        self._zone = ZoneInfo(design.time_zone)
        self.ledger = SentAlerts(database, clock)

    async def notify(self) -> None:
        """Sends the alerts that are due. A failed alert is sent again after five minutes; no other channel waits."""
        if not self._design.channels:
            return
        exception_records = await self.ledger.open_exceptions()
        for name, channel in self._design.channels.items():
            await self._notify_exceptions(name, channel, exception_records)
            await self._send_digest(name, channel, exception_records)

    async def _notify_exceptions(self, name: str, channel: Channel, exceptions: list[OpenException]) -> None:
        now = self._clock.now()
        quiet = is_quiet(now, self._zone, self._design.quiet_from, self._design.quiet_until)
        lines, keys = [], list[Key]()
        for line in lines_for(channel.owners, exceptions, await self.ledger.sent_stages(name), now, quiet=quiet):
            line_keys = [(*line.exception.alert_key, stage) for stage in line.stages]
            claimed = [key for key in line_keys if await self.ledger.claim(name, key, line.text)]
            if claimed:
                lines.append(line.text)
                keys += claimed
        if keys:
            title = f"Weighbridge: {len(lines)} exceptions" if len(lines) > 1 else "Weighbridge: 1 exception"
            rest = [f"and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
            await self._send(name, title, "\n".join([*lines[:MAX_LINES], *rest]), keys)

    async def _send_digest(self, name: str, channel: Channel, exceptions: list[OpenException]) -> None:
        week = digest_week(self._clock.now(), self._zone, self._design.digest)
        if week is None or DIGEST in (await self.ledger.sent_stages(name)).get((DIGEST_OF, week), ()):
            return
        body = "\n".join(digest_of(exceptions, channel.owners, self._clock.now()))
        if await self.ledger.claim(name, (DIGEST_OF, week, DIGEST), body):
            await self._send(name, "Weighbridge: weekly digest", body, [(DIGEST_OF, week, DIGEST)])

    async def _send(self, name: str, title: str, body: str, keys: list[Key]) -> None:
        problem = await send(self._urls[name], title, body)
        if problem:
            log.warning("alert_not_sent", channel=name, problem=problem)
        await self.ledger.record_result(name, keys, problem)
