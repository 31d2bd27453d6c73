"""Rules for every test run: which skips are allowed, and where PostgreSQL comes from.

A test that lacks a tool skips with a reason that begins with `needs `. With WEIGHBRIDGE_REQUIRE_TOOLS=1 such a skip is
a failure, so that a machine with all tools runs every test. Tests that lack documents outside the source skip with a
reason that begins with `shared documents`; those skips are always allowed.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.postgres import fresh_database, postgres_url

__all__ = ["fresh_database", "postgres_url"]

TOOL_MISSING = "needs "

# No deadline: on a busy machine a quick example sometimes takes long.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


def _refused_reason(longrepr: object) -> str | None:
    """The reason of a skip that this run does not allow; None for an allowed skip."""
    if os.environ.get("WEIGHBRIDGE_REQUIRE_TOOLS") != "1" or not isinstance(longrepr, tuple):
        return None
    reason = str(longrepr[2]).removeprefix("Skipped: ")
    return reason if reason.startswith(TOOL_MISSING) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    reason = _refused_reason(report.longrepr) if report.skipped else None
    if reason:
        report.outcome = "failed"
        report.longrepr = f"skipped, which WEIGHBRIDGE_REQUIRE_TOOLS does not allow: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    reason = _refused_reason(report.longrepr) if report.skipped else None
    if reason:
        report.outcome = "failed"
        report.longrepr = f"skipped, which WEIGHBRIDGE_REQUIRE_TOOLS does not allow: {reason}"
    return report


def pytest_collection_finish() -> None:
    """Excludes everything loaded by now from garbage collection, which would traverse it on every pass."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
