"""The engine's order of work: priorities count, and nothing waits for ever."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from weighbridge.jobs.engine import HEAD_START, PRIORITIES, EngineFile, in_turn
from weighbridge.persistence.repositories.job_queue import DueLook

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def _due(flow: str, seconds_ago: float) -> DueLook:
    return DueLook("main", flow, f"{flow}-{seconds_ago}", 1, NOON - timedelta(seconds=seconds_ago))


def test_an_order_goes_before_a_sweep_that_came_a_little_earlier() -> None:
    looks = [_due("stock", 5), _due("order_sweep", 9), _due("orders", 1), _due("orders", 2)]
    assert [look.key for look in in_turn(looks)] == ["orders-2", "orders-1", "order_sweep-9", "stock-5"]


def test_what_waited_long_goes_before_orders_that_just_came() -> None:
    longest = (max(PRIORITIES.values()) * HEAD_START).total_seconds()
    looks = [_due("orders", 0), _due("catalogue", longest + 1)]
    assert [look.flow for look in in_turn(looks)] == ["catalogue", "orders"]


def test_engine_file_keeps_what_was_committed_when_the_process_dies(tmp_path: Path) -> None:
    """Write-ahead log: a killed process loses nothing; only a power cut may lose the last commits."""
    connection = sqlite3.connect(tmp_path / "engine.db", factory=EngineFile)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    connection.close()
