"""How the database answers the statements of a page, as a page of documentation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How the database answers one statement."""

    page: str
    statement: str
    lines: tuple[str, ...]


def plans_page(plans: list[Plan], transfers: int, open_exceptions: int) -> str:
    """`docs/explain/console.md`: every statement of every page with its plan."""
    parts = [
        "# How the console's lists are read\n\n"
        f"Every SELECT of every page, as PostgreSQL answers it with {transfers:,} transfers, as many calls, "
        f"and {open_exceptions:,} open exceptions.\n"
        'Made by `make bench ARGS="console --plans docs/explain/console.md"`.\n'
    ]
    seen: set[str] = set()
    for page in dict.fromkeys(one.page for one in plans):
        parts.append(f"\n## {page}\n")
        for one in plans:
            if one.page != page:
                continue
            words = " ".join(one.statement.split())
            if words in seen:
                continue
            seen.add(words)
            shown = _short(words)
            plan = "\n".join(f"    {_short(line)}" for line in one.lines)
            parts.append(f"\n`{shown.replace('`', '')}`\n\n{plan}\n")
    return "".join(parts)


def _short(text: str) -> str:
    """What names hundreds of ids is cut."""
    return text if len(text) <= 400 else f"{text[:397]}..."
