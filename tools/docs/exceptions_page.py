"""`docs/exceptions.md`: the catalogue of exceptions as a page, drawn from the code that decides.

Run `python -m tools.docs.exceptions_page docs/exceptions.md` after a change of the catalogue.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from weighbridge.domain.exceptions.kinds import BY_AREA, ExceptionKind, Grouping
from weighbridge.domain.findings.finding import default_owner

HEAD = """# Exceptions

What waits for a person. Everything that Weighbridge holds, rejects or finds wrong opens an exception; the same cause
opens only one, however many objects share it. It closes by itself once its proof was seen, never because somebody says
so, unless its kind lists `accept` among the safe actions: then a named person may leave it as it is, with a reason that
stays in its history. Owners and deadlines are the defaults; the design's `owners`, `deadlines` and `backups`
name others. Deadlines count from the moment it was opened; past it, whoever stands in for the owner is told too:
operations for finance and ecommerce, ecommerce for operations.

This page is made from the code: `python -m tools.docs.exceptions_page docs/exceptions.md`.
"""
GROUPED = {
    Grouping.VALUE: "one for each value, however many objects show it",
    Grouping.PLACE: "one for each field and value",
    Grouping.MESSAGE: "one for each message, numbers and ids aside",
    Grouping.OBJECT: "one for each object",
    Grouping.CONNECTION: "one for the whole connection",
}


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for area, kinds in BY_AREA.items():
        parts.append(f"\n## {area}\n")
        parts += [_entry(one) for one in kinds]
    return "".join(parts)


def _entry(one: ExceptionKind) -> str:
    title = one.title.replace("{", "*").replace("}", "*")
    passed = " Opened although the object passed." if one.from_note else ""
    if one.only_noted:
        passed = " A note on the page of its object; it opens no exception."
    row = (default_owner(one.kind), one.urgency.name.lower(), _told(one.within), GROUPED[one.grouping])
    return (
        f"\n### `{one.kind}`\n\n"
        f"**{title}.** {one.cause}{passed}\n\n"
        f"| Owner | Urgency | Within | Together |\n|---|---|---|---|\n"
        f"| {' | '.join(row)} |\n\n"
        f"- Blocks: {one.blocks}.\n"
        f"- What to do: {one.advice}\n"
        f"- Safe actions: {', '.join(f'`{remedy}`' for remedy in one.remedies)}.\n"
        f"- Closes when: {one.proof}.\n"
    )


def _told(within: timedelta) -> str:
    hours = int(within.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else "1 day" if hours == 24 else f"{hours} h"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
