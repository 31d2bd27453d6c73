"""A user of the console: signs in, finds an exception in the list, reads its page, acts through the preview."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.web.installation import PASSWORD, RunningInstallation
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.queries.labels import with_business_names
from weighbridge.web.console.pages.exceptions import PLAYBOOK_LABELS

TIMEOUT_MS = 30_000
"""The longest time of a page on a busy machine."""
FACTS = """() => Object.fromEntries([...document.querySelectorAll('dl.facts dt')]
    .map(term => [term.textContent.trim(), term.nextElementSibling.textContent.trim()]))"""


class BrowserUser:
    """A user with a browser window."""

    def __init__(self, page: Page, console: RunningInstallation) -> None:
        self.page = page
        self._console = console

    def finds(self, title: str) -> int:
        """The number of the open exception with this stored title, found by a search in the list."""
        displayed_title = with_business_names(title)
        self.page.goto(f"{self._console.url}/exceptions")
        self.page.fill("#q", title)
        self.page.get_by_role("button", name="Filter", exact=True).click()
        link = self.page.get_by_role("link", name=displayed_title, exact=True)
        try:
            expect(link).to_have_count(1, timeout=TIMEOUT_MS)
        except AssertionError:
            self.page.goto(f"{self._console.url}/exceptions")
            titles = self.page.locator("a[data-row]").all_inner_texts()
            message = f"expected one open exception with the title {displayed_title!r}; open are: {titles}"
            raise AssertionError(message) from None
        link.click()
        expect(self.page.locator("h1")).to_have_text(displayed_title, timeout=TIMEOUT_MS)
        return int(self.page.url.rpartition("/")[2])

    def opens(self, number: int) -> None:
        """Opens the page of an exception."""
        self.page.goto(f"{self._console.url}/exceptions/{number}")

    def facts(self) -> dict[str, str]:
        """The terms of the page with their values."""
        facts: dict[str, str] = self.page.evaluate(FACTS)
        return facts

    def runs_playbook(self, playbook: Playbook, inputs: dict[str, str], reason: str, preview_text: str) -> None:
        """Takes a safe action: fills in its inputs, reads the preview, and runs it."""
        page = self.page
        page.get_by_role("link", name=PLAYBOOK_LABELS[playbook], exact=True).click()
        expect(page.locator("h1")).to_have_text(PLAYBOOK_LABELS[playbook], timeout=TIMEOUT_MS)
        if inputs:
            for name, value in inputs.items():
                page.fill(f"#{name}", value)
            page.get_by_role("button", name="Preview", exact=True).click()
        expect(page.get_by_role("heading", name="Preview", exact=True)).to_be_visible(timeout=TIMEOUT_MS)
        expect(page.get_by_role("listitem").filter(has_text=preview_text)).to_have_count(1)
        if reason:
            page.fill("#reason", reason)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("The playbook has started", timeout=TIMEOUT_MS)

    def may_not(self, playbook: Playbook) -> None:
        """The page says that the user's role does not allow the action, and has no link to it."""
        expect(self.page.get_by_text("Not allowed for your role")).to_contain_text(PLAYBOOK_LABELS[playbook])
        expect(self.page.get_by_role("link", name=PLAYBOOK_LABELS[playbook], exact=True)).to_have_count(0)


@contextmanager
def signed_in(browser: Browser, console: RunningInstallation, name: str) -> Iterator[BrowserUser]:
    """The user `name`, signed in, with a separate browser window."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{console.url}/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Today", timeout=TIMEOUT_MS)
    yield BrowserUser(page, console)
    context.close()
