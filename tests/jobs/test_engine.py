"""The dispatch order: priorities count, and no job waits for ever. The engine's file survives a killed process."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from weighbridge.jobs.engine import HEAD_START, EngineFile, dispatch_order

from weighbridge.domain.job_types import JOB_TYPES
from weighbridge.persistence.repositories.job_queue import DueJob

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def _due_job(flow: str, seconds_ago: float) -> DueJob:
    return DueJob("main", flow, f"{flow}-{seconds_ago}", 1, NOON - timedelta(seconds=seconds_ago))


def test_an_order_precedes_a_sweep_that_was_due_a_little_earlier() -> None:
    jobs = [_due_job("stock", 5), _due_job("order_sweep", 9), _due_job("orders", 1), _due_job("orders", 2)]
    assert [job.key for job in dispatch_order(jobs)] == ["orders-2", "orders-1", "order_sweep-9", "stock-5"]


def test_a_job_that_waited_long_precedes_new_orders() -> None:
    longest = (max(job_type.priority for job_type in JOB_TYPES) * HEAD_START).total_seconds()
    jobs = [_due_job("orders", 0), _due_job("catalogue", longest + 1)]
    assert [job.flow for job in dispatch_order(jobs)] == ["catalogue", "orders"]


def test_engine_file_keeps_what_was_committed_when_the_process_dies(tmp_path: Path) -> None:
    """With the write-ahead log a killed process loses nothing; only a power cut may lose the last commits."""
    connection = sqlite3.connect(tmp_path / "engine.db", factory=EngineFile)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    connection.close()
