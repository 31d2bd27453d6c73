"""A command that cannot start says so in one sentence with its reason and what to do: exit code 2, no traceback."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from tests.postgres import own_database
from weighbridge.cli.main import app
from weighbridge.design.example import Example, example_toml

SECRETS = {
    name: f"START_{name.upper()}"
    for name in ("access_token", "client_secret", "account_id", "application_key", "webhooks")
}
NOBODY = 65534
START_COMMANDS = (("run",), ("console", "--port", "0"), ("sync", "orders"), ("design", "show"))
REFUSED_ROLE, POOR_ROLE = "weighbridge_refused", "weighbridge_poor"


def installation(folder: Path, database: str, *, port: int = 0, console_port: int | None = None) -> Path:
    """The configuration file of an installation on `database`."""
    config = folder / "weighbridge.toml"
    example = Example("https://shop.invalid", "abc", "https://books.invalid", SECRETS, database=database, port=port)
    console = "" if console_port is None else f"\n[console]\nenabled = true\nport = {console_port}\n"
    config.write_text(example_toml(example) + console, encoding="utf-8")
    return config


def sentence(config: Path, *command: str) -> str:
    """The one line that a command prints before it ends with exit code 2."""
    environment = dict.fromkeys(SECRETS.values(), "a-secret-of-some-length-for-the-start")
    result = CliRunner().invoke(app, [*command, "--config", str(config)], env=environment)
    assert result.exit_code == 2, result.output
    assert "worker_started" not in result.output
    lines = [line for line in result.output.splitlines() if line.strip() and "console_started" not in line]
    assert len(lines) == 1, result.output
    return lines[0]


@contextmanager
def port_in_use() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of the superuser, for whom every file is writable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def readable_folder() -> Iterator[Path]:
    """A folder that every user may read; those of pytest belong to one user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        ("sqlite:///{folder}/missing/weighbridge.db", "its folder {folder}/missing does not exist; create the folder"),
        ("sqlite:///{folder}/folder", "it is a folder; name a file"),
        ("sqlite:///{folder}/text", "it is not an SQLite database; correct `database`"),
        ("postgresql://ada:hidden@127.0.0.1:1/x", "ada:***@127.0.0.1:1/x cannot be used: nothing listens there; start"),
        ("postgresql://ada:hidden@db.invalid/x", "its host name is not found; correct the host"),
        ("postgresql://ada:hid[den@host:port/x", "is not an address"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_its_reason(tmp_path: Path, database: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("This is a letter, not a database. " * 100)
    line = sentence(installation(tmp_path, database.format(folder=tmp_path)), "reports", "status")
    assert reason.format(folder=tmp_path) in line
    assert "hid" not in line, "no password"


@pytest.mark.parametrize("command", START_COMMANDS, ids=lambda command: command[0])
def test_every_command_names_a_database_that_cannot_be_used(tmp_path: Path, command: tuple[str, ...]) -> None:
    for database in (f"sqlite:///{tmp_path}", "postgresql://ada@127.0.0.1:1/x"):
        assert "cannot be used: " in sentence(installation(tmp_path, database), *command)


def test_a_database_file_without_write_access_is_named_with_the_user() -> None:
    with readable_folder() as folder:
        config = installation(folder, f"sqlite:///{folder}/weighbridge.db")
        assert CliRunner().invoke(app, ["reports", "status", "--config", str(config)]).exit_code == 0
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        try:
            with as_nobody():
                line = sentence(config, "reports", "status")
        finally:
            folder.chmod(0o755)
    assert f"the database {folder}/weighbridge.db cannot be used: user " in line
    assert "write access to the file and its folder" in line


@pytest.mark.parametrize(
    ("user", "database", "reason"),
    [
        ("weighbridge", "no_such_database", "has no database no_such_database; create it with createdb"),
        ("no_such_user", "postgres", "has no user no_such_user; create it"),
        (f"{REFUSED_ROLE}:wrong", "postgres", f"user {REFUSED_ROLE} is refused; correct user and password"),
        (POOR_ROLE, "", f"user {POOR_ROLE} lacks rights; make {POOR_ROLE} the owner"),
    ],
)
def test_what_postgresql_refuses_is_explained(
    tmp_path: Path, server_with_roles: str, user: str, database: str, reason: str
) -> None:
    with own_database(server_with_roles, "start") as own:
        name = database or urlsplit(own).path.removeprefix("/")
        server = urlsplit(server_with_roles).netloc.rpartition("@")[2]
        line = sentence(installation(tmp_path, f"postgresql://{user}@{server}/{name}"), "reports", "status")
    assert reason in line
    assert "wrong" not in line, "no password"


@pytest.fixture
def server_with_roles(postgres_url: str) -> Iterator[str]:
    """The server with a role that needs a password, and one that may create nothing."""
    roles = [sql.Identifier(name) for name in (REFUSED_ROLE, POOR_ROLE)]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        [[file]] = connection.execute("SHOW hba_file").fetchall()
        hba = Path(file)
        if not hba.exists():
            pytest.skip("needs a PostgreSQL server on this machine")
        before = hba.read_text()
        for role in roles:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {0}").format(role))
            connection.execute(sql.SQL("CREATE ROLE {0} LOGIN PASSWORD 'right'").format(role))
        hba.write_text(f"host all {REFUSED_ROLE} 127.0.0.1/32 scram-sha-256\n{before}")
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield postgres_url
        finally:
            hba.write_text(before)
            connection.execute("SELECT pg_reload_conf()")
            for role in roles:
                connection.execute(sql.SQL("DROP ROLE {0}").format(role))


def test_a_port_in_use_stops_the_worker_before_it_starts(tmp_path: Path) -> None:
    with port_in_use() as port:
        line = sentence(installation(tmp_path, f"sqlite:///{tmp_path}/weighbridge.db", port=port), "run")
    expected = f"the webhook receiver cannot listen on 127.0.0.1 port {port}: another program uses the port; end that "
    assert line == f"{expected}program, or choose another `port` in [installation]"


@pytest.mark.parametrize("command", ["run", "console"])
def test_a_port_in_use_stops_the_console(tmp_path: Path, command: str) -> None:
    with port_in_use() as port:
        config = installation(tmp_path, f"sqlite:///{tmp_path}/weighbridge.db", console_port=port)
        line = sentence(config, command)
    assert line.startswith(f"the console cannot listen on 127.0.0.1 port {port}: another program uses the port; ")


def test_an_address_of_another_machine_stops_the_worker(tmp_path: Path) -> None:
    config = installation(tmp_path, f"sqlite:///{tmp_path}/weighbridge.db")
    for host, reason in (("192.0.2.7", "this machine has no address 192.0.2.7"), ("db.invalid", "is not found")):
        config.write_text(config.read_text().replace('host = "127.0.0.1"', f'host = "{host}"'), encoding="utf-8")
        assert reason in sentence(config, "run")
        config.write_text(config.read_text().replace(f'host = "{host}"', 'host = "127.0.0.1"'), encoding="utf-8")


def test_a_port_that_the_user_may_not_take_stops_the_worker() -> None:
    limit = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not limit.exists() or int(limit.read_text()) <= 80:
        pytest.skip("every user of this machine may use every port")
    with readable_folder() as folder:
        config = installation(folder, f"sqlite:///{folder}/weighbridge.db", port=80)
        config.chmod(0o644)
        with as_nobody():
            line = sentence(config, "run")
    assert "this user may not use a port below 1024; choose another `port`" in line


def test_a_fault_of_the_program_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Callable[[], None]:
        raise LookupError("a fault of the program")

    monkeypatch.setattr("weighbridge.cli.reports.with_api", broken)
    config = installation(tmp_path, f"sqlite:///{tmp_path}/weighbridge.db")
    result = CliRunner().invoke(app, ["reports", "status", "--config", str(config)])
    assert isinstance(result.exception, LookupError)
