"""Four people before the console: what each sees and may do, a whole walk by keyboard, and pages that stay fresh."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.furnished import apart, sell_a_stranger
from tests.browser.screenshots import shots, take
from tests.browser.sitting import signed_in, tab_to
from tests.flows.harness import Rig
from tests.web.installation import PASSWORD, House
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.filters import Wanted

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


def case_of(home: House, kind: FindingKind) -> int:
    return home.do(lambda office: office.cases.page(Wanted(kinds=(kind,)))).cases[0].id


def forbidden(home: House, name: str) -> list[tuple[str, Form]]:
    """What this person may not do, as their browser would send it."""
    sku, gateway = case_of(home, FindingKind.SKU_UNKNOWN), case_of(home, FindingKind.REFUND_AT_GATEWAY_ONLY)
    name_the_sku = (f"/exceptions/{sku}/act/map_sku", {"sku": "MUG", "reason": "the same"})
    leave_the_money = (f"/exceptions/{gateway}/act/accept", {"reason": "small"})
    of_everybody = [
        (f"/exceptions/{sku}/assign", {"me": "1"}), (f"/exceptions/{sku}/comment", {"text": "hello"}),
        (f"/exceptions/{sku}/snooze", {"span": "1h"}), (f"/exceptions/{sku}/tag", {"tag": "x"}),
        (f"/exceptions/{sku}/act/retry", {}), ("/exceptions-many", {"action": "tag", "told": "x", "name": "x"}),
    ]  # fmt: skip
    return {
        "vera": [*of_everybody, name_the_sku, leave_the_money, SKUS, TAXES, ACCOUNTS, OWNERS, NEW_USER],
        "otto": [leave_the_money, TAXES, ACCOUNTS, OWNERS, NEW_USER],
        "fina": [name_the_sku, SKUS, OWNERS, NEW_USER],
        "ada": [],
    }[name]


@pytest.mark.parametrize("name", list(SEES))
def test_everybody_sees_what_is_theirs_and_what_is_not_is_refused_too(
    browser: Browser, place: tuple[House, Rig], name: str
) -> None:
    home, _ = place
    sees, sku = SEES[name], case_of(home, FindingKind.SKU_UNKNOWN)
    gateway = case_of(home, FindingKind.REFUND_AT_GATEWAY_ONLY)
    changes = home.do(lambda office: office.journal.designs.changes("main"))
    with signed_in(browser, home, name) as page:
        menu = page.locator("nav.nav a").all_inner_texts()
        expected = ["Today", "Exceptions", "Orders", "Stock", "Flows", "Design", "Reconciliation", "Settings"]
        assert menu == expected + (["Audit"] if sees["audit"] else [])
        for address in page.locator("nav.nav a").evaluate_all("all => all.map(one => one.href)"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
        _open(page, home, "/audit", 200 if sees["audit"] else 403)

        _open(page, home, "/exceptions")
        assert _there(page, "summary", "Do something to all") is sees["works"]
        _open(page, home, f"/exceptions/{sku}")
        assert _there(page, "button", "Comment") is sees["works"]
        assert _there(page, "summary", "Assign") is sees["works"]
        assert _there(page, "a", "Name the SKU in Cin7") is (name in ("otto", "ada"))
        _open(page, home, f"/exceptions/{gateway}")
        assert _there(page, "a", "Leave it as it is") is (name in ("fina", "ada"))
        assert _there(page, "p", "For other roles than yours") is (name not in ("fina", "ada"))
        _open(page, home, f"/exceptions/{gateway}/act/accept")
        assert _there(page, "button", "Do it") is (name in ("fina", "ada"))

        for path in ("/orders/main/100", "/refunds/main/101/1", "/stock/main/MUG"):
            _open(page, home, path)
            assert (page.locator('a[href^="/payloads/"]').count() > 0) is sees["payloads"], path
        _open(page, home, "/design")
        assert page.locator("summary", has_text="an entry").count() == sees["tables"]
        _open(page, home, "/settings")
        assert _there(page, "summary", "Add a user") is sees["users"]

        csrf = page.locator('input[name="csrf"]').first.input_value()
        for address, form in forbidden(home, name):
            refused = page.request.post(home.url + address, form=form | {"csrf": csrf}, max_redirects=0)
            assert refused.status == 403, address
    assert home.do(lambda office: office.journal.designs.changes("main")) == changes
    assert home.do(lambda office: office.access.users.find("eve")) is None


def test_pictures_are_taken_of_the_pages_that_are_asked_for(
    browser: Browser, place: tuple[House, Rig], tmp_path: Path
) -> None:
    every = shots(place[0])
    wanted = [one for one in every if one.name in ("reconciliation", "today-dark", "exception-telephone")]
    made = take(browser, place[0], wanted, tmp_path)
    assert sorted(path.name for path in made) == ["exception-telephone.png", "reconciliation.png", "today-dark.png"]
    for one in wanted:
        picture = (tmp_path / f"{one.name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20], "big") == one.width


def test_what_is_new_appears_by_itself_and_moves_nothing_under_a_hand(
    browser: Browser, place: tuple[House, Rig]
) -> None:
    home, trial = place
    with signed_in(browser, home, "otto") as page:
        today, flows = page, page.context.new_page()
        lists = page.context.new_page()
        flows.goto(f"{home.url}/flows")
        lists.goto(f"{home.url}/exceptions")
        for one in (today, flows, lists):
            one.evaluate("window.stayed = true")
        held = flows.locator("a", has_text=" held").first
        before = int(held.inner_text().split()[0])
        row = lists.locator("main a[data-row]").first
        row.focus()
        meant = row.get_attribute("href")

        apart(lambda: sell_a_stranger(trial, "LAMP"))
        for one in (today, lists):
            expect(one.get_by_role("link", name="SKU LAMP is not in Cin7")).to_be_visible(timeout=PATIENCE)
            expect(one.locator("#live-says")).to_contain_text("exceptions")
        expect(held).to_have_text(f"{before + 1} held", timeout=PATIENCE)
        assert lists.evaluate("document.activeElement.getAttribute('href')") == meant, "the focus stays on its line"
        assert [one.evaluate("window.stayed") for one in (today, flows, lists)] == [True] * 3, "nothing was reloaded"

        lists.fill("#q", "half a wo")
        apart(lambda: sell_a_stranger(trial, "RUG"))
        lists.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(lists.locator("#live-note")).to_contain_text("Something has changed here since.")
        assert lists.get_by_role("link", name="SKU RUG is not in Cin7").count() == 0, "somebody fills in a form"
        lists.get_by_role("button", name="Show it").press("Enter")
        expect(lists.get_by_role("link", name="SKU RUG is not in Cin7")).to_be_visible()
        expect(lists.locator("#live-note")).to_be_hidden()
        assert lists.input_value("#q") == "half a wo"


def test_a_whole_morning_by_keyboard_alone(browser: Browser, place: tuple[House, Rig]) -> None:
    home, _ = place
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
    tab_to(page, "Take it")
    press("Enter")
    expect(page.get_by_text("It is assigned.")).to_be_visible()

    go("d", "Design")
    tab_to(page, "Add an entry")
    press("Enter")
    press("Tab")
    write("TEAPOT")
    press("Tab")
    write("MUG")
    press("Enter")
    expect(page.get_by_text("orders would pass")).to_be_visible()
    tab_to(page, "reason")
    write("sold as a mug for now")
    press("Enter")
    expect(page.get_by_text("Done. Running workers take it up within seconds.")).to_be_visible()

    go("e", "Exceptions")
    tab_to(page, "Do something to all")
    press("Enter")
    tab_to(page, "action")
    write("tag w")
    press("Tab")
    write("seen")
    press("Enter")
    expect(page.locator("h1")).to_contain_text("Tag ")
    tab_to(page, "Do it")
    press("Enter")
    expect(page.get_by_text("Done for all of them.")).to_be_visible()

    tab_to(page, "ada")
    press("Enter")
    tab_to(page, "Sign out")
    press("Enter")
    expect(page.locator("h1")).to_have_text("Sign in")
    context.close()
    design = home.do(lambda office: office.journal.designs.effective("main", office.connections["main"].design))
    assert design.skus["TEAPOT"] == "MUG"
    tagged = home.do(lambda office: office.cases.page(Wanted(tag="seen"))).cases
    assert len(tagged) == len(home.do(lambda office: office.cases.page()).cases)
    assert "ada" in {case.assignee for case in tagged}


def _open(page: Page, home: House, path: str, status: int = 200) -> None:
    answer = page.goto(home.url + path)
    assert answer is not None
    assert answer.status == status, path


def _there(page: Page, element: str, words: str) -> bool:
    return page.locator(element, has_text=words).count() > 0
