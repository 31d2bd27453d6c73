"""Sign-in at the company's provider in a real browser, which refuses forms that lead to another site."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.sample_data import in_thread
from tests.web.test_provider_sign_in import company


def test_a_person_signs_in_at_the_provider_and_out_of_both(browser: Browser, tmp_path: Path) -> None:
    with ExitStack() as stack:
        home, provider = in_thread(lambda: stack.enter_context(company(tmp_path)))
        provider.asks = True
        complaints: list[str] = []
        context = browser.new_context()
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{home.url}/orders?state=held")
        violations = Axe().run(page).response["violations"]
        assert [violation for violation in violations if violation["impact"] in ("serious", "critical")] == []
        page.get_by_role("link", name="Sign in with Example Ltd").click()
        expect(page.locator("h1")).to_have_text("Company sign-in")
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("h1")).to_have_text("Orders")
        assert page.url == f"{home.url}/orders?state=held"
        cookies = {cookie["name"]: (cookie["httpOnly"], cookie["sameSite"]) for cookie in context.cookies()}
        assert cookies["weighbridge"] == (True, "Lax")
        assert "weighbridge-provider" not in cookies
        page.get_by_text("otto", exact=True).first.click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="sign out there too").click()
        expect(page.locator("h1")).to_have_text("Signed out at the company")
        page.goto(home.url)
        expect(page.locator("h1")).to_have_text("Sign in")
        context.close()
        assert complaints == []
