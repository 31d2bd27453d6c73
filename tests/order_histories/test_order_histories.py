"""Every order history ends as its file says, to the cent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.order_histories.player import FOLDER, Faults, OrderHistory, as_toml, play, read_histories

HISTORIES = read_histories()
COMPANIES = sorted({life.company for life in HISTORIES})
ORDINARY = next(history for history in HISTORIES if history.name == "refund-one-mug").company


@pytest.mark.parametrize("company", COMPANIES, ids=["-".join(names) for names in COMPANIES])
def test_histories_end_as_expected(tmp_path: Path, company: tuple[str, ...]) -> None:
    histories = [history for history in HISTORIES if history.company == company]
    play(tmp_path, histories)
    assert [
        f"{history.name}: {history.title}\n{as_toml(history.outcome)}" for history in histories if _differs(history)
    ] == []


REFUNDS = {"method": "POST", "path": "(?i)/v2/sale/(creditnote|payment)$"}
HARDSHIP: Faults = (
    ("cin7", {"fault": "drop_after", "match": REFUNDS, "probability": 0.3, "seed": 1}),
    ("cin7", {"fault": "error_before", "match": REFUNDS, "probability": 0.2, "status": 503, "seed": 2}),
    ("cin7", {"fault": "error_after", "match": REFUNDS, "probability": 0.2, "seed": 3}),
    ("bigcommerce", {"fault": "throttle", "match": {"path": "refunds($|/)"}, "probability": 0.3, "seed": 4}),
)
"""More than half of the writes of refunds fail, and many of the failed ones were committed nevertheless."""
SEVERAL_PAYMENTS = ("refund-all-lines-one-by-one", "refund-split-tender", "refund-everything", "restock-in-two-refunds")


def test_refunds_end_the_same_whatever_answers_are_lost(tmp_path: Path) -> None:
    histories = [history for history in HISTORIES if history.name in SEVERAL_PAYMENTS]
    assert len(histories) == len(SEVERAL_PAYMENTS)
    play(tmp_path, histories, HARDSHIP)
    assert [
        f"{history.name}: {history.title}\n{as_toml(history.outcome)}" for history in histories if _differs(history)
    ] == []


@pytest.mark.slow
def test_every_refund_ends_the_same_whatever_answers_are_lost(tmp_path: Path) -> None:
    refunded = [history for history in HISTORIES if history.name.startswith(("refund", "restock"))]
    histories = [history for history in refunded if history.company == ORDINARY]
    play(tmp_path, histories, HARDSHIP)
    assert [
        f"{history.name}: {history.title}\n{as_toml(history.outcome)}" for history in histories if _differs(history)
    ] == []


def test_histories_cover_both_tax_modes_and_three_currencies() -> None:
    assert {history.prices_with_tax for history in HISTORIES} == {True, False}
    assert len({history.currency for history in HISTORIES}) >= 3
    assert len({history.title for history in HISTORIES}) == len(HISTORIES)


def test_the_readme_lists_each_history_once() -> None:
    covered = (FOLDER / "README.md").read_text(encoding="utf-8").partition("## What is covered")[2]
    named = re.findall(r"`([a-z-]+)`", covered)
    assert sorted(named) == sorted(history.name for history in HISTORIES)


def _differs(history: OrderHistory) -> bool:
    return history.outcome != history.expected
