"""A write to a platform happens once: the stored intent decides between probing, waiting and sending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from tests.design.examples import SMALL
from tests.persistence.conftest import NOON, Harness, OnBothDatabases
from weighbridge.app.connections import close_clients, connection_contexts
from weighbridge.design.loading import parse_installation
from weighbridge.design.secrets import Secrets
from weighbridge.flows.idempotent_write import BeforeSend, IdempotentWriter, RetryLater
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.http_exchange import AnswerLost, Exchange, PlatformError, Refused, Throttled

SETTLE = 60.0
HEADER = {"id": "sale-1"}
SECRET = SecretStr("not-for-real-use")


class Body(BaseModel):
    """The body of a write."""


@dataclass
class FakePlatform:
    """A platform that records what was written, and answers each call as the test says."""

    written: list[dict[str, Any]] = field(default_factory=list)
    sends: list[PlatformError | None] = field(default_factory=list)
    """How the next sends end; None, and every later send, is written and answered."""
    late: list[dict[str, Any]] = field(default_factory=list)
    """Written during the next send: an earlier write that lands late."""
    calls: int = 0

    async def send(self, transfer: Transfer, before_send: BeforeSend) -> dict[str, Any]:
        await before_send()
        self.calls += 1
        self.written += self.late
        self.late = []
        if self.sends and (error := self.sends.pop(0)):
            raise error
        self.written.append(HEADER)
        return HEADER

    async def probe(self, transfer: Transfer) -> dict[str, Any] | None:
        return self.written[0] if self.written else None

    async def write(self, writer: IdempotentWriter, settle_seconds: float) -> dict[str, Any]:
        return await writer.write("header", Body(), self.send, self.probe, settle_seconds=settle_seconds)


def _exchange(status: int | None) -> Exchange:
    return Exchange("cin7", "main", "POST", "https://cin7.test/sale", b"{}", status, b"", NOON, 5, "done")


def _refused() -> Refused:
    return Refused(_exchange(400), ("no",))


def _lost() -> AnswerLost:
    return AnswerLost(_exchange(None), "the connection broke")


@asynccontextmanager
async def _writer(harness: Harness) -> AsyncIterator[IdempotentWriter]:
    secrets = Secrets(SECRET, None, SECRET, SECRET, None)
    contexts = await connection_contexts(
        parse_installation(SMALL), {"main": secrets}, "worker-1", harness.database, harness.repositories, harness.clock
    )
    try:
        yield IdempotentWriter(contexts["main"], await harness.repositories.transfers.open("main", "orders", "1042"))
    finally:
        await close_clients(contexts)


def test_answered_write_is_never_resent(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        platform = FakePlatform()
        async with _writer(harness) as writer:
            for _ in range(3):
                assert await platform.write(writer, SETTLE) == HEADER
        assert (platform.calls, platform.written) == (1, [HEADER])

    on_both_databases(work)


def test_lost_answer_is_probed_twice_before_the_write_is_resent(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        platform = FakePlatform(sends=[_lost()])
        async with _writer(harness) as writer:
            for _ in range(2):
                with pytest.raises(RetryLater) as later:
                    await platform.write(writer, SETTLE)
                assert (later.value.kind, platform.calls) == ("answer_lost", 1)
                harness.wait(seconds=SETTLE / 2)
            assert await platform.write(writer, SETTLE) == HEADER
        assert (platform.calls, platform.written) == (2, [HEADER])

    on_both_databases(work)


def test_write_whose_answer_was_lost_is_adopted_once_a_probe_finds_it(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        platform = FakePlatform(sends=[_lost()], late=[HEADER])
        async with _writer(harness) as writer:
            with pytest.raises(RetryLater):
                await platform.write(writer, SETTLE)
            assert await platform.write(writer, SETTLE) == HEADER
            transfer = await harness.repositories.transfers.open("main", "orders", "1042")
            (intent,) = await harness.repositories.intents.of_transfer(transfer.id)
        assert (platform.calls, intent.outcome) == (1, "adopted")

    on_both_databases(work)


def test_refused_resend_is_adopted_when_the_first_write_landed_meanwhile(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        platform = FakePlatform(sends=[_lost(), _refused()])
        async with _writer(harness) as writer:
            with pytest.raises(RetryLater):
                await platform.write(writer, 0.0)
            platform.late = [HEADER]
            assert await platform.write(writer, 0.0) == HEADER
        assert (platform.calls, platform.written) == (2, [HEADER])

    on_both_databases(work)


def test_refused_resend_leaves_the_first_write_to_be_probed(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        platform = FakePlatform(sends=[_lost(), _refused()])
        async with _writer(harness) as writer:
            with pytest.raises(RetryLater):
                await platform.write(writer, 0.0)
            with pytest.raises(Refused):
                await platform.write(writer, 0.0)
            platform.written.append(HEADER)
            assert await platform.write(writer, 0.0) == HEADER
        assert (platform.calls, platform.written) == (2, [HEADER])

    on_both_databases(work)


@pytest.mark.parametrize("error", [_refused(), Throttled(_exchange(429), 20.0)], ids=["refused", "throttled"])
def test_write_without_effect_is_resent_without_a_probe(
    on_both_databases: OnBothDatabases[None], error: PlatformError
) -> None:
    async def work(harness: Harness) -> None:
        platform = FakePlatform(sends=[error])
        async with _writer(harness) as writer:
            with pytest.raises(type(error)):
                await platform.write(writer, SETTLE)
            assert await platform.write(writer, SETTLE) == HEADER
        assert (platform.calls, platform.written) == (2, [HEADER])

    on_both_databases(work)
