"""A write to a platform happens once: what the journal knows decides between asking, waiting and sending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.persistence.conftest import NOON, Desk, Desks
from weighbridge.flows.context import Runtime, install
from weighbridge.flows.idempotent_write import BeforeSend, Later, Write, write_once
from weighbridge.platforms.http_exchange import AnswerLost, Exchange, PlatformError, Refused, Throttled

LEASE = 180.0
SETTLE = 60.0
HEADER = {"id": "sale-1"}


@dataclass
class Ledger:
    """A platform with one book: what was written there, and what happens to each call that comes."""

    written: list[dict[str, Any]] = field(default_factory=list)
    sendings: list[PlatformError | None] = field(default_factory=list)
    """How the next sendings end; None, and every later one, is written and answered."""
    late: list[dict[str, Any]] = field(default_factory=list)
    """Written while the next sending is under way: an earlier one that lands late."""
    calls: int = 0

    async def send(self, before_send: BeforeSend) -> dict[str, Any]:
        await before_send()
        self.calls += 1
        self.written += self.late
        self.late = []
        if self.sendings and (error := self.sendings.pop(0)):
            raise error
        self.written.append(HEADER)
        return HEADER

    async def probe(self) -> dict[str, Any] | None:
        return self.written[0] if self.written else None

    def write(self, settle_seconds: float) -> Write:
        return Write("main:orders:1042:header", "header", {}, self.send, self.probe, settle_seconds)


def _exchange(status: int | None) -> Exchange:
    return Exchange("cin7", "main", "POST", "https://cin7.test/sale", b"{}", status, b"", NOON, 5, "done")


def _refused() -> Refused:
    return Refused(_exchange(400), ("no",))


def _lost() -> AnswerLost:
    return AnswerLost(_exchange(None), "the connection broke")


@asynccontextmanager
async def _worker(desk: Desk) -> AsyncIterator[str]:
    install(Runtime("worker-1", desk.clock, desk.journal, {}))
    try:
        yield (await desk.journal.transfers.open("main", "orders", "1042")).id
    finally:
        install(None)


def test_answered_write_is_never_sent_again(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        ledger = Ledger()
        async with _worker(desk) as transfer_id:
            for _ in range(3):
                assert await write_once(transfer_id, ledger.write(SETTLE), LEASE) == HEADER
        assert (ledger.calls, ledger.written) == (1, [HEADER])

    at_desk(work)


def test_lost_answer_is_looked_for_twice_before_the_write_is_sent_again(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        ledger = Ledger(sendings=[_lost()])
        async with _worker(desk) as transfer_id:
            for _ in range(2):
                with pytest.raises(Later) as later:
                    await write_once(transfer_id, ledger.write(SETTLE), LEASE)
                assert (later.value.kind, ledger.calls) == ("answer_lost", 1)
                desk.wait(seconds=SETTLE / 2)
            assert await write_once(transfer_id, ledger.write(SETTLE), LEASE) == HEADER
        assert (ledger.calls, ledger.written) == (2, [HEADER])

    at_desk(work)


def test_write_whose_answer_was_lost_is_adopted_when_it_shows(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        ledger = Ledger(sendings=[_lost()], late=[HEADER])
        async with _worker(desk) as transfer_id:
            with pytest.raises(Later):
                await write_once(transfer_id, ledger.write(SETTLE), LEASE)
            assert await write_once(transfer_id, ledger.write(SETTLE), LEASE) == HEADER
            (intent,) = await desk.journal.intents.of_transfer(transfer_id)
        assert (ledger.calls, intent.outcome) == (1, "adopted")

    at_desk(work)


def test_second_sending_that_is_refused_because_the_first_landed_meanwhile_is_adopted(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        ledger = Ledger(sendings=[_lost(), _refused()])
        async with _worker(desk) as transfer_id:
            with pytest.raises(Later):
                await write_once(transfer_id, ledger.write(0.0), LEASE)
            ledger.late = [HEADER]
            assert await write_once(transfer_id, ledger.write(0.0), LEASE) == HEADER
        assert (ledger.calls, ledger.written) == (2, [HEADER])

    at_desk(work)


def test_refused_second_sending_leaves_the_first_to_be_looked_for(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        ledger = Ledger(sendings=[_lost(), _refused()])
        async with _worker(desk) as transfer_id:
            with pytest.raises(Later):
                await write_once(transfer_id, ledger.write(0.0), LEASE)
            with pytest.raises(Refused):
                await write_once(transfer_id, ledger.write(0.0), LEASE)
            ledger.written.append(HEADER)
            assert await write_once(transfer_id, ledger.write(0.0), LEASE) == HEADER
        assert (ledger.calls, ledger.written) == (2, [HEADER])

    at_desk(work)


@pytest.mark.parametrize("error", [_refused(), Throttled(_exchange(429), 20.0)], ids=["refused", "throttled"])
def test_write_that_had_no_effect_is_sent_afresh_without_a_look(at_desk: Desks[None], error: PlatformError) -> None:
    async def work(desk: Desk) -> None:
        ledger = Ledger(sendings=[error])
        async with _worker(desk) as transfer_id:
            with pytest.raises(type(error)):
                await write_once(transfer_id, ledger.write(SETTLE), LEASE)
            assert await write_once(transfer_id, ledger.write(SETTLE), LEASE) == HEADER
        assert (ledger.calls, ledger.written) == (2, [HEADER])

    at_desk(work)
