"""Browser sessions of signed-in users, accessibility checks of pages, and navigation by keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.web.installation import PASSWORD, RunningInstallation

PAGES = (
    "/", "/exceptions", "/exceptions/1", "/exceptions/1/playbooks/retry", "/orders", "/orders/main/100",
    "/orders/main/104", "/refunds/main/101/1", "/stock", "/stock/main/MUG", "/stock/main/VASE-BLUE", "/flows",
    "/design", "/design?setting=payments.accounts&key=credit_card&value=095", "/reconciliation", "/settings",
    "/storage", "/account", "/audit", "/exceptions-bulk?action=tag&value=seen", "/search?q=zzz", "/nowhere",
)  # fmt: skip
SERIOUS = ("serious", "critical")
DESKTOP, TELEPHONE = 1280, 390
MOST_TABS = 120
Scheme = Literal["light", "dark"]


@contextmanager
def signed_in(
    browser: Browser, installation: RunningInstallation, name: str, width: int = DESKTOP, scheme: Scheme = "light"
) -> Iterator[Page]:
    """A page in which `name` is signed in; every complaint of the browser fails the test."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{installation.url}/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Today")
    yield page
    context.close()
    assert complaints == []


def faults_of(page: Page, installation: RunningInstallation, axe: Axe, paths: Sequence[str] = PAGES) -> list[str]:
    """Accessibility faults of these pages: axe's serious findings, and content wider than the screen."""
    faults: list[str] = []
    for path in paths:
        page.goto(installation.url + path)
        page.evaluate("document.querySelectorAll('main details').forEach((details) => { details.open = true; })")
        faults += [
            f"{path}: {fault['id']}: {node['html'][:160]}"
            for fault in axe.run(page).response["violations"]
            if fault["impact"] in SERIOUS
            for node in fault["nodes"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{path} is {wide} pixels wider than the screen")
    return faults


def tab_to(page: Page, text: str) -> None:
    """Presses Tab until the focused element's text begins with `text`, or its id is `text`."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        element_id, content = page.evaluate("[document.activeElement.id, document.activeElement.textContent.trim()]")
        if text == element_id or content.startswith(text):
            return
    raise AssertionError(f"Tab does not lead to {text!r} on {page.url}")
