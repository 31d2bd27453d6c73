"""Somebody sits before the console: signed in, with the keyboard alone if need be, and with what every page is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.web.installation import PASSWORD, House

PAGES = (
    "/", "/exceptions", "/exceptions/1", "/exceptions/1/act/retry", "/orders", "/orders/main/100", "/orders/main/104",
    "/refunds/main/101/1", "/stock", "/stock/main/MUG", "/stock/main/VASE-BLUE", "/flows", "/design",
    "/design?setting=payments.accounts&key=credit_card&value=095", "/reconciliation", "/settings", "/account", "/audit",
    "/exceptions-many?action=tag&told=seen", "/search?q=zzz", "/nowhere",
)  # fmt: skip
SERIOUS = ("serious", "critical")
DESK, TELEPHONE = 1280, 390
MOST_TABS = 120
Scheme = Literal["light", "dark"]


@contextmanager
def signed_in(browser: Browser, home: House, name: str, width: int = DESK, scheme: Scheme = "light") -> Iterator[Page]:
    """A page in which `name` is signed in; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{home.url}/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Today")
    yield page
    context.close()
    assert complaints == []


def faults_of(page: Page, home: House, axe: Axe, paths: Sequence[str] = PAGES) -> list[str]:
    """What keeps people from using any of these pages: axe's serious findings, and what is wider than the screen."""
    found: list[str] = []
    for path in paths:
        page.goto(home.url + path)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        found += [
            f"{path}: {fault['id']}: {node['html'][:160]}"
            for fault in axe.run(page).response["violations"]
            if fault["impact"] in SERIOUS
            for node in fault["nodes"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{path} is {wide} pixels wider than the screen")
    return found


def tab_to(page: Page, words: str) -> None:
    """Presses Tab until what has the focus says `words`, or has them as its id."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        at = page.evaluate("[document.activeElement.id, document.activeElement.textContent.trim()]")
        if words == at[0] or at[1].startswith(words):
            return
    raise AssertionError(f"Tab does not lead to {words!r} on {page.url}")
