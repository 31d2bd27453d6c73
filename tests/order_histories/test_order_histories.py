"""Every golden life ends as its file says, to the cent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.order_histories.player import FOLDER, Faults, Life, as_toml, play, read_lives

LIVES = read_lives()
COMPANIES = sorted({life.company for life in LIVES})
ORDINARY = next(life for life in LIVES if life.name == "refund-one-mug").company


@pytest.mark.parametrize("company", COMPANIES, ids=["-".join(one) for one in COMPANIES])
def test_lives_end_as_told(tmp_path: Path, company: tuple[str, ...]) -> None:
    together = [life for life in LIVES if life.company == company]
    play(tmp_path, together)
    assert [f"{life.name}: {life.title}\n{as_toml(life.outcome)}" for life in together if _differs(life)] == []


REFUNDS = {"method": "POST", "path": "(?i)/v2/sale/(creditnote|payment)$"}
HARDSHIP: Faults = (
    ("cin7", {"fault": "drop_after", "match": REFUNDS, "probability": 0.3, "seed": 1}),
    ("cin7", {"fault": "error_before", "match": REFUNDS, "probability": 0.2, "status": 503, "seed": 2}),
    ("cin7", {"fault": "error_after", "match": REFUNDS, "probability": 0.2, "seed": 3}),
    ("bigcommerce", {"fault": "throttle", "match": {"path": "refunds($|/)"}, "probability": 0.3, "seed": 4}),
)
"""Every other write of a refund goes wrong in some way, and half of these were committed all the same."""
OFTEN_PAID = ("refund-all-lines-one-by-one", "refund-split-tender", "refund-everything", "restock-in-two-refunds")


def test_refunds_end_the_same_whatever_answers_are_lost(tmp_path: Path) -> None:
    together = [life for life in LIVES if life.name in OFTEN_PAID]
    assert len(together) == len(OFTEN_PAID)
    play(tmp_path, together, HARDSHIP)
    assert [f"{life.name}: {life.title}\n{as_toml(life.outcome)}" for life in together if _differs(life)] == []


@pytest.mark.slow
def test_every_refund_ends_the_same_whatever_answers_are_lost(tmp_path: Path) -> None:
    paid = [life for life in LIVES if life.name.startswith(("refund", "restock"))]
    together = [life for life in paid if life.company == ORDINARY]
    play(tmp_path, together, HARDSHIP)
    assert [f"{life.name}: {life.title}\n{as_toml(life.outcome)}" for life in together if _differs(life)] == []


def test_lives_cover_both_tax_modes_and_three_currencies() -> None:
    assert {life.prices_with_tax for life in LIVES} == {True, False}
    assert len({life.currency for life in LIVES}) >= 3
    assert len({life.title for life in LIVES}) == len(LIVES)


def test_the_table_of_lives_names_each_of_them_once() -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8").partition("## What is covered")[2]
    named = re.findall(r"`([a-z-]+)`", told)
    assert sorted(named) == sorted(life.name for life in LIVES)


def _differs(life: Life) -> bool:
    return life.outcome != life.expected
