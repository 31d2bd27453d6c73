"""The lock date, before which no document may be dated. Source: GET /me, LockDate; platform notes, cin7 trap 46."""

from __future__ import annotations

from weighbridge_twins.cin7.errors import Problem
from weighbridge_twins.cin7.request_parsing import timestamp_of
from weighbridge_twins.cin7.state import Company


def before_lock_date(company: Company, date: str | None, name: str) -> list[Problem]:
    """Returns a problem when a document is dated before the lock date."""
    locked, timestamp = timestamp_of(company.me["LockDate"]), timestamp_of(date)
    if locked is None or timestamp is None or timestamp.date() >= locked.date():
        return []
    return [f"{name} cannot be earlier than the lock date {locked:%Y-%m-%d}"]
