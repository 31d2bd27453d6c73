"""Plays all stories of a setting at once: causes, a reading, people at their desks, a closing reading, people again.

Whatever goes wrong in a story is kept for its own test; the other stories go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.furnished import apart
from tests.exception_stories.browser_user import Person, at_work
from tests.exception_stories.story import FINANCE, OPERATOR, Noted, Reading, Setting, Story, said
from tests.flows.harness import Rig
from tests.web.installation import PASSWORD, USERS, House, house
from weighbridge.domain.exceptions.kinds import CATALOGUE
from weighbridge.web.console.pages.exceptions import REMEDY_WORDS

AnyStory = Story | Noted


@dataclass
class Played:
    """One story on its way to its end."""

    story: AnyStory
    key: str = ""
    number: int = 0
    """Of the exception."""
    went_wrong: Exception | None = None

    def then(self, work: Callable[[], None]) -> None:
        """Does the next turn of the story, unless an earlier one went wrong."""
        if self.went_wrong is None:
            try:
                work()
            except Exception as error:
                self.went_wrong = error


def play(setting: Setting, stories: Sequence[AnyStory], browser: Browser, folder: Path) -> list[Played]:
    """Every story of `stories`, from its cause to its end."""
    cast = [Played(story) for story in stories]
    told = [one for one in cast if isinstance(one.story, Story)]
    noted = [one for one in cast if isinstance(one.story, Noted)]
    with ExitStack() as stack:
        trial = apart(lambda: stack.enter_context(setting.opened(folder)))
        apart(lambda: setting.begins(trial))
        for one in cast:
            one.then(lambda one=one: _caused(one, trial))
        _read(trial, [one.story.found_by for one in cast])
        later = [one for one in told if one.story.later]
        for one in later:
            one.then(lambda one=one: apart(lambda: one.story.later(trial, one.key)))
        _read(trial, [one.story.found_by for one in later])
        home = apart(lambda: stack.enter_context(_console(trial, folder)))
        with _desks(browser, home, trial) as people:
            for one in told:
                one.then(lambda one=one: _appears(one, trial, people))
                one.then(lambda one=one: _acted(one, trial, people))
            for one in noted:
                one.then(lambda one=one: _stands_on_its_order(one, trial, home, people))
        _read(trial, [one.story.proven_by for one in told if one.went_wrong is None])
        with _desks(browser, home, trial) as people:
            for one in told:
                one.then(lambda one=one: _closed(one, trial, people))
        for one in cast:
            one.then(lambda one=one: apart(lambda: one.story.ends(trial, one.key)))
        apart(stack.close)
    return cast


def _caused(one: Played, trial: Rig) -> None:
    one.key = apart(lambda: one.story.cause(trial))


def _read(trial: Rig, wanted: Sequence[Reading]) -> None:
    """Each reading one time, in the order in which stories ask for them."""
    done: list[Reading] = []
    for reading in wanted:
        if reading in done:
            continue
        done.append(reading)
        if isinstance(reading, tuple):
            apart(lambda flows=reading: trial.run(*flows))
        else:
            apart(lambda work=reading: work(trial))


@contextmanager
def _console(trial: Rig, folder: Path) -> Iterator[House]:
    with house(folder, trial.installation(), trial.environment()) as home:
        for name in (OPERATOR, FINANCE):
            home.do(lambda office, name=name: office.access.users.add(name, USERS[name], PASSWORD, "tests"))
        yield home


@contextmanager
def _desks(browser: Browser, home: House, trial: Rig) -> Iterator[dict[str, Person]]:
    """Both people, at the moment at which the twins are."""
    passed = trial.twins.running.clock.now() - home.office.clock.now()
    home.wait(seconds=passed.total_seconds())
    with ExitStack() as stack:
        yield {name: stack.enter_context(at_work(browser, home, name)) for name in (OPERATOR, FINANCE)}


def _appears(one: Played, trial: Rig, people: dict[str, Person]) -> None:
    """The exception stands in the list, and its page names owner, money at risk and evidence."""
    story, person = one.story, people[one.story.act.by]
    entry = CATALOGUE[story.kind]
    one.number = person.finds(said(story.title, trial, one.key))
    facts = person.facts()
    wanted = {
        "Owner": story.owner,
        "Money at risk": said(story.money, trial, one.key),
        "Where": said(story.field, trial, one.key),
        "What stood there": said(story.value, trial, one.key),
        "Why it happens": entry.cause,
        "Closes when": entry.proof,
    }
    assert {name: facts.get(name) for name in wanted} == wanted
    assert facts["What would pass"], "nobody knows what to do without it"
    expect(person.page.locator(".head .mark").first).to_have_text("open")


def _acted(one: Played, trial: Rig, people: dict[str, Person]) -> None:
    story, act = one.story, one.story.act
    apart(lambda: story.mended(trial, one.key))
    if act.not_by:
        other = people[act.not_by]
        other.opens(one.number)
        other.may_not(act.remedy)
    people[act.by].does(act.remedy, dict(act.told), act.reason, said(act.reads, trial, one.key))


def _closed(one: Played, trial: Rig, people: dict[str, Person]) -> None:
    """The page says that it is closed, by which proof, and that the action was what brought it about."""
    story, person = one.story, people[one.story.act.by]
    person.opens(one.number)
    expect(person.page.locator(".head .mark").first).to_have_text("closed")
    proof = person.page.locator('section[aria-labelledby="objects"] td[data-name="Proof"]').first
    expect(proof).to_contain_text(said(story.proof, trial, one.key))
    expect(person.page.get_by_role("heading", name=f"{REMEDY_WORDS[story.act.remedy]}: proven")).to_be_visible()
    assert "Closed" in person.facts()


def _stands_on_its_order(one: Played, trial: Rig, home: House, people: dict[str, Person]) -> None:
    story, page = one.story, people[OPERATOR].page
    page.goto(f"{home.url}/orders/main/{one.key}")
    rows = page.locator('section[aria-labelledby="found"] tbody tr')
    row = rows.filter(has_text=f"{story.kind.replace('_', ' ')} note")
    expect(row.locator("td").nth(1)).to_have_text(said(story.field, trial, one.key))
    expect(row.locator("td").nth(2)).to_have_text(said(story.value, trial, one.key))
    expect(row.locator("td").nth(4)).to_have_text(story.owner)
    expect(page.locator('section[aria-labelledby="needs"]')).to_have_count(0)
