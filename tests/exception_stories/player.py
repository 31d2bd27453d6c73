"""Plays all stories of a setting together: causes, a run of the flows, users, another run, users again.

An error in a story is stored for the story's test; the other stories continue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.sample_data import in_thread
from tests.exception_stories.browser_user import BrowserUser, signed_in
from tests.exception_stories.story import FINANCE, OPERATOR, FlowRun, Noted, Setting, Story, render_text
from tests.flows.harness import Harness
from tests.web.installation import PASSWORD, USERS, RunningInstallation, running_installation
from weighbridge.domain.exceptions.kinds import CATALOGUE
from weighbridge.queries.labels import label_of_field, label_of_value
from weighbridge.web.console.pages.exceptions import PLAYBOOK_LABELS

AnyStory = Story | Noted


@dataclass
class Played:
    """One story while it is played."""

    story: AnyStory
    key: str = ""
    number: int = 0
    """The number of its exception."""
    error: Exception | None = None

    def then(self, work: Callable[[], None]) -> None:
        """Plays the next part of the story, unless an earlier one failed."""
        if self.error is None:
            try:
                work()
            except Exception as error:
                self.error = error


def play(setting: Setting, stories: Sequence[AnyStory], browser: Browser, folder: Path) -> list[Played]:
    """Plays `stories` from their causes to their ends."""
    cast = [Played(story) for story in stories]
    exceptions = [played for played in cast if isinstance(played.story, Story)]
    noted = [played for played in cast if isinstance(played.story, Noted)]
    with ExitStack() as stack:
        trial = in_thread(lambda: stack.enter_context(setting.opened(folder)))
        in_thread(lambda: setting.begins(trial))
        for played in cast:
            played.then(lambda played=played: _run_cause(played, trial))
        _run_each_once(trial, [played.story.found_by for played in cast])
        later = [played for played in exceptions if played.story.later]
        for played in later:
            played.then(lambda played=played: in_thread(lambda: played.story.later(trial, played.key)))
        _run_each_once(trial, [played.story.found_by for played in later])
        console = in_thread(lambda: stack.enter_context(_console(trial, folder)))
        with _signed_in_users(browser, console, trial) as users:
            for played in exceptions:
                played.then(lambda played=played: _appears(played, trial, users))
                played.then(lambda played=played: _acted(played, trial, users))
            for played in noted:
                played.then(lambda played=played: _note_is_on_order(played, trial, console, users))
        _run_each_once(trial, [played.story.proven_by for played in exceptions if played.error is None])
        with _signed_in_users(browser, console, trial) as users:
            for played in exceptions:
                played.then(lambda played=played: _closed(played, trial, users))
        for played in cast:
            played.then(lambda played=played: in_thread(lambda: played.story.ends(trial, played.key)))
        in_thread(stack.close)
    return cast


def _run_cause(played: Played, trial: Harness) -> None:
    played.key = in_thread(lambda: played.story.cause(trial))


def _run_each_once(trial: Harness, flow_runs: Sequence[FlowRun]) -> None:
    """Makes each run once, in the order of the stories."""
    done: list[FlowRun] = []
    for flow_run in flow_runs:
        if flow_run in done:
            continue
        done.append(flow_run)
        if isinstance(flow_run, tuple):
            in_thread(lambda flows=flow_run: trial.run(*flows))
        else:
            in_thread(lambda work=flow_run: work(trial))


@contextmanager
def _console(trial: Harness, folder: Path) -> Iterator[RunningInstallation]:
    with running_installation(folder, trial.installation(), trial.environment()) as console:
        for name in (OPERATOR, FINANCE):
            console.do(lambda app, name=name: app.access.users.add(name, USERS[name], PASSWORD, "tests"))
        yield console


@contextmanager
def _signed_in_users(
    browser: Browser, console: RunningInstallation, trial: Harness
) -> Iterator[dict[str, BrowserUser]]:
    """Both users, signed in, with the console's clock at the twins' time."""
    passed = trial.twins.running.clock.now() - console.app.clock.now()
    console.wait(seconds=passed.total_seconds())
    with ExitStack() as stack:
        yield {name: stack.enter_context(signed_in(browser, console, name)) for name in (OPERATOR, FINANCE)}


def _appears(played: Played, trial: Harness, users: dict[str, BrowserUser]) -> None:
    """The exception is in the list, and its page shows owner, amount at risk and finding."""
    story, user = played.story, users[played.story.action.user]
    entry, field = CATALOGUE[story.kind], render_text(story.field, trial, played.key)
    played.number = user.finds(render_text(story.title, trial, played.key))
    facts = user.facts()
    expected = {
        "Owner": story.owner,
        "Amount at risk": render_text(story.money, trial, played.key),
        "Field": label_of_field(field),
        "Found": label_of_value(field, render_text(story.value, trial, played.key)),
        "Cause": entry.cause,
        "Closes when": entry.proof,
    }
    assert {name: facts.get(name) for name in expected} == expected
    assert facts["Expected"], "an exception must say what was expected"
    expect(user.page.locator(".head .mark").first).to_have_text("open")


def _acted(played: Played, trial: Harness, users: dict[str, BrowserUser]) -> None:
    story, action = played.story, played.story.action
    in_thread(lambda: story.fix(trial, played.key))
    if action.unauthorised_user:
        unauthorised = users[action.unauthorised_user]
        unauthorised.opens(played.number)
        unauthorised.may_not(action.playbook)
    users[action.user].runs_playbook(
        action.playbook, dict(action.inputs), action.reason, render_text(action.preview_text, trial, played.key)
    )


def _closed(played: Played, trial: Harness, users: dict[str, BrowserUser]) -> None:
    """The page shows the exception as closed, with its proof, and the action as proven."""
    story, user = played.story, users[played.story.action.user]
    user.opens(played.number)
    expect(user.page.locator(".head .mark").first).to_have_text("closed")
    proof = user.page.locator('section[aria-labelledby="objects"] td[data-name="Proof"]').first
    expect(proof).to_contain_text(render_text(story.proof, trial, played.key))
    expect(user.page.get_by_role("heading", name=f"{PLAYBOOK_LABELS[story.action.playbook]}: proven")).to_be_visible()
    assert "Closed" in user.facts()


def _note_is_on_order(
    played: Played, trial: Harness, console: RunningInstallation, users: dict[str, BrowserUser]
) -> None:
    story, page = played.story, users[OPERATOR].page
    field, value = (render_text(text, trial, played.key) for text in (story.field, story.value))
    page.goto(f"{console.url}/orders/main/{played.key}")
    rows = page.locator('section[aria-labelledby="found"] tbody tr')
    row = rows.filter(has_text=f"{story.kind.replace('_', ' ')} note")
    expect(row.locator("td").nth(1)).to_have_text(label_of_field(field))
    expect(row.locator("td").nth(2)).to_have_text(label_of_value(field, value))
    expect(row.locator("td").nth(4)).to_have_text(story.owner)
    expect(page.locator('section[aria-labelledby="needs"]')).to_have_count(0)
