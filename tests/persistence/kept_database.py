"""Databases with work in flight, as a release leaves them: made with a killed worker, kept, and restored by tests.

`python -m tools.keep_schema` keeps one for each database, with the twins' state at the kill.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.flows.harness import Harness, harness
from tests.postgres import server_program
from weighbridge.persistence.migrations import HEAD
from weighbridge_twins.clock import ScaledClock

KEPT = Path(__file__).with_name("kept_schemas")
DATABASES = ("sqlite", "postgresql")
POSTED, HELD, CAUGHT = 6, 4, 16
"""Orders that are posted before the kill, that nobody can post, and that the kill catches on their way."""
IN_FLIGHT, UNANSWERED, DUE = 6, 4, 3
"""How many jobs must run, writes be without an answer and jobs wait when the worker is killed."""
SLOW_SECONDS = 8
KILL_WITHIN_SECONDS = 60.0


def kept_dump(database: str, revision: str = HEAD) -> Path:
    """The file of a kept database."""
    return KEPT / f"{revision}-{database}.sql.gz"


def kept_twins(database: str, revision: str = HEAD) -> Path:
    """The file of the twins' state at the kill."""
    return KEPT / f"{revision}-{database}-twins.json.gz"


def keep(url: str, database: str, folder: Path) -> None:
    """Plays to the middle of the work in `url`, an empty database, and writes both files."""
    state = folder / "twins.json"
    with harness(folder, post="invoice_and_payment", database=url, state=state) as trial:
        _post_and_hold(trial)
        slow = {"method": "POST", "path": "(?i)/externalapi/v2/sale$"}
        trial.twins.fault("cin7", {"fault": "slow", "seconds": SLOW_SECONDS, "match": slow, "times": UNANSWERED})
        for _ in range(CAUGHT):
            trial.place()
        _kill_in_the_middle(trial, url)
    KEPT.mkdir(exist_ok=True)
    _write(kept_dump(database), dump(url).encode())
    _write(kept_twins(database), _stopped(state.read_bytes()))


def _post_and_hold(trial: Harness) -> None:
    for _ in range(POSTED):
        trial.place()
    for number in range(HELD):
        trial.place(lines=[{"sku": f"NOPE-{number % 2}", "quantity": 1, "price": "5.00"}])
    trial.run()


def _kill_in_the_middle(trial: Harness, url: str) -> None:
    config = trial.folder / "weighbridge.toml"
    config.write_text(re.sub(r"(?m)^port = \d+$", "port = 0", trial.configuration()), encoding="utf-8")
    command = [sys.executable, "-m", "weighbridge", "run", "--config", str(config)]
    worker = subprocess.Popen(command, env=os.environ | trial.environment(), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + KILL_WITHIN_SECONDS
    try:
        while not _is_in_the_middle(url):
            assert worker.poll() is None, f"the worker ended with {worker.returncode}"
            assert time.monotonic() < deadline, "the work never came to its middle"
            time.sleep(0.05)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()


def _is_in_the_middle(url: str) -> bool:
    queries = (
        "SELECT count(*) FROM job WHERE worker <> ''",
        "SELECT count(*) FROM intent WHERE sent_at IS NOT NULL AND answered_at IS NULL",
        "SELECT count(*) FROM job WHERE worker = '' AND due_at IS NOT NULL AND flow = 'orders'",
    )
    engine = sync_engine(url)
    with closing(engine.connect()) as connection:
        counts = [connection.exec_driver_sql(query).scalar_one() for query in queries]
    engine.dispose()
    return all(count >= least for count, least in zip(counts, (IN_FLIGHT, UNANSWERED, DUE), strict=True))


def sync_engine(url: str) -> sa.Engine:
    """An engine for tests that need no event loop."""
    return sa.create_engine(sa.make_url(url).set(drivername=f"{sa.make_url(url).get_backend_name()}{_driver(url)}"))


def _driver(url: str) -> str:
    return "" if url.startswith("sqlite") else "+psycopg"


def dump(url: str) -> str:
    """The whole database as SQL."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return "\n".join(connection.iterdump())
    options = ("--no-owner", "--no-privileges", "--inserts")
    done = subprocess.run([server_program("pg_dump"), *options, url], capture_output=True, text=True, check=True)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("\\"))


def restore(database: str, url: str, revision: str = HEAD) -> None:
    """Restores a kept database into `url`, an empty one."""
    script = gzip.decompress(kept_dump(database, revision).read_bytes()).decode()
    if database == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(script.encode())


def restore_twins(database: str, file: Path, revision: str = HEAD) -> None:
    """Writes a state file with which the twins go on where they were, at the time that they showed."""
    state = json.loads(gzip.decompress(kept_twins(database, revision).read_bytes()))
    clock = ScaledClock.parse(state["clock"])
    state["clock"] = str(ScaledClock(clock.speed, time.time(), clock.origin))
    file.write_text(json.dumps(state), encoding="utf-8")


def _stopped(state: bytes) -> bytes:
    """The twins' state with a clock whose origin is the time that it shows now."""
    parsed = json.loads(state)
    clock = ScaledClock.parse(parsed["clock"])
    parsed["clock"] = str(ScaledClock(clock.speed, 0.0, clock.now().timestamp()))
    return json.dumps(parsed).encode()


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def every_row(url: str) -> dict[str, list[dict[str, object]]]:
    """Every row of every table of the database itself, whatever this version's tables are."""
    engine = sync_engine(url)
    reflected = sa.MetaData()
    with engine.connect() as connection:
        reflected.reflect(connection)
        rows = {
            name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for name, table in reflected.tables.items()
            if name != "alembic_version"
        }
    engine.dispose()
    return rows
