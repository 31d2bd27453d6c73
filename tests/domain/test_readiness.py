"""Readiness is lost for a reason that an operator can act on, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from weighbridge.domain.readiness import (
    LateJobs,
    ProblemId,
    RecurringJob,
    WorkerHeartbeat,
    clock_problems,
    duration,
    late_job_problems,
    missed_job_problems,
    worker_problems,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATE_AFTER = 15 * MINUTE


def _recurring(cadence: timedelta, last: timedelta | None, expected: timedelta | None = None) -> RecurringJob:
    return RecurringJob(
        "main",
        "stock",
        cadence,
        NOW - last if last is not None else None,
        NOW - expected if expected is not None else None,
    )


@pytest.mark.parametrize(
    ("cadence", "last", "is_missed"),
    [
        (5 * MINUTE, 19 * MINUTE, False),
        (5 * MINUTE, 21 * MINUTE, True),
        (DAY, 35 * HOUR, False),
        (DAY, 37 * HOUR, True),
    ],
)
def test_a_recurring_job_is_missed_well_after_its_cadence(cadence: timedelta, last: timedelta, is_missed: bool) -> None:
    assert bool(missed_job_problems([_recurring(cadence, last)], NOW, LATE_AFTER)) is is_missed


def test_a_job_that_never_ran_is_missed_once_it_was_expected_for_long() -> None:
    assert missed_job_problems([_recurring(5 * MINUTE, None, None)], NOW, LATE_AFTER) == []
    assert missed_job_problems([_recurring(5 * MINUTE, None, 3 * MINUTE)], NOW, LATE_AFTER) == []
    (problem,) = missed_job_problems([_recurring(5 * MINUTE, None, HOUR)], NOW, LATE_AFTER)
    assert "has never run" in problem.sentence


def test_one_living_worker_is_enough_because_it_takes_over_the_jobs_of_the_dead() -> None:
    dead, alive = WorkerHeartbeat("worker-1", NOW - HOUR, NOW - DAY), WorkerHeartbeat("worker-2", NOW, NOW - DAY)
    assert worker_problems([dead, alive], NOW, 30 * timedelta(seconds=1)) == []
    assert [problem.id for problem in worker_problems([dead], NOW, MINUTE)] == [ProblemId.WORKER_DEAD]
    assert [problem.id for problem in worker_problems([], NOW, MINUTE)] == [ProblemId.WORKER_MISSING]


def test_the_longest_wait_comes_first_among_late_jobs() -> None:
    late = [LateJobs("main", "stock", 1, NOW - HOUR), LateJobs("main", "orders", 41, NOW - 5 * HOUR)]
    first, second = late_job_problems(late, NOW, LATE_AFTER)
    assert first.sentence.startswith("41 due jobs of flow orders of connection main not started")
    assert second.sentence.startswith("1 due job of flow stock")


def test_a_clock_may_differ_by_seconds_and_by_no_more() -> None:
    assert clock_problems({"BigCommerce": timedelta(seconds=9), "Cin7 Core": timedelta(seconds=-9)}) == []
    (problem,) = clock_problems({"BigCommerce": -10 * MINUTE})
    assert problem.sentence.startswith("This machine's clock is 10 minutes ahead of that of BigCommerce;")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=90), "90 seconds"),
        (20 * MINUTE, "20 minutes"),
        (50 * HOUR, "2 days"),
    ],
)
def test_a_span_is_written_in_its_largest_fitting_unit(span: timedelta, text: str) -> None:
    assert duration(span) == text
