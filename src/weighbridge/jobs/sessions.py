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
from pathlib import Path
from uuid import uuid4

import structlog

from weighbridge.persistence.repositories.workers import KnownSession, Session, Workers

log = structlog.get_logger()

HEARTBEAT_WALL_SECONDS = 2.0
DEAD_AFTER_WALL_SECONDS = 20.0


class WorkerNameTaken(Exception):
    """Another process that is alive works under this name."""


def new_session(name: str, version: str) -> Session:
    """The session of a worker process that starts now."""
    session_id = f"{name}-{uuid4().hex[:8]}"
    return Session(session_id, name, socket.gethostname(), os.getpid(), _process_space(), version)


def share_of(session: str, connections: Iterable[str], sessions: Collection[KnownSession]) -> frozenset[str]:
    """The connections whose due jobs `session` takes: each connection goes to one of the sessions that serve it.

    Every worker finds the same answer from the same sessions (rendezvous hashing), and only the connections of a
    session that comes or goes change hands.
    """
    return frozenset(
        connection
        for connection in connections
        if session == max((other.id for other in sessions if connection in other.connections), default=session,
                          key=lambda other: hashlib.sha256(f"{connection} {other}".encode()).digest())
    )  # fmt: skip


class Sessions:
    """The sessions of all workers, as one of them sees them."""

    def __init__(self, workers: Workers, session: Session) -> None:
        self._workers = workers
        self._session = session
        self._suspected: dict[str, datetime] = {}
        """Silent sessions with their last heartbeat: a session is dead when it is still silent at the next look."""

    async def start(self, connections: Collection[str]) -> None:
        """Registers the session, which takes a share of `connections`.

        Raises WorkerNameTaken while another process is alive under the same name.

        An earlier process that died is found at once on the same host, and elsewhere when its heartbeat stops.
        """
        self._session = replace(self._session, connections=tuple(connections))
        first_seen: dict[str, datetime] = {}
        while True:
            others = [other for other in await self._workers.known() if other.name == self._session.name]
            for other in others:
                if first_seen.setdefault(other.id, other.heartbeat_at) != other.heartbeat_at:
                    raise WorkerNameTaken(
                        f"a worker named {other.name!r} runs on {other.host} (process {other.pid}); give this one "
                        "another name: worker in [installation]"
                    )
                if self._is_gone(other) or self._has_our_process_number(other) or _is_silent(other):
                    await self._bury(other)
            if not others:
                await self._workers.register(self._session)
                return
            await asyncio.sleep(HEARTBEAT_WALL_SECONDS / 4)

    async def beat(self) -> tuple[datetime, list[KnownSession]]:
        """Records a heartbeat and frees the jobs of sessions that died. Returns the server's time and the sessions that
        are alive."""
        now = await self._workers.heartbeat(self._session)
        known = await self._workers.known()
        silent = {other.id: other.heartbeat_at for other in known if _is_silent(other)}
        dead = [
            other
            for other in known
            if other.id != self._session.id
            and (self._is_gone(other) or (other.id in silent and silent[other.id] == self._suspected.get(other.id)))
        ]
        self._suspected = silent
        for other in dead:
            await self._bury(other)
        for unknown in await self._workers.unknown_sessions():
            log.warning("unknown_worker_removed", worker=unknown, jobs=await self._workers.remove(unknown))
        buried = {other.id for other in dead}
        return now, [other for other in known if other.id not in buried]

    async def end(self) -> None:
        """Removes the session in good order; jobs that it could not finish are due for others."""
        await self._workers.remove(self._session.id)

    async def _bury(self, other: KnownSession) -> None:
        jobs = await self._workers.remove(other.id, other.heartbeat_at)
        if jobs is not None:
            log.warning("worker_died", worker=other.name, host=other.host, pid=other.pid, jobs=jobs)

    def _is_gone(self, other: KnownSession) -> bool:
        """Whether the process of a session is certainly gone: it was on this host, which has no such process."""
        return self._is_neighbour(other) and not _exists(other.pid)

    def _has_our_process_number(self, other: KnownSession) -> bool:
        """Whether this process took the number of an earlier one, as the first process of a container does."""
        return self._is_neighbour(other) and other.pid == self._session.pid

    def _is_neighbour(self, other: KnownSession) -> bool:
        return self._session.process_space != "" and other.process_space == self._session.process_space


def _process_space() -> str:
    """Where process numbers mean the same: the start of this machine and its process namespace; "" if unknown.

    Containers may share a host's name, but not its process numbers. Source: Linux, proc(5) and pid_namespaces(7).
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _is_silent(session: KnownSession) -> bool:
    return abs(session.silent_seconds) > DEAD_AFTER_WALL_SECONDS


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
