"""The lock date: nothing is dated before it. Source: GET /me, LockDate; platform notes, cin7 trap 46."""

from __future__ import annotations

from weighbridge_twins.cin7.errors import Problem
from weighbridge_twins.cin7.reading import moment_of
from weighbridge_twins.cin7.state import Company


def before_lock_date(company: Company, date: str | None, name: str) -> list[Problem]:
    """A problem when a document's date lies before the lock date."""
    locked, moment = moment_of(company.me["LockDate"]), moment_of(date)
    if locked is None or moment is None or moment.date() >= locked.date():
        return []
    return [f"{name} cannot be earlier than the lock date {locked:%Y-%m-%d}"]
