"""`python -m tests.browser.screenshots FOLDER [NAME ...]`: a picture of each page after a day between the twins.

Without names, the folder has one picture of each page of the navigation and of what they lead to.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from tests.browser.chromium import NoChromium, launched
from tests.browser.small_png import smaller
from tests.browser.working_day import working_day
from tests.web.installation import PASSWORD, House
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.filters import Wanted
from weighbridge.observability.logs import configure_logs
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.web.console.templating import NAVIGATION

Scheme = Literal["light", "dark"]
DESK, TELEPHONE = 1280, 390
HEIGHTS = {DESK: 800, TELEPHONE: 844}
TALLEST = 1600
"""Pictures end there: what follows on a long page is more of the same."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of which page, and how."""

    name: str
    address: str
    width: int = DESK
    scheme: Scheme = "light"


def shots(home: House) -> list[Shot]:
    """Every picture there is."""
    pages = [Shot(name.lower(), address) for _, address, name, _ in NAVIGATION]
    kinds = (FindingKind.SKU_UNKNOWN,)
    case = home.do(lambda office: office.cases.page(Wanted(kinds=kinds))).cases[0]
    exception = f"/exceptions/{case.id}"
    refund = _posted(home, "refunds")
    order, _, number = refund.partition(":")
    return [
        *pages,
        Shot("today-dark", "/", scheme="dark"),
        Shot("today-telephone", "/", TELEPHONE),
        Shot("exception", exception),
        Shot("exception-dark", exception, scheme="dark"),
        Shot("exception-telephone", exception, TELEPHONE),
        Shot("action", f"{exception}/act/map_sku?sku=MUG"),
        Shot("order", f"/orders/main/{order}"),
        Shot("refund", f"/refunds/main/{order}/{number}"),
        Shot("sku", "/stock/main/MUG"),
        Shot("design-preview", "/design?setting=payments.accounts&key=credit_card&value=090"),
        Shot("search", "/search?q=ada@example.com"),
    ]


def _posted(home: House, flow: str) -> str:
    posted = (transfers.c.flow == flow) & (transfers.c.state == State.POSTED)
    return home.do(lambda office: office.journal.transfers.select(posted, limit=1))[0].key


def take(browser: Browser, home: House, wanted: Sequence[Shot], folder: Path) -> list[Path]:
    """The pictures, as PNG files in `folder`; answers their paths."""
    made = []
    painter = browser.new_page()
    for width in (DESK, TELEPHONE):
        for scheme in ("light", "dark"):
            of_this = [one for one in wanted if (one.width, one.scheme) == (width, scheme)]
            if not of_this:
                continue
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHTS[width]}, color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            page.goto(f"{home.url}/sign-in")
            page.fill("#name", "ada")
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("h1:has-text('Today')")
            for one in of_this:
                page.goto(home.url + one.address)
                tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
                path = folder / f"{one.name}.png"
                picture = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
                path.write_bytes(smaller(painter, picture))
                made.append(path)
            context.close()
    painter.close()
    return made


def main(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Plays the day and takes the pictures with these names, or all. Raises NoChromium, ValueError."""
    made: list[Path] = []

    def look(home: House, _rig: object) -> None:
        every = shots(home)
        unknown = set(names) - {one.name for one in every}
        if unknown:
            raise ValueError(f"no picture is called {', '.join(sorted(unknown))}")
        with launched() as browser:
            folder.mkdir(parents=True, exist_ok=True)
            made.extend(take(browser, home, [one for one in every if not names or one.name in names], folder))

    with tempfile.TemporaryDirectory(prefix="weighbridge-pictures-") as work:
        working_day(Path(work), look)
    return made


if __name__ == "__main__":
    configure_logs("error")
    try:
        for path in main(Path(sys.argv[1]), sys.argv[2:]):
            sys.stdout.write(f"{path}\n")
    except (NoChromium, ValueError) as problem:
        sys.exit(str(problem))
