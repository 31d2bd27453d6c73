"""Workers: a session is known until it ends or is removed, and its heartbeat follows the server's clock."""

from __future__ import annotations

from datetime import timedelta

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.workers import Session


def _session(identity: str) -> Session:
    return Session(identity, "worker-1", "host-a", 42, "boot 1", "1.0.0", ["east", "west"])


def test_session_is_known_from_its_first_heartbeat_until_it_ends(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        workers = harness.repositories.workers
        for _ in range(2):
            await workers.heartbeat(_session("worker-1-a"))
        [known] = await workers.known()
        assert known.session == _session("worker-1-a")
        assert abs(known.silent_seconds) < 60
        await workers.remove("worker-1-a")
        assert await workers.known() == []

    on_both_databases(work)


def test_heartbeat_follows_the_servers_clock_and_not_the_workers(on_both_databases: OnBothDatabases[None]) -> None:
    """The worker's clock stands at noon of another day; two workers would not agree on it."""

    async def work(harness: Harness) -> None:
        server_time = (await harness.repositories.workers.heartbeat(_session("worker-1-a"))).server_time
        [known] = await harness.repositories.workers.known()
        assert abs(known.heartbeat_at - server_time) < timedelta(milliseconds=1)
        assert abs(server_time - harness.now) > timedelta(days=1)

    on_both_databases(work)


def test_session_that_showed_a_heartbeat_meanwhile_is_not_removed(on_both_databases: OnBothDatabases[None]) -> None:
    """Another worker read it as silent; before it was removed, the worker was back."""

    async def work(harness: Harness) -> None:
        workers = harness.repositories.workers
        await workers.heartbeat(_session("worker-1-a"))
        [silent] = await workers.known()
        await workers.heartbeat(_session("worker-1-a"))
        assert not await workers.remove("worker-1-a", silent.heartbeat_at)
        [known] = await workers.known()
        assert await workers.remove("worker-1-a", known.heartbeat_at)
        assert await workers.known() == []

    on_both_databases(work)


def test_session_that_was_removed_by_mistake_registers_again(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        workers = harness.repositories.workers
        await workers.heartbeat(_session("worker-1-a"))
        await workers.remove("worker-1-a")
        await workers.heartbeat(_session("worker-1-a"))
        assert [known.session.id for known in await workers.known()] == ["worker-1-a"]

    on_both_databases(work)
