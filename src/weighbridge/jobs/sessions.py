"""Sessions: a worker shows that it is alive, takes its share of the connections, and finds workers that died.

All times are the database server's, so hosts whose clocks differ agree on who is alive.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import count
from uuid import uuid4

import structlog

from weighbridge.common.clock import ServerTime
from weighbridge.common.problem import OperationalProblem
from weighbridge.common.process import is_running, process_space
from weighbridge.persistence.repositories.workers import KnownSession, Session, Workers

log = structlog.get_logger()

HEARTBEAT_WALL_SECONDS = 2.0
CHECKS_PER_HEARTBEAT = 4
"""How often a starting worker looks whether another of its name is alive."""
DEAD_AFTER_WALL_SECONDS = 20.0


class WorkerNameTaken(OperationalProblem):
    """Another process that is alive works under this name."""


def new_session(name: str, version: str) -> Session:
    """The session of a worker process that starts now."""
    return Session(f"{name}-{uuid4().hex[:8]}", name, socket.gethostname(), os.getpid(), process_space(), version)


def share_of(session: str, connections: Iterable[str], sessions: Collection[Session]) -> frozenset[str]:
    """The connections whose due jobs `session` takes: each goes to one of the sessions that serve it.

    Every worker finds the same answer from the same sessions, and only the connections of a session that comes or goes
    change hands (rendezvous hashing).
    """

    def owner(connection: str) -> str:
        serving = [other.id for other in sessions if connection in other.connections]
        return max(serving, default=session, key=lambda name: hashlib.sha256(f"{connection} {name}".encode()).digest())

    return frozenset(connection for connection in connections if owner(connection) == session)


class Sessions:
    """The sessions of all workers, as one of them sees them."""

    def __init__(self, workers: Workers, session: Session) -> None:
        self._workers = workers
        self._session = session
        self._silent: dict[str, datetime] = {}
        """Silent sessions with their last heartbeat: one is dead when it is still silent at the next heartbeat here, so
        that a jump of the clock kills nobody."""

    async def start(self, connections: Collection[str]) -> ServerTime:
        """Registers the session, which takes a share of `connections`. Returns the server's time.

        An earlier process of the same name that died is found at once on the same host, and elsewhere when its
        heartbeat stops. Raises WorkerNameTaken while such a process is alive.
        """
        self._session = replace(self._session, connections=tuple(connections))
        first_seen: dict[str, datetime] = {}
        for check in count():
            for known in (namesakes := await self._namesakes()):
                other = known.session
                if first_seen.setdefault(other.id, known.heartbeat_at) != known.heartbeat_at:
                    raise WorkerNameTaken(
                        f"a worker named {other.name!r} runs on {other.host} (process {other.pid}); give this one "
                        "another name: worker in [installation]"
                    )
                if self._is_gone(other) or (check > CHECKS_PER_HEARTBEAT and _is_silent(known)):
                    await self._remove(known)
            if not namesakes:
                break
            await asyncio.sleep(HEARTBEAT_WALL_SECONDS / CHECKS_PER_HEARTBEAT)
        return await self._workers.heartbeat(self._session)

    async def beat(self) -> tuple[ServerTime, list[Session]]:
        """Records a heartbeat and removes dead sessions. Returns the server's time and the sessions that are alive."""
        server_time, alive = await self._workers.heartbeat(self._session), []
        known = [other for other in await self._workers.known() if other.session.id != self._session.id]
        before, self._silent = (
            self._silent,
            {other.session.id: other.heartbeat_at for other in known if _is_silent(other)},
        )
        for other in known:
            is_dead = other.session.id in self._silent and before.get(other.session.id) == other.heartbeat_at
            if is_dead or self._is_gone(other.session):
                await self._remove(other)
            else:
                alive.append(other.session)
        return server_time, [*alive, self._session]

    async def end(self) -> None:
        """Removes the session in good order; jobs that it could not finish are free for others."""
        await self._workers.remove(self._session.id)

    async def _namesakes(self) -> list[KnownSession]:
        return [known for known in await self._workers.known() if known.session.name == self._session.name]

    async def _remove(self, dead: KnownSession) -> None:
        if await self._workers.remove(dead.session.id, dead.heartbeat_at):
            log.warning("worker_died", worker=dead.session.name, host=dead.session.host, pid=dead.session.pid)

    def _is_gone(self, session: Session) -> bool:
        """Whether the process of a session is certainly gone: it ran here, and there is no such process, or this one
        has its number, as the first process of a container has that of its predecessor."""
        own = self._session
        is_here = own.process_space != "" and session.process_space == own.process_space
        is_replaced = session.name == own.name and session.pid == own.pid
        return is_here and (is_replaced or not is_running(session.pid))


def _is_silent(known: KnownSession) -> bool:
    return abs(known.silent_seconds) > DEAD_AFTER_WALL_SECONDS
