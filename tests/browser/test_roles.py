"""Four users in the console: the pages and actions of each role, a morning by keyboard, and live updates."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sample_data import in_thread, sell_unknown_sku
from tests.browser.screenshots import shots, take
from tests.browser.session import signed_in, tab_to
from tests.flows.harness import Harness
from tests.web.installation import PASSWORD, RunningInstallation
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.filters import ExceptionFilter

Form = dict[str, str]
ENTRY = {"key": "X", "value": "091", "reason": "why not"}
NEW_USER = ("/settings/users", {"name": "eve", "role": "admin", "password": PASSWORD})
OWNERS = ("/design/main/change", ENTRY | {"setting": "owners", "key": "sku_unknown", "value": "finance"})
ACCOUNTS = ("/design/main/change", ENTRY | {"setting": "payments.accounts"})
TAXES = ("/design/main/change", ENTRY | {"setting": "tax.rules"})
SKUS = ("/design/main/change", ENTRY | {"setting": "skus"})
SEES = {
    "vera": {"audit": False, "works": False, "payloads": False, "tables": 0, "users": False},
    "otto": {"audit": False, "works": True, "payloads": True, "tables": 1, "users": False},
    "fina": {"audit": True, "works": True, "payloads": True, "tables": 2, "users": False},
    "ada": {"audit": True, "works": True, "payloads": True, "tables": 8, "users": True},
}
PATIENCE = 45_000


def exception_id_of(installation: RunningInstallation, kind: FindingKind) -> int:
    page = installation.do(lambda app: app.exception_queries.page(ExceptionFilter(kinds=(kind,))))
    return page.exception_records[0].id


def forbidden(installation: RunningInstallation, name: str) -> list[tuple[str, Form]]:
    """The requests that this user is not allowed to send."""
    sku, gateway = (
        exception_id_of(installation, FindingKind.SKU_UNKNOWN),
        exception_id_of(installation, FindingKind.REFUND_AT_GATEWAY_ONLY),
    )
    map_the_sku = (f"/exceptions/{sku}/playbooks/map_sku", {"sku": "MUG", "reason": "the same"})
    accept_the_money = (f"/exceptions/{gateway}/playbooks/accept", {"reason": "small"})
    work_requests = [
        (f"/exceptions/{sku}/assign", {"me": "1"}), (f"/exceptions/{sku}/comment", {"text": "hello"}),
        (f"/exceptions/{sku}/snooze", {"duration": "1h"}), (f"/exceptions/{sku}/tag", {"tag": "x"}),
        (f"/exceptions/{sku}/playbooks/retry", {}), ("/exceptions-bulk", {"action": "tag", "value": "x", "name": "x"}),
    ]  # fmt: skip
    return {
        "vera": [*work_requests, map_the_sku, accept_the_money, SKUS, TAXES, ACCOUNTS, OWNERS, NEW_USER],
        "otto": [accept_the_money, TAXES, ACCOUNTS, OWNERS, NEW_USER],
        "fina": [map_the_sku, SKUS, OWNERS, NEW_USER],
        "ada": [],
    }[name]


@pytest.mark.parametrize("name", list(SEES))
def test_each_role_sees_its_own_pages_and_is_refused_all_others(
    browser: Browser, installation_with_orders: tuple[RunningInstallation, Harness], name: str
) -> None:
    home, _ = installation_with_orders
    sees, sku = SEES[name], exception_id_of(home, FindingKind.SKU_UNKNOWN)
    gateway = exception_id_of(home, FindingKind.REFUND_AT_GATEWAY_ONLY)
    changes = home.do(lambda app: app.repositories.designs.changes("main"))
    with signed_in(browser, home, name) as page:
        menu = page.locator("nav.nav a").all_inner_texts()
        expected = ["Today", "Exceptions", "Orders", "Stock", "Flows", "Design", "Reconciliation", "Settings"]
        assert menu == expected + (["Audit"] if sees["audit"] else [])
        for address in page.locator("nav.nav a").evaluate_all("links => links.map(link => link.href)"):
            response = page.goto(address)
            assert response is not None
            assert response.status == 200, address
        _open(page, home, "/audit", 200 if sees["audit"] else 403)

        _open(page, home, "/exceptions")
        assert _is_present(page, "summary", "Bulk action on all") is sees["works"]
        _open(page, home, f"/exceptions/{sku}")
        assert _is_present(page, "button", "Comment") is sees["works"]
        assert _is_present(page, "summary", "Assign") is sees["works"]
        assert _is_present(page, "a", "Map to a Cin7 SKU") is (name in ("otto", "ada"))
        _open(page, home, f"/exceptions/{gateway}")
        assert _is_present(page, "a", "Accept as it is") is (name in ("fina", "ada"))
        assert _is_present(page, "p", "Not allowed for your role") is (name not in ("fina", "ada"))
        _open(page, home, f"/exceptions/{gateway}/playbooks/accept")
        assert _is_present(page, "button", "Run") is (name in ("fina", "ada"))

        for path in ("/orders/main/100", "/refunds/main/101/1", "/stock/main/MUG"):
            _open(page, home, path)
            assert (page.locator('a[href^="/payloads/"]').count() > 0) is sees["payloads"], path
        _open(page, home, "/design")
        assert page.locator("summary", has_text="an entry").count() == sees["tables"]
        _open(page, home, "/settings")
        assert _is_present(page, "summary", "Add a user") is sees["users"]

        csrf = page.locator('input[name="csrf"]').first.input_value()
        for address, form in forbidden(home, name):
            refused = page.request.post(home.url + address, form=form | {"csrf": csrf}, max_redirects=0)
            assert refused.status == 403, address
    assert home.do(lambda app: app.repositories.designs.changes("main")) == changes
    assert home.do(lambda app: app.access.users.find("eve")) is None


def test_screenshots_are_taken_of_the_requested_pages(
    browser: Browser, installation_with_orders: tuple[RunningInstallation, Harness], tmp_path: Path
) -> None:
    every = shots(installation_with_orders[0])
    requested = [shot for shot in every if shot.name in ("reconciliation", "today-dark", "exception-telephone")]
    paths = take(browser, installation_with_orders[0], requested, tmp_path)
    assert sorted(path.name for path in paths) == ["exception-telephone.png", "reconciliation.png", "today-dark.png"]
    for shot in requested:
        picture = (tmp_path / f"{shot.name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20], "big") == shot.width


def test_live_updates_appear_without_moving_the_focus(
    browser: Browser, installation_with_orders: tuple[RunningInstallation, Harness]
) -> None:
    home, trial = installation_with_orders
    with signed_in(browser, home, "otto") as page:
        today, flows = page, page.context.new_page()
        lists = page.context.new_page()
        flows.goto(f"{home.url}/flows")
        lists.goto(f"{home.url}/exceptions")
        for tab in (today, flows, lists):
            tab.evaluate("window.stayed = true")
        held = flows.locator("a", has_text=" held").first
        before = int(held.inner_text().split()[0])
        row = lists.locator("main a[data-row]").first
        row.focus()
        focused = row.get_attribute("href")

        in_thread(lambda: sell_unknown_sku(trial, "LAMP"))
        for tab in (today, lists):
            expect(tab.get_by_role("link", name="SKU LAMP is not in Cin7")).to_be_visible(timeout=PATIENCE)
            expect(tab.locator("#live-says")).to_contain_text("exceptions")
        expect(held).to_have_text(f"{before + 1} held", timeout=PATIENCE)
        assert lists.evaluate("document.activeElement.getAttribute('href')") == focused, "the focus stays on its row"
        assert [tab.evaluate("window.stayed") for tab in (today, flows, lists)] == [True] * 3, "no page was reloaded"

        lists.fill("#q", "half a wo")
        in_thread(lambda: sell_unknown_sku(trial, "RUG"))
        lists.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(lists.locator("#live-note")).to_contain_text("This page has changed.")
        assert lists.get_by_role("link", name="SKU RUG is not in Cin7").count() == 0, (
            "the update waits while a form is filled in"
        )
        lists.get_by_role("button", name="Update").press("Enter")
        expect(lists.get_by_role("link", name="SKU RUG is not in Cin7")).to_be_visible()
        expect(lists.locator("#live-note")).to_be_hidden()
        assert lists.input_value("#q") == "half a wo"


def test_a_morning_of_work_by_keyboard_alone(
    browser: Browser, installation_with_orders: tuple[RunningInstallation, Harness]
) -> None:
    home, _ = installation_with_orders
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    press, write = page.keyboard.press, page.keyboard.type

    def go(key: str, title: str) -> None:
        press("g")
        press(key)
        expect(page.locator("h1")).to_contain_text(title)

    page.goto(f"{home.url}/sign-in")
    write("ada")
    press("Tab")
    write(PASSWORD)
    press("Enter")
    expect(page.locator("h1")).to_have_text("Today")

    press("/")
    write("100")
    press("Enter")
    expect(page.locator("h1")).to_contain_text("Order 100")

    go("e", "Exceptions")
    press("j")
    press("Enter")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    tab_to(page, "Assign to me")
    press("Enter")
    expect(page.get_by_text("Assigned.")).to_be_visible()

    go("d", "Design")
    tab_to(page, "Add an entry")
    press("Enter")
    press("Tab")
    write("TEAPOT")
    press("Tab")
    write("MUG")
    press("Enter")
    expect(page.get_by_text("orders would be posted")).to_be_visible()
    tab_to(page, "reason")
    write("sold as a mug for now")
    press("Enter")
    expect(page.get_by_text("Done. Running workers use it within seconds.")).to_be_visible()

    go("e", "Exceptions")
    tab_to(page, "Bulk action on all")
    press("Enter")
    tab_to(page, "action")
    write("tag w")
    press("Tab")
    write("seen")
    press("Enter")
    expect(page.locator("h1")).to_contain_text("Tag ")
    tab_to(page, "Run")
    press("Enter")
    expect(page.get_by_text("Done for all of them.")).to_be_visible()

    tab_to(page, "ada")
    press("Enter")
    tab_to(page, "Sign out")
    press("Enter")
    expect(page.locator("h1")).to_have_text("Sign in")
    context.close()
    design = home.do(lambda app: app.repositories.designs.effective("main", app.connections["main"].design))
    assert design.skus["TEAPOT"] == "MUG"
    tagged = home.do(lambda app: app.exception_queries.page(ExceptionFilter(tag="seen"))).exception_records
    assert len(tagged) == len(home.do(lambda app: app.exception_queries.page()).exception_records)
    assert "ada" in {exception_record.assignee for exception_record in tagged}


def _open(page: Page, installation: RunningInstallation, path: str, status: int = 200) -> None:
    response = page.goto(installation.url + path)
    assert response is not None
    assert response.status == status, path


def _is_present(page: Page, element: str, text: str) -> bool:
    return page.locator(element, has_text=text).count() > 0
