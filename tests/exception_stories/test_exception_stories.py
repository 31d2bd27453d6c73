"""Every kind of exception, from its cause between the twins to its proof on the page, with people at a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.chromium import chromium
from tests.exception_stories.player import AnyStory, Played, play
from tests.exception_stories.stories import BY_AREA, named
from tests.exception_stories.story import Noted
from weighbridge.domain.exceptions.kinds import BY_AREA as CATALOGUE_BY_AREA
from weighbridge.domain.exceptions.kinds import CATALOGUE

EVERYDAY = ("Orders", "Money", "Returns", "Stock", "Monitors")
"""Areas of which one story runs with `make test`."""
STORIES = {named(story): story for stories in BY_AREA.values() for story in stories}


def told(name: str) -> object:
    """A story as a test; most are long ones, and those of one setting go to one worker."""
    story = STORIES[name]
    marks = [pytest.mark.xdist_group(story.setting.name), *([] if story.everyday else [pytest.mark.slow])]
    return pytest.param(name, id=name, marks=marks)


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Played]]:
    """Answers how a story went. Those of its setting that this run asks for are played together, the first time."""
    wanted = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    went: dict[str, Played] = {}
    with chromium() as browser:

        def went_how(name: str) -> Played:
            if name not in went:
                setting = STORIES[name].setting
                together: list[AnyStory] = [
                    story for other, story in STORIES.items() if other in wanted and story.setting is setting
                ]
                cast = play(setting, together, browser, tmp_path_factory.mktemp(setting.name))
                went.update({named(one.story): one for one in cast})
            return went[name]

        yield went_how


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [told(name) for name in STORIES])
def test_it_appears_is_acted_upon_and_closes_with_its_proof(name: str, played: Callable[[str], Played]) -> None:
    story = played(name)
    if story.went_wrong is not None:
        raise story.went_wrong


@pytest.mark.parametrize("area", CATALOGUE_BY_AREA)
def test_every_kind_of_the_catalogue_has_its_story(area: str) -> None:
    stories = BY_AREA.get(area, [])
    assert {story.kind for story in stories} == {entry.kind for entry in CATALOGUE_BY_AREA[area]}
    assert bool([story.kind for story in stories if story.everyday]) == (area in EVERYDAY)


def test_only_what_opens_no_exception_is_told_as_a_note() -> None:
    for name, story in STORIES.items():
        assert CATALOGUE[story.kind].only_noted == isinstance(story, Noted), name
