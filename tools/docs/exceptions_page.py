"""Generates `docs/reference/exceptions.md`, the catalogue of exceptions, from the code.

Run `python -m tools.docs.exceptions_page docs/reference/exceptions.md` after a change of the catalogue.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from weighbridge.domain.exceptions.kinds import BY_AREA, ExceptionKind, Grouping
from weighbridge.domain.exceptions.owners import default_owner

HEAD = """# Exceptions

Exceptions are the problems that wait for a person. Everything that Weighbridge holds, rejects or finds wrong opens an
exception. The same cause opens only one, however many objects have it.

An exception closes automatically once its proof is seen. If its kind lists `accept` among the safe actions, a named
person may also leave it as it is, with a reason that stays in its history.

The owners and deadlines on this page are the defaults; `owners`, `deadlines` and `backups` in the design name others.
Deadlines count from the opening of the exception. After the deadline, the backup of the owner is notified too:
operations for finance and ecommerce, ecommerce for operations.

This page is generated from the code: `python -m tools.docs.exceptions_page docs/reference/exceptions.md`.
"""
GROUPED = {
    Grouping.VALUE: "one for each value, however many objects have it",
    Grouping.FIELD: "one for each field and value",
    Grouping.MESSAGE: "one for each message, ignoring numbers and ids",
    Grouping.OBJECT: "one for each object",
    Grouping.CONNECTION: "one for the whole connection",
}


def page() -> str:
    """The whole page as Markdown."""
    sections = [HEAD]
    for area, kinds in BY_AREA.items():
        sections.append(f"\n## {area}\n")
        sections += [_entry(exception_kind) for exception_kind in kinds]
    return "".join(sections)


def _entry(exception_kind: ExceptionKind) -> str:
    title = exception_kind.title.replace("{", "*").replace("}", "*")
    remark = " Opened although the object passed." if exception_kind.from_note else ""
    if exception_kind.only_noted:
        remark = " A note on the page of its object; it opens no exception."
    row = (
        default_owner(exception_kind.kind),
        exception_kind.urgency.name.lower(),
        _format_duration(exception_kind.within),
        GROUPED[exception_kind.grouping],
    )
    return (
        f"\n### `{exception_kind.kind}`\n\n"
        f"**{title}.** {exception_kind.cause}{remark}\n\n"
        f"| Owner | Urgency | Deadline | Grouped |\n|---|---|---|---|\n"
        f"| {' | '.join(row)} |\n\n"
        f"- Blocks: {exception_kind.blocks}.\n"
        f"- What to do: {exception_kind.advice}\n"
        f"- Safe actions: {', '.join(f'`{playbook}`' for playbook in exception_kind.playbooks)}.\n"
        f"- Closes when: {exception_kind.proof}.\n"
    )


def _format_duration(within: timedelta) -> str:
    hours = int(within.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else "1 day" if hours == 24 else f"{hours} h"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
