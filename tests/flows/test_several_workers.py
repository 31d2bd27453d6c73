"""Several workers on one database: they share the connections, survive each other, and agree on the time."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.flows.harness import Harness, harness
from tests.flows.test_three_connections import TIMEOUT_SECONDS, Trio, trio
from weighbridge.domain.job_types import RECURRING, Flow
from weighbridge.persistence.types import EPOCH

LONGEST_WAIT_SECONDS = 120.0
COMMAND = [sys.executable, "-m", "weighbridge"]


def _until(is_reached: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not is_reached():
        if time.monotonic() > deadline:
            pytest.fail(log.read_text()[-3000:])
        time.sleep(0.1)


@dataclass
class Workers:
    """Worker processes on one PostgreSQL database, each with its log."""

    trial: Trio
    database: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        config = self.trial.folder / f"{name}.toml"
        config.write_text(self.trial.configuration(name))
        environment = {**os.environ, **self.trial.environment()}
        with self.log(name).open("wb") as log:
            arguments = [*(command or COMMAND), "run", "--config", str(config)]
            self.processes[name] = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log)

    def log(self, name: str) -> Path:
        return self.trial.folder / f"{name}.log"

    def rows(self, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.database, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def sessions(self) -> dict[str, str]:
        """The session of each worker that is registered."""
        return {row["name"]: row["id"] for row in self.rows("SELECT name, id FROM worker")}

    def until(self, is_reached: Callable[[], bool]) -> None:
        _until(is_reached, self.log(next(iter(self.processes))))

    def until_all_are_alive(self) -> None:
        self.until(lambda: all("worker_started" in self.log(name).read_text() for name in self.processes))

    def until_posted(self, placed: dict[str, list[int]]) -> None:
        """Every order has exactly one sale."""
        expected = {name: sorted(self.trial.totals(name, orders)) for name, orders in placed.items()}
        self.until(lambda: {name: sorted(self.trial.sales(name).values()) for name in placed} == expected)

    def place_orders(self) -> dict[str, list[int]]:
        return {name: [self.trial.place(name, MUG=1, TEA=1) for _ in range(3)] for name in self.trial.stores}


@contextmanager
def _workers(folder: Path, database: str) -> Iterator[Workers]:
    with trio(folder, database) as trial, ExitStack() as stack:
        workers = Workers(trial, database)
        try:
            yield workers
        finally:
            for process in workers.processes.values():
                process.terminate()
            for process in workers.processes.values():
                stack.callback(process.wait, TIMEOUT_SECONDS)


def test_survivor_takes_the_connections_and_jobs_of_a_killed_worker(
    tmp_path: Path, fresh_database: Callable[[str], str]
) -> None:
    """The worker is killed while Cin7 creates a sale for it; both workers run on one host."""
    with _workers(tmp_path, fresh_database("survivor")) as workers:
        for name in ("worker-1", "worker-2"):
            workers.start(name)
        workers.until_all_are_alive()
        both = workers.sessions()
        slow = {"fault": "slow", "seconds": 60, "match": {"method": "POST", "path": "(?i)/v2/sale$"}, "times": 1}
        workers.trial.companies["apart"].fault("cin7", slow)
        placed = workers.place_orders()
        workers.until(lambda: any(rule["fired"] for rule in workers.trial.companies["apart"].faults("cin7")))
        running = "SELECT worker FROM job WHERE connection = 'apart' AND flow = 'orders' AND worker <> ''"
        [victim] = {name for row in workers.rows(running) for name in both if both[name] == row["worker"]}
        [survivor] = both.keys() - {victim}
        workers.processes[victim].send_signal(signal.SIGKILL)
        workers.until_posted(placed)
        assert workers.sessions() == {survivor: both[survivor]}
        assert '"worker_died"' in workers.log(survivor).read_text()


def test_hosts_whose_clocks_differ_agree_on_who_is_alive_and_what_is_due(
    tmp_path: Path, fresh_database: Callable[[str], str]
) -> None:
    """One host's clock is 20 s behind the server's, another's 60 s ahead; ten hours of the twins' time."""
    with _workers(tmp_path, fresh_database("hosts")) as workers:
        for name, ahead in (("behind", "-20"), ("ahead", "60")):
            workers.start(name, sys.executable, "-m", "tests.jobs.host", ahead)
        workers.until_all_are_alive()
        sessions = workers.sessions()
        began = workers.rows("SELECT max(heartbeat_at) AS at FROM worker")[0]["at"]
        placed = workers.place_orders()
        workers.until_posted(placed)
        # Each worker has looked at the other twice since, and twice was the most that a dead one would survive.
        workers.until(lambda: workers.rows("SELECT min(heartbeat_at) AS at FROM worker")[0]["at"] > began + 5_000_000)
        assert workers.sessions() == sessions
        assert not [name for name in sessions if "worker_died" in workers.log(name).read_text()]
        now = workers.trial.stores["north"].running.clock.now()
        for table, column in (("job", "started_at"), ("transfer", "created_at"), ("attempt", "started_at")):
            query = f"SELECT max({column}) AS latest FROM {table}"
            latest = EPOCH + timedelta(microseconds=workers.rows(query)[0]["latest"])
            assert latest <= now + timedelta(hours=1), f"{table} has a time of the host that is ahead"


def test_recurring_jobs_go_on_after_another_process_held_the_write_lock(tmp_path: Path) -> None:
    """The lock is held longer than the worker waits for it, so claims, ends and heartbeats fail meanwhile."""
    short = {"[installation]\n": "[installation]\nlock_wait_seconds = 1\n"}
    with harness(tmp_path, file=short) as trial:
        placed = list[int]()

        def hold_the_lock(current: Harness) -> None:
            with closing(sqlite3.connect(tmp_path / "weighbridge.db", isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                placed.append(current.place())
                time.sleep(3)
                holder.execute("ROLLBACK")

        trial.listen(hold_the_lock, lambda current: bool(current.sales(placed[0])), seconds=LONGEST_WAIT_SECONDS)
        trial.assert_one_sale(placed[0])
        with closing(sqlite3.connect(tmp_path / "weighbridge.db")) as database:
            due = database.execute(
                "SELECT flow FROM job WHERE key = '*' AND due_at IS NOT NULL OR worker <> ''"
            ).fetchall()
        enabled = set(RECURRING) - {Flow.CATALOGUE, Flow.STOCK_FAST}
        assert {flow for (flow,) in due} >= enabled


def test_second_process_under_one_name_is_refused_and_a_successor_starts_at_once(tmp_path: Path) -> None:
    with harness(tmp_path) as trial, ExitStack() as stack:
        config = tmp_path / "weighbridge.toml"
        config.write_text(trial.configuration().replace("port = 8800", "port = 0"))
        environment = {**os.environ, **trial.environment()}
        logs = [tmp_path / "first.log", tmp_path / "successor.log"]

        def start(log: Path) -> subprocess.Popen[bytes]:
            output = stack.enter_context(log.open("wb"))
            command = [*COMMAND, "run", "-c", str(config)]
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
            stack.callback(process.wait, TIMEOUT_SECONDS)
            stack.callback(process.kill)
            _until(lambda: "worker_started" in log.read_text(), log)
            return process

        first = start(logs[0])
        second = subprocess.run(
            [*COMMAND, "run", "-c", str(config)], env=environment, capture_output=True, text=True, check=False
        )
        assert second.returncode == 2
        sentence = (
            f"a worker named 'worker-1' runs on {os.uname().nodename} (process {first.pid}); give this one another"
        )
        assert second.stderr.replace("\n", " ").startswith(sentence)
        assert "Traceback" not in second.stderr + second.stdout
        first.kill()
        first.wait()
        start(logs[1])
