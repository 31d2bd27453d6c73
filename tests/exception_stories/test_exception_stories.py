"""Every kind of exception, from its cause on the twins to its proof in the console, with users in a real browser."""

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
"""Areas with a story that runs with `make test`."""
STORIES = {named(story): story for stories in BY_AREA.values() for story in stories}


def as_parameter(name: str) -> object:
    """A story as a test parameter; most are marked slow, and one xdist worker plays all stories of a setting."""
    story = STORIES[name]
    marks = [pytest.mark.xdist_group(story.setting.name), *([] if story.everyday else [pytest.mark.slow])]
    return pytest.param(name, id=name, marks=marks)


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Played]]:
    """Returns a played story. The first call for a setting plays all its selected stories together."""
    requested = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    runs: dict[str, Played] = {}
    with chromium() as browser:

        def play_once(name: str) -> Played:
            if name not in runs:
                setting = STORIES[name].setting
                stories: list[AnyStory] = [
                    story
                    for other_name, story in STORIES.items()
                    if other_name in requested and story.setting is setting
                ]
                story_runs = play(setting, stories, browser, tmp_path_factory.mktemp(setting.name))
                runs.update({named(story_run.story): story_run for story_run in story_runs})
            return runs[name]

        yield play_once


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [as_parameter(name) for name in STORIES])
def test_exception_opens_is_acted_on_and_closes_with_proof(name: str, played: Callable[[str], Played]) -> None:
    story = played(name)
    if story.error is not None:
        raise story.error


@pytest.mark.parametrize("area", CATALOGUE_BY_AREA)
def test_every_kind_in_the_catalogue_has_a_story(area: str) -> None:
    stories = BY_AREA.get(area, [])
    assert {story.kind for story in stories} == {entry.kind for entry in CATALOGUE_BY_AREA[area]}
    assert bool([story.kind for story in stories if story.everyday]) == (area in EVERYDAY)


def test_only_kinds_that_open_no_exception_have_a_note_story() -> None:
    for name, story in STORIES.items():
        assert CATALOGUE[story.kind].only_noted == isinstance(story, Noted), name
