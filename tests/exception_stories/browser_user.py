"""A person before the console: signs in, finds an exception in the list, reads its page, acts through its preview."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.web.installation import PASSWORD, House
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.web.console.pages.exceptions import REMEDY_WORDS

PATIENCE = 30_000
"""Milliseconds that a page may take on a busy machine."""
FACTS = """() => Object.fromEntries([...document.querySelectorAll('dl.facts dt')]
    .map(term => [term.textContent.trim(), term.nextElementSibling.textContent.trim()]))"""


class Person:
    """Somebody with a browser window."""

    def __init__(self, page: Page, home: House) -> None:
        self.page = page
        self._home = home

    def finds(self, title: str) -> int:
        """The number of the open exception with this title, looked up in the list."""
        self.page.goto(f"{self._home.url}/exceptions")
        self.page.fill("#q", title)
        self.page.get_by_role("button", name="Show", exact=True).click()
        found = self.page.get_by_role("link", name=title, exact=True)
        try:
            expect(found).to_have_count(1, timeout=PATIENCE)
        except AssertionError:
            self.page.goto(f"{self._home.url}/exceptions")
            titles = self.page.locator("a[data-row]").all_inner_texts()
            raise AssertionError(f"not one open exception reads {title!r}; these are open: {titles}") from None
        found.click()
        expect(self.page.locator("h1")).to_have_text(title, timeout=PATIENCE)
        return int(self.page.url.rpartition("/")[2])

    def opens(self, number: int) -> None:
        """Goes to the page of an exception."""
        self.page.goto(f"{self._home.url}/exceptions/{number}")

    def facts(self) -> dict[str, str]:
        """The terms of the page and what stands beside them."""
        found: dict[str, str] = self.page.evaluate(FACTS)
        return found

    def does(self, remedy: Remedy, told: dict[str, str], reason: str, reads: str) -> None:
        """Takes a safe action: answers what it asks for, reads what would happen, and only then does it."""
        page = self.page
        page.get_by_role("link", name=REMEDY_WORDS[remedy], exact=True).click()
        expect(page.locator("h1")).to_have_text(REMEDY_WORDS[remedy], timeout=PATIENCE)
        if told:
            for name, value in told.items():
                page.fill(f"#{name}", value)
            page.get_by_role("button", name="See what would happen").click()
        expect(page.get_by_role("heading", name="What would happen")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("listitem").filter(has_text=reads)).to_have_count(1)
        if reason:
            page.fill("#reason", reason)
        page.get_by_role("button", name="Do it", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("The action has begun", timeout=PATIENCE)

    def may_not(self, remedy: Remedy) -> None:
        """The page says that this is for other roles, and offers it nowhere."""
        expect(self.page.get_by_text("For other roles than yours")).to_contain_text(REMEDY_WORDS[remedy])
        expect(self.page.get_by_role("link", name=REMEDY_WORDS[remedy], exact=True)).to_have_count(0)


@contextmanager
def at_work(browser: Browser, home: House, name: str) -> Iterator[Person]:
    """`name` with a browser window of their own, signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{home.url}/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Today", timeout=PATIENCE)
    yield Person(page, home)
    context.close()
