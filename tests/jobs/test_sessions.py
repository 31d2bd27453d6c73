"""Sessions: every connection has one owner, the dead are found, and the living are never taken for dead."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.jobs import sessions
from weighbridge.jobs.sessions import DEAD_AFTER_WALL_SECONDS, Sessions, WorkerNameTaken, new_session, share_of
from weighbridge.persistence.repositories.workers import Session
from weighbridge.persistence.tables.work import workers

CONNECTIONS = [f"store-{number}" for number in range(12)]
connection_sets = st.sets(st.sampled_from(CONNECTIONS))


@st.composite
def alive(draw: st.DrawFn) -> list[Session]:
    """Sessions that each serve some of the connections; those of commands serve none."""
    served = draw(st.lists(connection_sets, min_size=1, max_size=6))
    return [replace(new_session(f"worker-{n}", "1.0.0"), connections=list(names)) for n, names in enumerate(served)]


def _owners(known: list[Session]) -> dict[str, str]:
    """The session that takes each connection, as each session finds out by itself; at most one may."""
    owners: dict[str, str] = {}
    for session in known:
        for connection in share_of(session.id, session.connections, known):
            assert owners.setdefault(connection, session.id) == session.id
    return owners


@given(alive())
def test_every_connection_has_exactly_one_owner_among_the_sessions_that_serve_it(known: list[Session]) -> None:
    owners = _owners(known)
    assert owners.keys() == {connection for session in known for connection in session.connections}
    for connection, owner in owners.items():
        assert connection in next(session.connections for session in known if session.id == owner)


@given(alive(), st.data())
def test_only_the_connections_of_a_session_that_leaves_change_hands(known: list[Session], data: st.DataObject) -> None:
    leaving = data.draw(st.sampled_from(known))
    before, after = _owners(known), _owners([session for session in known if session != leaving])
    assert {name: owner for name, owner in before.items() if owner != leaving.id and after.get(name) != owner} == {}


def test_connections_are_shared_about_evenly() -> None:
    names = [f"store-{number}" for number in range(300)]
    known = [Session(f"worker-{n}", f"worker-{n}", "host", n, "", "1.0.0", names) for n in range(3)]
    assert all(70 <= len(share_of(session.id, names, known)) <= 130 for session in known)


@contextmanager
def _other_process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass
class Host:
    """A worker's sessions, by which it knows the others, with a heartbeat that the test triggers."""

    session: Session
    sessions: Sessions

    @classmethod
    def of(cls, harness: Harness, name: str, **changes: str | int) -> Host:
        session = replace(new_session(name, "1.0.0"), **changes)
        return cls(session, Sessions(harness.repositories.workers, session))

    async def beat(self) -> set[str]:
        """The names of the workers that are alive after a heartbeat of this one."""
        return {session.name for session in (await self.sessions.beat())[1]}


async def _set_heartbeat(harness: Harness, host: Host, passed: timedelta) -> None:
    """Lets the last heartbeat of `host` be `passed` ago by the server's clock; before now, after a jump."""
    beat = sa.update(workers).where(workers.c.id == host.session.id)
    now = (await harness.repositories.workers.heartbeat(host.session)).server_time
    await harness.database.execute(beat.values(heartbeat_at=now - passed))


@pytest.fixture(autouse=True)
def fast_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "HEARTBEAT_WALL_SECONDS", 0.04)


SILENCE = timedelta(seconds=DEAD_AFTER_WALL_SECONDS + 5)
ELSEWHERE = {"process_space": "another machine", "pid": 1}


def test_worker_on_another_host_is_dead_when_it_is_silent_and_stays_so(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        first, other = Host.of(harness, "one"), Host.of(harness, "other", **ELSEWHERE)
        await other.sessions.start(())
        assert await first.beat() == {"one", "other"}
        await _set_heartbeat(harness, other, SILENCE)
        assert await first.beat() == {"one", "other"}, "it may be the clock that jumped"
        assert await first.beat() == {"one"}
        assert [known.session.name for known in await harness.repositories.workers.known()] == ["one"]
        assert await other.beat() == {"one", "other"}, "a worker that was only frozen is back"

    on_both_databases(work)


@pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "back"])
def test_jump_of_the_servers_clock_kills_nobody(on_both_databases: OnBothDatabases[None], hours: int) -> None:
    """All heartbeats of before the jump look old, or as if they were of the future, until each worker's next one."""

    async def work(harness: Harness) -> None:
        first, other = Host.of(harness, "one"), Host.of(harness, "other", **ELSEWHERE)
        for host in (first, other):
            await _set_heartbeat(harness, host, timedelta(hours=hours))
        for _ in range(2):
            assert await first.beat() == {"one", "other"}
            assert await other.beat() == {"one", "other"}

    on_both_databases(work)


def test_killed_process_on_the_same_host_is_found_at_once(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        with _other_process() as process:
            first, other = Host.of(harness, "one"), Host.of(harness, "other", pid=process.pid)
            await other.sessions.start(())
            assert await first.beat() == {"one", "other"}
            process.kill()
            process.wait()
            assert await first.beat() == {"one"}

    on_both_databases(work)


def test_name_of_a_living_worker_is_refused_in_one_sentence(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        first = Host.of(harness, "worker-1", host="host-a", **ELSEWHERE)
        await first.sessions.start(())

        async def beating() -> None:
            while True:
                await first.sessions.beat()
                await asyncio.sleep(0.01)

        beats = asyncio.create_task(beating())
        with pytest.raises(WorkerNameTaken, match=r"^a worker named 'worker-1' runs on host-a \(process 1\); give"):
            await Host.of(harness, "worker-1").sessions.start(())
        beats.cancel()
        await asyncio.wait([beats])

    on_both_databases(work)


Predecessor = Callable[[Harness], Awaitable[Host]]


async def _crashed_here(harness: Harness) -> Host:
    with _other_process() as process:
        pass
    return Host.of(harness, "worker-1", pid=process.pid)


async def _had_the_same_number(harness: Harness) -> Host:
    """The first process of a container always has the number 1."""
    return Host.of(harness, "worker-1", pid=os.getpid())


async def _silent_elsewhere(harness: Harness) -> Host:
    host = Host.of(harness, "worker-1", **ELSEWHERE)
    await _set_heartbeat(harness, host, SILENCE)
    return host


@pytest.mark.parametrize("predecessor", [_crashed_here, _had_the_same_number, _silent_elsewhere])
def test_successor_of_a_dead_worker_takes_its_name(
    on_both_databases: OnBothDatabases[None], predecessor: Predecessor
) -> None:
    async def work(harness: Harness) -> None:
        dead = await predecessor(harness)
        if dead.session.process_space != ELSEWHERE["process_space"]:
            await harness.repositories.workers.heartbeat(dead.session)
        successor = Host.of(harness, "worker-1")
        await successor.sessions.start(())
        assert [known.session.id for known in await harness.repositories.workers.known()] == [successor.session.id]

    on_both_databases(work)
