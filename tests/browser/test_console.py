"""The console in a real browser: usable by everybody, without a mouse, in both colour schemes, on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.furnished import apart
from tests.console.house import PASSWORD, House
from tests.flows.rig import Rig
from weighbridge.domain.finding import FindingKind
from weighbridge.exceptions.wanted import Wanted

PAGES = (
    "/", "/exceptions", "/exceptions/1", "/exceptions/1/act/retry", "/orders", "/orders/main/100", "/stock",
    "/stock/main/MUG", "/flows", "/design", "/settings", "/account", "/audit", "/search?q=zzz", "/nowhere",
)  # fmt: skip
SERIOUS = ("serious", "critical")
Scheme = Literal["light", "dark"]


@contextmanager
def signed_in(browser: Browser, home: House, name: str, width: int = 1280, scheme: Scheme = "light") -> Iterator[Page]:
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


@pytest.mark.parametrize(("name", "width", "scheme"), [("ada", 1280, "light"), ("otto", 390, "dark")])
def test_nothing_keeps_people_from_using_a_page(
    browser: Browser, place: tuple[House, Rig], name: str, width: int, scheme: Scheme
) -> None:
    home, _ = place
    axe = Axe()
    found: list[str] = []
    with signed_in(browser, home, name, width, scheme) as page:
        for path in PAGES:
            page.goto(home.url + path)
            found += [
                f"{path}: {fault['id']}: {node['html'][:160]}"
                for fault in axe.run(page).response["violations"]
                if fault["impact"] in SERIOUS
                for node in fault["nodes"]
            ]
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 0:
                found.append(f"{path} is {wide} pixels wider than the screen")
    assert found == []


def test_an_exception_is_resolved_by_keyboard_alone_and_closes_with_its_proof(
    browser: Browser, place: tuple[House, Rig]
) -> None:
    home, trial = place
    # Somebody made the product in Cin7 meanwhile, and the books were read; the orders have to be looked at again.
    trial.twins.act(
        "cin7",
        "seed",
        {"products": [{"sku": "VASE-BLUE", "name": "Blue vase"}], "stock": [{"sku": "VASE-BLUE", "on_hand": 50}]},
    )
    apart(trial.push_stock)
    with signed_in(browser, home, "otto") as page:
        press = page.keyboard.press
        press("g")
        press("e")
        expect(page.locator("h1")).to_have_text("Exceptions")
        press("j")
        press("Enter")
        expect(page.locator("h1")).to_contain_text("VASE-BLUE is not in Cin7")
        page.get_by_role("link", name="Look again now").focus()
        press("Enter")
        expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
        page.get_by_role("button", name="Do it").focus()
        press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The action has begun")
        apart(trial.run)
        page.reload()
        expect(page.locator(".head .mark").first).to_have_text("closed")
        expect(page.get_by_text("read back as SO-").first).to_be_visible()
    kinds = (FindingKind.SKU_UNKNOWN,)
    (case,) = home.do(lambda office: office.cases.page(Wanted(kinds=kinds, state="any"))).cases
    assert (case.state, case.objects_open, case.objects_ever) == ("closed", 0, 4)
    for order_id in (104, 105, 106):
        trial.assert_one_sale(order_id)


def test_the_search_box_and_the_help_open_by_a_key(browser: Browser, place: tuple[House, Rig]) -> None:
    home, _ = place
    with signed_in(browser, home, "vera") as page:
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("/")
        page.keyboard.type("100")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Order 100")
