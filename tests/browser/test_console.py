"""The console in a real browser: usable by everybody, without a mouse, in both colour schemes, on a telephone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.furnished import apart, sell_a_stranger
from tests.browser.sitting import DESK, PAGES, TELEPHONE, Scheme, faults_of, signed_in, tab_to
from tests.flows.harness import Rig
from tests.web.installation import House
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.filters import Wanted

KINDS = (FindingKind.SKU_UNKNOWN,)


@pytest.mark.parametrize(
    ("name", "width", "scheme", "paths"),
    [
        ("ada", DESK, "light", PAGES[::2]),
        ("otto", TELEPHONE, "dark", PAGES[1::2]),
        ("fina", TELEPHONE, "light", [path for path in PAGES if path.startswith("/design")]),
    ],
)
def test_nothing_keeps_people_from_using_a_page(
    browser: Browser, place: tuple[House, Rig], name: str, width: int, scheme: Scheme, paths: tuple[str, ...]
) -> None:
    with signed_in(browser, place[0], name, width, scheme) as page:
        assert faults_of(page, place[0], Axe(), paths) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, TELEPHONE])
@pytest.mark.parametrize("name", ["vera", "otto", "fina", "ada"])
def test_nothing_keeps_any_role_from_using_a_page_on_any_screen(
    browser: Browser, place: tuple[House, Rig], name: str, width: int, scheme: Scheme
) -> None:
    with signed_in(browser, place[0], name, width, scheme) as page:
        assert faults_of(page, place[0], Axe()) == []


def test_an_exception_is_resolved_by_keyboard_alone_and_closes_with_its_proof(
    browser: Browser, place: tuple[House, Rig]
) -> None:
    home, trial = place
    order_id = apart(lambda: sell_a_stranger(trial, "URN"))
    (case,) = home.do(lambda office: office.cases.page(Wanted(kinds=KINDS, words="URN"))).cases
    # Somebody made the product in Cin7 meanwhile, and the books were read; the order has to be looked at again.
    made = {"products": [{"sku": "URN", "name": "Urn"}], "stock": [{"sku": "URN", "on_hand": 50}]}
    trial.twins.act("cin7", "seed", made)
    apart(trial.push_stock)
    with signed_in(browser, home, "otto") as page:
        press = page.keyboard.press
        press("g")
        press("e")
        expect(page.locator("h1")).to_have_text("Exceptions")
        tab_to(page, "SKU URN is not in Cin7")
        press("Enter")
        expect(page.locator("h1")).to_contain_text("SKU URN is not in Cin7")
        expect(page.get_by_role("link", name="Look again now")).to_be_visible()
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
    closed = home.do(lambda office: office.cases.one(case.id))
    assert closed is not None
    assert (closed.state, closed.objects_open) == ("closed", 0)
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
