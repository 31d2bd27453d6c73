"""The watchdog reports jobs that do not start while every slot is stuck and the database is locked, over real HTTP."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
from structlog.testing import capture_logs

from tests.flows.harness import Harness, harness
from weighbridge.common.certificates import ssl_context
from weighbridge.persistence.repositories.transfers import State

PATIENCE_SECONDS = 40.0
ONE_SLOT = {"polling_seconds = 0.03": "polling_seconds = 0.03\nconcurrency = 1"}
"""Fifteen minutes, after which a job is late, take one and a half seconds of the machine's."""


def test_stuck_slots_are_reported_and_forgotten_once_they_are_free(tmp_path: Path) -> None:
    with harness(tmp_path, file=ONE_SLOT) as trial, httpx2.Client(verify=ssl_context(), timeout=20) as client:

        def problems() -> dict[str, str]:
            try:
                answer = client.get(f"http://127.0.0.1:{trial._port}/health/ready").json()["problems"]
            except httpx2.ConnectError:
                return {"starting": "nothing listens yet"}
            return {problem["id"]: problem["sentence"] for problem in answer}

        def act(trial: Harness) -> None:
            for platform in ("bigcommerce", "cin7"):
                trial.twins.fault(platform, {"fault": "slow", "seconds": 3})
            _wait(lambda: "jobs_late" in problems(), problems)
            _wait(lambda: bool(events("jobs_late")), problems)
            _wait(lambda: bool(_late_flows(tmp_path)), problems)
            locked = sqlite3.connect(tmp_path / "weighbridge.db", isolation_level=None)
            locked.execute("BEGIN IMMEDIATE")
            _wait(lambda: {"jobs_late", "database_locked"} <= problems().keys(), problems)
            assert client.get(f"http://127.0.0.1:{trial._port}/health/live").status_code == 200
            locked.close()
            for platform in ("bigcommerce", "cin7"):
                trial.twins.clear_faults(platform)

        def done(_: Harness) -> bool:
            return not problems() and bool(events("jobs_on_time")) and not _late_flows(tmp_path)

        with capture_logs() as logged:

            def events(name: str) -> list[Mapping[str, object]]:
                return [event for event in logged if event["event"] == name]

            trial.listen(act, done, ready=lambda _: not problems())
        assert {event["connection"] for event in events("jobs_late")} == {"main"}


def _wait(reached: Callable[[], bool], state: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, state()
        time.sleep(0.1)


def _late_flows(folder: Path) -> list[str]:
    """The flows of the open findings about late jobs."""
    with sqlite3.connect(folder / "weighbridge.db") as connection:
        query = "SELECT key FROM transfer WHERE flow = 'late_jobs' AND state = ?"
        return [key for (key,) in connection.execute(query, [State.HELD])]
