"""`python -m tests.browser.screenshots FOLDER [NAME ...]`: a picture of each page after a working day of the twins.

Without names, it takes a picture of each page of the navigation and of the pages that they link.
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
from tests.web.installation import PASSWORD, RunningInstallation
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.observability.logs import configure_logs
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.web.console.templating import NAVIGATION

Scheme = Literal["light", "dark"]
DESKTOP, TELEPHONE = 1280, 390
HEIGHTS = {DESKTOP: 800, TELEPHONE: 844}
TALLEST = 1600
"""Pictures of long pages are cut at this height."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the page, its width and its colour scheme."""

    name: str
    address: str
    width: int = DESKTOP
    scheme: Scheme = "light"


def shots(installation: RunningInstallation) -> list[Shot]:
    """Every picture."""
    pages = [Shot(name.lower(), address) for _, address, name, _ in NAVIGATION]
    kinds = (FindingKind.SKU_UNKNOWN,)
    exception_record = installation.do(
        lambda app: app.exception_queries.page(ExceptionFilter(kinds=kinds))
    ).exception_records[0]
    exception = f"/exceptions/{exception_record.id}"
    refund = _posted(installation, "refunds")
    order, _, number = refund.partition(":")
    return [
        *pages,
        Shot("today-dark", "/", scheme="dark"),
        Shot("today-telephone", "/", TELEPHONE),
        Shot("exception", exception),
        Shot("exception-dark", exception, scheme="dark"),
        Shot("exception-telephone", exception, TELEPHONE),
        Shot("action", f"{exception}/playbooks/map_sku?sku=MUG"),
        Shot("order", f"/orders/main/{order}"),
        Shot("refund", f"/refunds/main/{order}/{number}"),
        Shot("sku", "/stock/main/MUG"),
        Shot("design-preview", "/design?setting=payments.accounts&key=credit_card&value=090"),
        Shot("search", "/search?q=ada@example.com"),
    ]


def _posted(installation: RunningInstallation, flow: str) -> str:
    posted = (transfers.c.flow == flow) & (transfers.c.state == State.POSTED)
    return installation.do(lambda app: app.repositories.transfers.select(posted, limit=1))[0].key


def take(browser: Browser, installation: RunningInstallation, requested: Sequence[Shot], folder: Path) -> list[Path]:
    """Takes the pictures as PNG files in `folder`; returns their paths."""
    paths = []
    painter = browser.new_page()
    for width in (DESKTOP, TELEPHONE):
        for scheme in ("light", "dark"):
            matching = [shot for shot in requested if (shot.width, shot.scheme) == (width, scheme)]
            if not matching:
                continue
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHTS[width]}, color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            page.goto(f"{installation.url}/sign-in")
            page.fill("#name", "ada")
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("h1:has-text('Today')")
            for shot in matching:
                page.goto(installation.url + shot.address)
                height = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
                path = folder / f"{shot.name}.png"
                picture = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
                path.write_bytes(smaller(painter, picture))
                paths.append(path)
            context.close()
    painter.close()
    return paths


def main(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Plays the day and takes the pictures with these names, or all. Raises NoChromium, ValueError."""
    paths: list[Path] = []

    def capture(installation: RunningInstallation, _harness: object) -> None:
        every = shots(installation)
        unknown = set(names) - {shot.name for shot in every}
        if unknown:
            raise ValueError(f"there is no picture {', '.join(sorted(unknown))}")
        with launched() as browser:
            folder.mkdir(parents=True, exist_ok=True)
            requested = [shot for shot in every if not names or shot.name in names]
            paths.extend(take(browser, installation, requested, folder))

    with tempfile.TemporaryDirectory(prefix="weighbridge-pictures-") as work:
        working_day(Path(work), capture)
    return paths


if __name__ == "__main__":
    configure_logs("error")
    try:
        for path in main(Path(sys.argv[1]), sys.argv[2:]):
            sys.stdout.write(f"{path}\n")
    except (NoChromium, ValueError) as problem:
        sys.exit(str(problem))
