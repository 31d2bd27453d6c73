"""One run at a time works on a transfer, and what it is about to write is known before it leaves."""

from __future__ import annotations

import asyncio

import pytest

from tests.persistence.conftest import Desk, Desks
from weighbridge.persistence.repositories.http_log import serving
from weighbridge.persistence.repositories.leases import LeaseLost

LEASE = 180.0
HEADER = "main:orders:1042:header"


async def _transfer(desk: Desk) -> str:
    return (await desk.journal.transfers.open("main", "orders", "1042")).id


async def _hold_lease(desk: Desk, transfer_id: str, run: str, until: asyncio.Event) -> None:
    async with desk.journal.attempts.attempt(transfer_id, "post", run, LEASE):
        await until.wait()


def test_second_run_stops_before_it_records_or_calls_anything(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer_id, done = await _transfer(desk), asyncio.Event()
        async with asyncio.TaskGroup() as runs:
            runs.create_task(_hold_lease(desk, transfer_id, "worker-1/a", done))
            while not await desk.journal.attempts.of_transfer(transfer_id):
                await asyncio.sleep(0)
            with pytest.raises(LeaseLost):
                async with desk.journal.attempts.attempt(transfer_id, "post", "worker-2/b", LEASE):
                    raise AssertionError("two runs at one transfer")
            done.set()
        assert [one.run for one in await desk.journal.attempts.of_transfer(transfer_id)] == ["worker-1/a"]

    at_desk(work)


def test_lease_is_free_after_the_attempt_however_it_ended(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer_id = await _transfer(desk)
        with pytest.raises(ZeroDivisionError):
            async with desk.journal.attempts.attempt(transfer_id, "post", "worker-1/a", LEASE):
                raise ZeroDivisionError
        async with desk.journal.attempts.attempt(transfer_id, "post", "worker-2/b", LEASE) as ending:
            ending.outcome, ending.note = "done", "x" * 5000
        told = await desk.journal.attempts.of_transfer(transfer_id)
        assert sorted((one.run, one.outcome) for one in told) == [("worker-1/a", "died"), ("worker-2/b", "done")]
        assert max(len(one.note) for one in told) == 4000

    at_desk(work)


def test_lease_of_a_dead_run_ends_by_itself_and_the_dead_run_cannot_send_any_more(at_desk: Desks[None]) -> None:
    """A worker that was only frozen wakes up after another took over: it must not send what the other has sent."""

    async def work(desk: Desk) -> None:
        transfer_id = await _transfer(desk)
        await desk.journal.intents.intend(HEADER, transfer_id, "header", {})
        await desk.journal.intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        with pytest.raises(LeaseLost):
            await desk.journal.intents.sent(HEADER, transfer_id, "worker-2/b", LEASE)
        desk.wait(seconds=LEASE + 1)
        await desk.journal.intents.sent(HEADER, transfer_id, "worker-2/b", LEASE)
        with pytest.raises(LeaseLost):
            await desk.journal.intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        assert [one.sends for one in await desk.journal.intents.of_transfer(transfer_id)] == [2]

    at_desk(work)


def test_sending_renews_the_lease(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer_id = await _transfer(desk)
        await desk.journal.intents.intend(HEADER, transfer_id, "header", {})
        for _ in range(3):
            desk.wait(seconds=LEASE - 10)
            await desk.journal.intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        with pytest.raises(LeaseLost):
            await desk.journal.intents.sent(HEADER, transfer_id, "worker-2/b", LEASE)

    at_desk(work)


def test_only_one_of_many_runs_gets_the_lease(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer_id = await _transfer(desk)
        await desk.journal.intents.intend(HEADER, transfer_id, "header", {})
        sendings = (desk.journal.intents.sent(HEADER, transfer_id, f"worker-{n}/x", LEASE) for n in range(8))
        ends = await asyncio.gather(*sendings, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["LeaseLost"] * 7 + ["NoneType"]

    at_desk(work)


def test_intent_is_one_whoever_intends_it(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer_id = await _transfer(desk)
        intend = desk.journal.intents.intend
        first = await intend(HEADER, transfer_id, "header", {"total": "10.00"})
        assert (first.sent_at, first.answered_at) == (None, None)
        await intend(HEADER, transfer_id, "header", {"total": "12.00"})
        await desk.journal.intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        again = await intend(HEADER, transfer_id, "header", {"total": "13.00"})
        assert again.sent_at == desk.now
        assert len(await desk.journal.intents.of_transfer(transfer_id)) == 1

    at_desk(work)


def test_answer_stays_for_ever_and_a_sending_forgets_the_looks_before_it(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        intents, transfer_id = desk.journal.intents, await _transfer(desk)
        await intents.intend(HEADER, transfer_id, "header", {})
        await intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        await intents.looked(HEADER)
        await intents.looked(HEADER)
        (told,) = await intents.of_transfer(transfer_id)
        assert (told.looks, told.sends) == (2, 1)
        await intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        (told,) = await intents.of_transfer(transfer_id)
        assert (told.looks, told.sends) == (0, 2)
        await intents.answered(HEADER, {"sale_id": "s-1"}, "adopted")
        kept = await intents.intend(HEADER, transfer_id, "header", {"other": True})
        assert (kept.answer, kept.outcome, kept.answered_at) == ({"sale_id": "s-1"}, "adopted", desk.now)

    at_desk(work)


def test_refused_write_may_be_intended_with_what_is_right_now(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        intents, transfer_id = desk.journal.intents, await _transfer(desk)
        await intents.intend(HEADER, transfer_id, "header", {"location": "Nowhere"})
        await intents.sent(HEADER, transfer_id, "worker-1/a", LEASE)
        await intents.not_sent(HEADER)
        mended = await intents.intend(HEADER, transfer_id, "header", {"location": "Main"})
        assert mended.sent_at is None

    at_desk(work)


def test_exchanges_belong_to_the_attempt_that_made_them(at_desk: Desks[None]) -> None:
    """Two attempts side by side in one process: each keeps its own bytes, and a call outside belongs to none."""

    async def work(desk: Desk) -> None:
        async def call(url: str) -> None:
            await desk.journal.exchanges.store(
                connection="main",
                platform="cin7",
                method="POST",
                url=url,
                request=url.encode() * 100,
                status=200,
                response=b"\x00\xff",
                started_at=desk.now,
                duration_ms=3,
                outcome="answered",
            )

        async def attempt(key: str) -> str:
            transfer = await desk.journal.transfers.open("main", "orders", key)
            async with desk.journal.attempts.attempt(transfer.id, "post", f"worker-1/{key}", LEASE):
                await asyncio.gather(call(f"/sale/{key}"), call(f"/sale/{key}"))
            return transfer.id

        ids = await asyncio.gather(*(attempt(str(number)) for number in range(5)))
        await call("/me")
        assert serving.get() is None
        for number, transfer_id in enumerate(ids):
            told = await desk.journal.exchanges.of_transfer(transfer_id)
            assert [one.url for one in told] == [f"/sale/{number}"] * 2
            assert {one.request for one in told} == {f"/sale/{number}".encode() * 100}
            assert {one.response for one in told} == {b"\x00\xff"}
        assert await desk.journal.exchanges.counts("main") == [("cin7", "answered", 11)]

    at_desk(work)
