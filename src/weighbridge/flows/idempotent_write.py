"""Writing exactly once: intent, call, answer, probe.

What if we die right here? Before `sent` is stored nothing left; after it the next run finds an unanswered intent and
asks the platform first. What if the answer is lost? The same. What if the write arrives twice? It is not sent a
second time before the first had its time to show, and two looks found nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from weighbridge.flows.context import running
from weighbridge.jobs.engine import current_run
from weighbridge.platforms.http_exchange import AnswerLost, Refused, Throttled, Unreachable

BeforeSend = Callable[[], Awaitable[None]]
Answered = dict[str, Any]

LOOKS_BEFORE_RESENDING = 2


class Later(Exception):
    """The transfer can go on at `at`, not now."""

    def __init__(self, kind: str, reason: str, at: datetime) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.at = at


@dataclass(frozen=True, slots=True)
class Write:
    """One write to a platform, as the flow knows it."""

    key: str
    """Unique for ever: the same write has the same key after any crash."""
    kind: str
    request: Any
    """What is about to be written, as JSON, for the record."""
    send: Callable[[BeforeSend], Awaitable[Answered]]
    """Makes the call; awaits its argument immediately before the request leaves."""
    probe: Callable[[], Awaitable[Answered | None]]
    """Asks the platform whether the write is there; None when it is not to be seen."""
    settle_seconds: float
    """How long a write whose answer was lost may take to show. 0 where the platform itself refuses a second one."""


async def write_once(transfer_id: str, write: Write, lease_seconds: float) -> Answered:
    """The write's answer: stored, found by the probe, or fresh. Never sends while an earlier sending may still land.

    Raises Later when only time can tell, Refused when the platform says no (nothing was written), LeaseLost when
    another run works on this transfer.
    """
    journal, clock = running().journal, running().clock
    run = f"{running().worker}/{current_run()}"
    intent = await journal.intents.intend(write.key, transfer_id, write.kind, write.request)
    if intent.answered_at is not None:
        return dict(intent.answer)
    if intent.sent_at is not None:
        found = await write.probe()
        if found is not None:
            await journal.intents.answered(write.key, found, "adopted")
            return found
        await journal.intents.looked(write.key)
        settled_at = intent.sent_at + timedelta(seconds=write.settle_seconds)
        if write.settle_seconds and (clock.now() < settled_at or intent.looks + 1 < LOOKS_BEFORE_RESENDING):
            at = max(settled_at, clock.now() + timedelta(seconds=1))
            raise Later("answer_lost", f"no answer to {write.kind}; looking for it again", at)

    async def before_send() -> None:
        await journal.intents.sent(write.key, transfer_id, run, lease_seconds)

    try:
        answer = await write.send(before_send)
    except Refused:
        if intent.sent_at is None:
            await journal.intents.not_sent(write.key)
            raise
        # An earlier sending may have landed only now, and be why this one is refused; if not, it may still land, so
        # the intent stays sent and whoever tries again looks first.
        found = await write.probe()
        if found is None:
            raise
        await journal.intents.answered(write.key, found, "adopted")
        return found
    except (Throttled, Unreachable):
        await journal.intents.not_sent(write.key)
        raise
    except AnswerLost as lost:
        at = clock.now() + timedelta(seconds=max(1.0, write.settle_seconds))
        raise Later("answer_lost", f"no answer to {write.kind}: {lost}", at) from lost
    await journal.intents.answered(write.key, answer, "done")
    return answer
