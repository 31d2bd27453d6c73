"""Every golden life ends as its file says, to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lives.player import Life, as_toml, play, read_lives

LIVES = read_lives()
COMPANIES = sorted({life.company for life in LIVES})


@pytest.mark.parametrize("company", COMPANIES, ids=["-".join(one) for one in COMPANIES])
def test_lives_end_as_told(tmp_path: Path, company: tuple[str, ...]) -> None:
    together = [life for life in LIVES if life.company == company]
    play(tmp_path, together)
    assert [f"{life.name}: {life.title}\n{as_toml(life.outcome)}" for life in together if _differs(life)] == []


def test_lives_cover_both_tax_modes_and_three_currencies() -> None:
    assert {life.prices_with_tax for life in LIVES} == {True, False}
    assert len({life.currency for life in LIVES}) >= 3
    assert len({life.title for life in LIVES}) == len(LIVES)


def _differs(life: Life) -> bool:
    return life.outcome != life.expected
