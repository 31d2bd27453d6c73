"""What monitors read from the HTTP log, on both databases."""

from __future__ import annotations

from datetime import timedelta

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.monitoring_facts import UnansweredCalls
from weighbridge.platforms.http_client import NOT_SENT
from weighbridge.platforms.http_exchange import Exchange

REFUSED, UNTRUSTED = "unreachable: refused", "unreachable: certificate"


def test_calls_without_an_answer_count_since_the_last_answer(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        facts, began = harness.repositories.monitoring_facts, harness.now

        async def call(minute: int, outcome: str, status: int | None = None, platform: str = "cin7") -> None:
            at = began + timedelta(minutes=minute)
            exchange = Exchange(platform, "main", "GET", "https://x/y", b"", status, b"", at, 5, outcome)
            await harness.repositories.http_log.record(exchange)

        async def unanswered() -> UnansweredCalls | None:
            return await facts.unanswered("main", "cin7", NOT_SENT)

        assert await unanswered() is None, "no call, no finding"
        await call(0, REFUSED)
        await call(1, UNTRUSTED)
        assert await unanswered() == UnansweredCalls(began, began + timedelta(minutes=1), UNTRUSTED)
        await call(2, "answerlost", status=502)
        assert await unanswered() is None, "a platform that answers an error is reached"
        await call(3, f"{NOT_SENT}: CallSlotExpired")
        await call(3, REFUSED, platform="bigcommerce")
        assert await unanswered() is None, "it says nothing about this platform"
        await call(4, REFUSED)
        await call(5, f"{NOT_SENT}: CallSlotExpired")
        assert await unanswered() == UnansweredCalls(*[began + timedelta(minutes=4)] * 2, REFUSED)

    on_both_databases(work)
