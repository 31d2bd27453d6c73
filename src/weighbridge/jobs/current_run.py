"""The current run: which run of which job executes the caller."""

from __future__ import annotations

from contextvars import ContextVar

current_run_id: ContextVar[str] = ContextVar("current_run_id", default="")


def current_run() -> str:
    """The id of the run that executes the caller; empty outside a job."""
    return current_run_id.get()
