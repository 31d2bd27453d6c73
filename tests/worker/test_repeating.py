"""A repeated task that fails again and again fills no log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from weighbridge.worker.repeating import LONGEST_PAUSE_WALL_SECONDS, Failures, repeating

LOCKED = sa.exc.OperationalError("UPDATE person SET mail = ?", ("ada@example.com",), Exception("database is locked"))


def _events(failures: Iterator[Exception | None]) -> list[dict[str, object]]:
    """What is logged while a task ends with each of `failures` in turn."""

    async def run() -> None:
        done, again = asyncio.Event(), asyncio.Event()

        async def read_stock() -> None:
            again.set()
            failure = next(failures, done)
            if failure is done:
                done.set()
            elif isinstance(failure, Exception):
                raise failure

        async with repeating(read_stock, 0.0, again):
            await done.wait()

    with capture_logs() as events:
        asyncio.run(run())
    return [dict(event) for event in events]


def test_a_known_condition_is_logged_once_without_a_traceback_and_then_counted() -> None:
    failed, recovered = _events(iter([LOCKED] * 50))
    assert failed["event"] == "worker_task_failed"
    assert failed["reason"] == "database is locked"
    assert failed["exc_info"] is None
    assert (recovered["event"], recovered["failures"]) == ("worker_task_recovered", 50)


def test_a_fault_of_the_program_is_logged_with_one_traceback() -> None:
    failed, recovered = _events(iter([KeyError("sku")] * 20))
    assert isinstance(failed["exc_info"], KeyError)
    assert recovered["failures"] == 20


def test_another_cause_is_logged_at_once() -> None:
    events = _events(iter([LOCKED, LOCKED, KeyError("sku"), LOCKED, None]))
    assert [event["reason"] for event in events if event["event"] == "worker_task_failed"] == [
        "database is locked", "KeyError: 'sku'", "database is locked",
    ]  # fmt: skip


@pytest.mark.parametrize("failures", [[], [None, None]], ids=["none", "some runs"])
def test_a_task_that_works_logs_nothing(failures: list[None]) -> None:
    assert _events(iter(failures)) == []


def test_a_failing_task_is_tried_less_and_less_often_and_after_a_success_as_before() -> None:
    failures, pauses = Failures("read_stock"), []
    for failure in [LOCKED, KeyError("sku")] * 10:
        failures.record(failure)
        pauses.append(failures.pause_wall_seconds())
    assert pauses[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_WALL_SECONDS
    failures.end()
    assert failures.pause_wall_seconds() == 0.0
