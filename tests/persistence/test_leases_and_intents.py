"""One run at a time works on a transfer, and its intent is stored before the write is sent."""

from __future__ import annotations

import asyncio

import pytest

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.attempts import LeaseLost
from weighbridge.persistence.repositories.http_log import current_attempt
from weighbridge.persistence.repositories.job_queue import Job
from weighbridge.persistence.repositories.workers import Session
from weighbridge.platforms.http_exchange import Exchange

LEASE = 180.0
HEADER = "main:orders:1042:header"


async def _transfer(harness: Harness) -> str:
    return (await harness.repositories.transfers.open("main", "orders", "1042")).id


async def _send(harness: Harness, transfer_id: str, run: str) -> None:
    """Records that `run` is about to send the intent as it is stored now."""
    [intent] = await harness.repositories.intents.of_transfer(transfer_id)
    await harness.repositories.intents.sent(intent, transfer_id, run, LEASE)


async def _hold_lease(harness: Harness, transfer_id: str, run: str, until: asyncio.Event) -> None:
    async with harness.repositories.attempts.attempt(transfer_id, "post", run, LEASE):
        await until.wait()


def test_second_run_stops_before_it_records_or_calls_anything(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer_id, done = await _transfer(harness), asyncio.Event()
        first, second = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        async with asyncio.TaskGroup() as runs:
            runs.create_task(_hold_lease(harness, transfer_id, first, done))
            while not await harness.repositories.attempts.of_transfer(transfer_id):
                await asyncio.sleep(0)
            with pytest.raises(LeaseLost):
                async with harness.repositories.attempts.attempt(transfer_id, "post", second, LEASE):
                    raise AssertionError("two runs at one transfer")
            done.set()
        assert [attempt.run for attempt in await harness.repositories.attempts.of_transfer(transfer_id)] == [first]

    on_both_databases(work)


def test_lease_is_free_after_the_run_however_its_attempt_ended(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer_id = await _transfer(harness)
        first, second = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        with pytest.raises(ZeroDivisionError):
            async with harness.repositories.attempts.attempt(transfer_id, "post", first, LEASE):
                raise ZeroDivisionError
        with pytest.raises(LeaseLost):
            async with harness.repositories.attempts.attempt(transfer_id, "post", second, LEASE):
                raise AssertionError("the first run may still write")
        await harness.repositories.job_queue.finished(Job("main", "orders", "worker-1", first))
        async with harness.repositories.attempts.attempt(transfer_id, "post", second, LEASE) as result:
            result.outcome, result.note = "done", "x" * 5000
        stored = await harness.repositories.attempts.of_transfer(transfer_id)
        assert sorted((attempt.run, attempt.outcome) for attempt in stored) == [(first, "died"), (second, "done")]
        assert max(len(attempt.note) for attempt in stored) == 4000

    on_both_databases(work)


def test_lease_of_a_dead_run_expires_and_the_dead_run_cannot_send_any_more(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """A frozen worker resumes after another has acquired the lease: it must not send what the other has sent."""

    async def work(harness: Harness) -> None:
        transfer_id = await _transfer(harness)
        first, second = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        await harness.repositories.intents.intend(HEADER, transfer_id, "header", {})
        await _send(harness, transfer_id, first)
        with pytest.raises(LeaseLost):
            await _send(harness, transfer_id, second)
        harness.wait(seconds=LEASE + 1)
        await _send(harness, transfer_id, second)
        with pytest.raises(LeaseLost):
            await _send(harness, transfer_id, first)
        assert [intent.sends for intent in await harness.repositories.intents.of_transfer(transfer_id)] == [2]

    on_both_databases(work)


def test_lease_ends_with_the_session_of_its_worker(on_both_databases: OnBothDatabases[None]) -> None:
    """The worker was killed: its jobs are released, and the next run need not wait until the lease expires."""

    async def work(harness: Harness) -> None:
        transfer_id = await _transfer(harness)
        dead, alive = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        await harness.repositories.intents.intend(HEADER, transfer_id, "header", {})
        await _send(harness, transfer_id, dead)
        await harness.repositories.workers.heartbeat(Session("worker-2", "worker-2", "host", 1, "", "1.0.0"))
        assert await harness.repositories.job_queue.release_lost("worker-2", [alive]) == 1
        await _send(harness, transfer_id, alive)
        with pytest.raises(LeaseLost):
            await _send(harness, transfer_id, dead)

    on_both_databases(work)


def test_sending_renews_the_lease(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer_id = await _transfer(harness)
        first, second = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        await harness.repositories.intents.intend(HEADER, transfer_id, "header", {})
        for _ in range(3):
            harness.wait(seconds=LEASE - 10)
            await _send(harness, transfer_id, first)
        with pytest.raises(LeaseLost):
            await _send(harness, transfer_id, second)

    on_both_databases(work)


def test_only_one_of_many_runs_gets_the_lease(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer_id = await _transfer(harness)
        runs = [await harness.start_run(f"worker-{number}") for number in range(8)]
        acquire = harness.repositories.attempts.renew
        ends = await asyncio.gather(*(acquire(transfer_id, run, LEASE) for run in runs), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["LeaseLost"] * 7 + ["NoneType"]

    on_both_databases(work)


def test_intent_is_stored_once_per_key(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer_id = await _transfer(harness)
        intend = harness.repositories.intents.intend
        first = await intend(HEADER, transfer_id, "header", {"total": "10.00"})
        assert (first.sent_at, first.answered_at) == (None, None)
        await intend(HEADER, transfer_id, "header", {"total": "12.00"})
        await _send(harness, transfer_id, "worker-1/a")
        again = await intend(HEADER, transfer_id, "header", {"total": "13.00"})
        assert again.sent_at == harness.now
        assert len(await harness.repositories.intents.of_transfer(transfer_id)) == 1

    on_both_databases(work)


def test_answer_is_stored_and_a_resend_resets_the_probe_count(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        intents, transfer_id = harness.repositories.intents, await _transfer(harness)
        await intents.intend(HEADER, transfer_id, "header", {})
        await _send(harness, transfer_id, "worker-1/a")
        await intents.probed(HEADER)
        await intents.probed(HEADER)
        (intent,) = await intents.of_transfer(transfer_id)
        assert (intent.probes, intent.sends) == (2, 1)
        await _send(harness, transfer_id, "worker-1/a")
        (intent,) = await intents.of_transfer(transfer_id)
        assert (intent.probes, intent.sends) == (0, 2)
        await intents.answered(HEADER, {"sale_id": "s-1"}, "adopted")
        stored = await intents.intend(HEADER, transfer_id, "header", {"other": True})
        assert (stored.answer, stored.outcome, stored.answered_at) == ({"sale_id": "s-1"}, "adopted", harness.now)

    on_both_databases(work)


def test_refused_write_may_be_intended_again_with_a_corrected_request(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        intents, transfer_id = harness.repositories.intents, await _transfer(harness)
        await intents.intend(HEADER, transfer_id, "header", {"location": "Nowhere"})
        await _send(harness, transfer_id, "worker-1/a")
        await intents.not_sent(HEADER)
        corrected = await intents.intend(HEADER, transfer_id, "header", {"location": "Main"})
        assert corrected.sent_at is None

    on_both_databases(work)


def test_exchanges_belong_to_the_attempt_that_made_them(on_both_databases: OnBothDatabases[None]) -> None:
    """Concurrent attempts in one process each have their own exchanges; a call outside belongs to none."""

    async def work(harness: Harness) -> None:
        async def call(url: str) -> None:
            request, response = url.encode() * 100, b"\x00\xff"
            await harness.repositories.http_log.record(
                Exchange("cin7", "main", "POST", url, request, 200, response, harness.now, 3, "answered")
            )

        async def attempt(key: str) -> str:
            transfer = await harness.repositories.transfers.open("main", "orders", key)
            async with harness.repositories.attempts.attempt(transfer.id, "post", f"worker-1/{key}", LEASE):
                await asyncio.gather(call(f"/sale/{key}"), call(f"/sale/{key}"))
            return transfer.id

        ids = await asyncio.gather(*(attempt(str(number)) for number in range(5)))
        await call("/me")
        assert current_attempt.get() is None
        for number, transfer_id in enumerate(ids):
            exchanges = await harness.repositories.http_log.of_transfer(transfer_id)
            assert [exchange.url for exchange in exchanges] == [f"/sale/{number}"] * 2
            assert {exchange.request for exchange in exchanges} == {f"/sale/{number}".encode() * 100}
            assert {exchange.response for exchange in exchanges} == {b"\x00\xff"}
        assert await harness.repositories.http_log.counts("main") == [("cin7", "answered", 11)]

    on_both_databases(work)


def test_run_that_read_the_intent_before_another_sent_it_cannot_send_it_too(
    on_both_databases: OnBothDatabases[None],
) -> None:
    """A frozen worker resumes after another has sent, been answered and released the lease."""

    async def work(harness: Harness) -> None:
        intents, transfer_id = harness.repositories.intents, await _transfer(harness)
        first, second = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        read_before = await intents.intend(HEADER, transfer_id, "header", {})
        async with harness.repositories.attempts.attempt(transfer_id, "post", second, LEASE):
            await _send(harness, transfer_id, second)
            await intents.answered(HEADER, {"sale_id": "s-1"}, "done")
        with pytest.raises(LeaseLost):
            await intents.sent(read_before, transfer_id, first, LEASE)

    on_both_databases(work)


def test_run_whose_own_lease_was_taken_and_released_cannot_send(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        intents, attempts = harness.repositories.intents, harness.repositories.attempts
        transfer_id = await _transfer(harness)
        intent = await intents.intend(HEADER, transfer_id, "header", {})
        first, second = await harness.start_run("worker-1"), await harness.start_run("worker-2")
        async with attempts.attempt(transfer_id, "post", first, LEASE):
            harness.wait(seconds=LEASE + 1)
            await asyncio.create_task(_whole_attempt(harness, transfer_id, second))
            with pytest.raises(LeaseLost):
                await intents.sent(intent, transfer_id, first, LEASE)

    on_both_databases(work)


async def _whole_attempt(harness: Harness, transfer_id: str, run: str) -> None:
    async with harness.repositories.attempts.attempt(transfer_id, "post", run, LEASE):
        pass
