"""The console in a real browser: accessible, by keyboard alone, in both colour schemes, on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.sample_data import in_thread, sell_unknown_sku
from tests.browser.session import DESKTOP, PAGES, TELEPHONE, Scheme, faults_of, signed_in, tab_to
from tests.flows.harness import Harness
from tests.web.installation import RunningInstallation
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.filters import ExceptionFilter

KINDS = (FindingKind.SKU_UNKNOWN,)


@pytest.mark.parametrize(
    ("name", "width", "scheme", "paths"),
    [
        ("ada", DESKTOP, "light", PAGES[::2]),
        ("otto", TELEPHONE, "dark", PAGES[1::2]),
        ("fina", TELEPHONE, "light", [path for path in PAGES if path.startswith("/design")]),
    ],
)
def test_pages_have_no_accessibility_faults(
    browser: Browser,
    installation_with_orders: tuple[RunningInstallation, Harness],
    name: str,
    width: int,
    scheme: Scheme,
    paths: tuple[str, ...],
) -> None:
    with signed_in(browser, installation_with_orders[0], name, width, scheme) as page:
        assert faults_of(page, installation_with_orders[0], Axe(), paths) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, TELEPHONE])
@pytest.mark.parametrize("name", ["vera", "otto", "fina", "ada"])
def test_no_role_meets_accessibility_faults_on_any_screen(
    browser: Browser,
    installation_with_orders: tuple[RunningInstallation, Harness],
    name: str,
    width: int,
    scheme: Scheme,
) -> None:
    with signed_in(browser, installation_with_orders[0], name, width, scheme) as page:
        assert faults_of(page, installation_with_orders[0], Axe()) == []


def test_an_exception_is_resolved_by_keyboard_and_closes_with_its_proof(
    browser: Browser, installation_with_orders: tuple[RunningInstallation, Harness]
) -> None:
    home, trial = installation_with_orders
    order_id = in_thread(lambda: sell_unknown_sku(trial, "URN"))
    (exception_record,) = home.do(
        lambda app: app.exception_queries.page(ExceptionFilter(kinds=KINDS, text="URN"))
    ).exception_records
    # The product is created in Cin7 and the reference data is read; the order must be re-checked.
    product = {"products": [{"sku": "URN", "name": "Urn"}], "stock": [{"sku": "URN", "on_hand": 50}]}
    trial.twins.act("cin7", "seed", product)
    in_thread(trial.push_stock)
    with signed_in(browser, home, "otto") as page:
        press = page.keyboard.press
        press("g")
        press("e")
        expect(page.locator("h1")).to_have_text("Exceptions")
        tab_to(page, "SKU URN is not in Cin7")
        press("Enter")
        expect(page.locator("h1")).to_contain_text("SKU URN is not in Cin7")
        expect(page.get_by_role("link", name="Re-check")).to_be_visible()
        page.get_by_role("link", name="Re-check").focus()
        press("Enter")
        expect(page.get_by_role("heading", name="Preview")).to_be_visible()
        page.get_by_role("button", name="Run").focus()
        press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The playbook has started")
        in_thread(trial.run)
        page.reload()
        expect(page.locator(".head .mark").first).to_have_text("closed")
        expect(page.get_by_text("read back as SO-").first).to_be_visible()
    closed = home.do(lambda app: app.exception_queries.find(exception_record.id))
    assert closed is not None
    assert (closed.state, closed.objects_open) == ("closed", 0)
    trial.assert_one_sale(order_id)


def test_the_search_box_and_the_help_open_by_a_key(
    browser: Browser, installation_with_orders: tuple[RunningInstallation, Harness]
) -> None:
    home, _ = installation_with_orders
    with signed_in(browser, home, "vera") as page:
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("/")
        page.keyboard.type("100")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Order 100")
