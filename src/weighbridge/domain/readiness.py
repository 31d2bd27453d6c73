"""Readiness: the reasons why no work can be done now, each with a stable id and one sentence for the operator."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LARGEST_CLOCK_OFFSET = timedelta(seconds=10)
"""A larger difference makes workers doubt each other, and moves what "since" means in a search for changes."""
MOST_NAMED = 8


class ProblemId(StrEnum):
    """What keeps the process from being ready. Monitoring systems match on these ids."""

    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_LOCKED = "database_locked"
    DATABASE_BROKEN = "database_broken"
    DATABASE_SCHEMA = "database_schema"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_WRITE_FAILED = "database_write_failed"
    DISK_FULL = "disk_full"
    CONNECTIONS_EXHAUSTED = "connections_exhausted"
    WORKER_MISSING = "worker_missing"
    WORKER_DEAD = "worker_dead"
    JOBS_LATE = "jobs_late"
    RECURRING_JOB_MISSED = "recurring_job_missed"
    CLOCK_WRONG = "clock_wrong"
    CHECK_TIMED_OUT = "check_timed_out"
    CHECK_FAILED = "check_failed"


@dataclass(frozen=True, slots=True)
class ReadinessProblem:
    """One reason why no work can be done."""

    id: ProblemId
    sentence: str
    """What is wrong, and what to do. It holds no secret and no personal data."""


@dataclass(frozen=True, slots=True)
class LateJobs:
    """Jobs of one flow that are due for longer than allowed and have not started."""

    connection: str
    flow: str
    jobs: int
    oldest_due_at: datetime


@dataclass(frozen=True, slots=True)
class WorkerHeartbeat:
    """A worker that has not stopped in good order."""

    name: str
    heartbeat_at: datetime
    """By the database server's clock."""
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RecurringJob:
    """A recurring job of a connection: how often it should run, and when it last started."""

    connection: str
    flow: str
    cadence: timedelta
    last_started_at: datetime | None
    """None before its first run."""
    expected_since: datetime | None
    """Since when the first run is awaited; None if it is not awaited yet."""

    def is_missed(self, now: datetime, late_after: timedelta) -> bool:
        """Whether it has not started for half a cadence, or `late_after` if that is longer, past its cadence."""
        since = self.last_started_at or self.expected_since
        return since is not None and now - since > self.cadence + max(self.cadence / 2, late_after)


def worker_problems(
    heartbeats: Collection[WorkerHeartbeat], now: datetime, alive_within: timedelta
) -> list[ReadinessProblem]:
    """Nothing if any worker had a heartbeat within `alive_within`: it takes over the jobs of the others."""
    if any(now - worker.heartbeat_at <= alive_within for worker in heartbeats):
        return []
    if not heartbeats:
        sentence = "No worker is running, so no job is done; start one with `weighbridge run`."
        return [ReadinessProblem(ProblemId.WORKER_MISSING, sentence)]
    return [
        ReadinessProblem(
            ProblemId.WORKER_DEAD,
            f"Worker {worker.name} has had no heartbeat since {_time(worker.heartbeat_at)}, and no other worker is "
            "running; look at its process and restart it.",
        )
        for worker in sorted(heartbeats, key=lambda worker: worker.name)[:MOST_NAMED]
    ]


def late_job_problems(late_jobs: Collection[LateJobs], now: datetime, late_after: timedelta) -> list[ReadinessProblem]:
    """One problem for each connection and flow, the longest wait first."""
    longest_first = sorted(late_jobs, key=lambda late: late.oldest_due_at)[:MOST_NAMED]
    return [
        ReadinessProblem(
            ProblemId.JOBS_LATE,
            f"{_jobs(late.jobs)} of flow {late.flow} of connection {late.connection} not started, and the oldest has "
            f"been due for {duration(now - late.oldest_due_at)} (limit: {duration(late_after)}); find out what holds "
            "the workers up, or start another one.",
        )
        for late in longest_first
    ]


def missed_job_problems(
    recurring_jobs: Collection[RecurringJob], now: datetime, late_after: timedelta
) -> list[ReadinessProblem]:
    """One problem for each recurring job that has not run for much longer than its cadence."""
    missed = [job for job in recurring_jobs if job.is_missed(now, late_after)]
    return [
        ReadinessProblem(
            ProblemId.RECURRING_JOB_MISSED,
            f"Recurring job {job.flow} of connection {job.connection} should run every {duration(job.cadence)} and "
            + (f"last started {duration(now - job.last_started_at)} ago" if job.last_started_at else "has never run")
            + "; look for its failures on the page Flows.",
        )
        for job in sorted(missed, key=lambda job: (job.connection, job.flow))[:MOST_NAMED]
    ]


def clock_problems(offsets: Mapping[str, timedelta]) -> list[ReadinessProblem]:
    """One problem for each reference whose clock differs too much; `offsets` are its time less this machine's."""
    return [
        ReadinessProblem(
            ProblemId.CLOCK_WRONG,
            f"This machine's clock is {duration(abs(offset))} {'behind' if offset > timedelta(0) else 'ahead of'} "
            f"that of {reference}; synchronise both with a time server.",
        )
        for reference, offset in sorted(offsets.items())
        if abs(offset) > LARGEST_CLOCK_OFFSET
    ]


def duration(span: timedelta) -> str:
    """A span in its largest fitting unit, such as "20 minutes"."""
    seconds = int(span.total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s"
    return f"{seconds} seconds" if seconds != 1 else "1 second"


def _jobs(count: int) -> str:
    return "1 due job" if count == 1 else f"{count} due jobs"


def _time(timestamp: datetime) -> str:
    return f"{timestamp:%Y-%m-%d %H:%M:%S} UTC"
