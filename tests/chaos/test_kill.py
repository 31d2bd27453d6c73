"""`kill -9` at any time: the restarted product ends in the same state as an undisturbed run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.killing import FEW, DemoOptions, kill_many, options, table


def _all_same(points: int, seed: int, make_options: Callable[[int], DemoOptions]) -> None:
    kills = kill_many(points, seed, make_options)
    print("\n" + table(kills))
    assert all(kill.same and kill.balanced for kill in kills), table(kills)


@pytest.mark.timeout(200)
def test_a_kill_on_postgresql_with_two_workers_ends_in_the_same_state(fresh_database: Callable[[str], str]) -> None:
    """The short form. For SQLite, `test_upgrade.py` kills a worker in every test run."""
    _all_same(1, 8, lambda number: _few(fresh_database(f"kill_short_{number}")))


def _few(database: str) -> DemoOptions:
    return options("invoice_and_payment", database, workers=2, orders=FEW)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("post", ["order", "invoice_and_payment"])
def test_twenty_kills_on_sqlite_end_in_the_same_state(post: str) -> None:
    _all_same(20, 11, lambda number: options(post))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_kills_on_postgresql_with_two_workers_end_in_the_same_state(fresh_database: Callable[[str], str]) -> None:
    _all_same(10, 12, lambda number: options("order", fresh_database(f"kill_{number}"), workers=2))
