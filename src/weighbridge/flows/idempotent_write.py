"""Writes to a platform that happen exactly once: intent, call, answer, probe.

A crash before `sent` is stored leaves nothing at the platform. After it, the next run finds an intent without an answer
and probes the platform before it sends anything. A lost answer is treated the same way. A write is sent a second time
only after the first had time to appear and two probes found nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from weighbridge.flows.context import ConnectionContext
from weighbridge.jobs.runner import current_run
from weighbridge.persistence.repositories.attempts import Intent
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.http_exchange import AnswerLost, Refused, Throttled, Unreachable

BeforeSend = Callable[[], Awaitable[None]]
WriteResult = dict[str, Any]
Send = Callable[[Transfer, BeforeSend], Awaitable[WriteResult]]
"""Makes the call for a transfer; awaits its second argument immediately before the request leaves."""
Probe = Callable[[Transfer], Awaitable[WriteResult | None]]
"""Asks the platform whether the write arrived; None when the platform does not show it."""

PROBES_BEFORE_RESENDING = 2
PROBED_AFTER_RESTORE = timedelta(days=30)
"""How long after a restore every first write is preceded by a probe; held objects may wait for weeks."""


class RetryLater(Exception):
    """The transfer can continue at `retry_at`, not now."""

    def __init__(self, kind: str, reason: str, retry_at: datetime) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.retry_at = retry_at


class IdempotentWriter:
    """The writes of one transfer."""

    def __init__(self, ctx: ConnectionContext, transfer: Transfer) -> None:
        self._ctx = ctx
        self._transfer = transfer

    def key(self, name: str) -> str:
        """The intent key of the write `name`: the same write has the same key after any crash."""
        return f"{self._ctx.name}:{self._transfer.flow}:{self._transfer.key}:{name}"

    async def write(
        self,
        name: str,
        body: BaseModel | None,
        send: Send,
        probe: Probe,
        *,
        settle_seconds: float,
        key: str = "",
    ) -> WriteResult:
        """The answer to the write `name` ("kind" or "kind:which"): stored, found by the probe, or new.

        `body` is kept for the record. `settle_seconds` is how long a write whose answer was lost may take to appear; 0
        where the platform itself refuses a second one. `key` replaces the key made of transfer and name.
        Raises RetryLater when it must be probed again later, Refused when the platform refuses (nothing was written),
        LeaseLost when another run works on this transfer.
        """
        intents = self._ctx.repositories.intents
        key, kind = key or self.key(name), name.split(":")[0]
        request = body.model_dump(mode="json", by_alias=True, exclude_none=True) if body is not None else None
        intent = await intents.intend(key, self._transfer.id, kind, request)
        if intent.answered_at is not None:
            return dict(intent.answer)
        if intent.sent_at is not None:
            answer = await self._adopt(intent, probe, settle_seconds)
            if answer is not None:
                return answer
        elif self._may_be_unknown():
            answer = await probe(self._transfer)
            if answer is not None:
                await intents.answered(intent.key, answer, "adopted")
                return answer
        return await self._send(intent, send, probe, settle_seconds)

    def _may_be_unknown(self) -> bool:
        """Whether the platform may have this write although the database does not: it was restored from a backup."""
        restored_at = self._ctx.restored_at
        return restored_at is not None and self._ctx.clock.now() - restored_at < PROBED_AFTER_RESTORE

    async def _adopt(self, intent: Intent, probe: Probe, settle_seconds: float) -> WriteResult | None:
        """The answer to an earlier request, read back; None when the write may be sent again. Raises RetryLater."""
        intents = self._ctx.repositories.intents
        assert intent.sent_at is not None
        answer = await probe(self._transfer)
        if answer is not None:
            await intents.answered(intent.key, answer, "adopted")
            return answer
        await intents.probed(intent.key)
        now = self._ctx.clock.now()
        settled_at = intent.sent_at + timedelta(seconds=settle_seconds)
        if settle_seconds and (now < settled_at or intent.probes + 1 < PROBES_BEFORE_RESENDING):
            retry_at = max(settled_at, now + timedelta(seconds=1))
            raise RetryLater("answer_lost", f"no answer to {intent.kind}; probing again", retry_at)
        return None

    async def _send(self, intent: Intent, send: Send, probe: Probe, settle_seconds: float) -> WriteResult:
        ctx, intents = self._ctx, self._ctx.repositories.intents
        lease_seconds = ctx.connection.design.retry.lease_seconds

        async def before_send() -> None:
            await intents.sent(intent, self._transfer.id, current_run() or ctx.worker, lease_seconds)

        try:
            answer = await send(self._transfer, before_send)
        except Refused:
            if intent.sent_at is None:
                await intents.not_sent(intent.key)
                raise
            # An earlier request may have arrived only now and be the reason for this refusal. If not, it may still
            # arrive, so the intent stays sent and the next attempt probes first.
            adopted = await probe(self._transfer)
            if adopted is None:
                raise
            await intents.answered(intent.key, adopted, "adopted")
            return adopted
        except (Throttled, Unreachable):
            await intents.not_sent(intent.key)
            raise
        except AnswerLost as lost:
            retry_at = ctx.clock.now() + timedelta(seconds=max(1.0, settle_seconds))
            raise RetryLater("answer_lost", f"no answer to {intent.kind}: {lost}", retry_at) from lost
        await intents.answered(intent.key, answer, "done")
        return answer
