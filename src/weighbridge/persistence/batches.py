"""Batches: long lists of values cut so that each fits into one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

LARGEST_BATCH = 10_000
"""PostgreSQL takes 65,535 parameters in a statement, and SQLite as it is compiled by default 32,766."""
Value = TypeVar("Value", int, str)


def batches(values: Iterable[Value]) -> Iterator[list[Value]]:
    """The distinct `values` in order, in lists that one statement can take; none if there are no values."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), LARGEST_BATCH):
        yield ordered[start : start + LARGEST_BATCH]
