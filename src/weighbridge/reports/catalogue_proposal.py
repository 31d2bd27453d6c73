"""What `weighbridge sync catalogue` shows: the changes that a person reads before they are accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge.domain.catalogue.plan import Review, ReviewLine
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.transfers import State, Transfer

LONGEST_VALUE = 60


async def is_current(journal: Journal, connection: str, name: str) -> bool:
    """Whether `name` is the fingerprint of exactly what was last proposed."""
    fingerprint, changes = await journal.listings.proposal(connection)
    return changes > 0 and fingerprint == name


def as_json(proposal: Transfer, reviews: Sequence[Review]) -> dict[str, Any]:
    """The whole proposal for machines."""
    content: dict[str, Any] = proposal.content or {}
    return {
        "state": proposal.state,
        "reason": proposal.reason,
        **content,
        "changes": [
            {
                "source": one.source,
                "sku": one.sku,
                "name": one.name,
                "action": one.action,
                "lines": [
                    {
                        "sku": line.where,
                        "field": line.field,
                        "before": line.before,
                        "after": line.after,
                        "overwrites": line.overwrites,
                    }
                    for line in one.lines
                ],
            }
            for one in reviews
        ],
    }


def print_proposal(out: Console, proposal: Transfer, reviews: Sequence[Review], limit: int) -> None:
    """The proposal as a person reads it: what would be made and changed, what waits, and how to accept it."""
    if proposal.state is not State.POSTED:
        out.print(f"Nothing could be compared. {proposal.reason}", markup=False)
        return
    content = proposal.content
    for one in reviews[:limit]:
        out.print(f"[bold]{one.action}[/] {escape(one.sku)}  {escape(one.name)}")
        for line in one.lines:
            out.print(_line(line), markup=False, highlight=False)
    if len(reviews) > limit:
        out.print(f"... and {len(reviews) - limit:,} more; --limit shows them, --json shows all")
    if content["findings"]:
        table = Table("Listing", "Owner", "What is wrong", title="Not listed until resolved", title_justify="left")
        for finding in content["findings"][:limit]:
            wrong = f"{finding['field']} is {finding['value'] or 'empty'}; expected {finding['expected']}"
            table.add_row(escape(finding["key"]), finding["owner"], escape(wrong))
        out.print(table)
    out.print(
        f"{content['listings']:,} listings: {content['create']:,} to create, {content['update']:,} to update, "
        f"{content['hide']:,} to hide, {content['unchanged']:,} unchanged, {content['held']:,} held."
    )
    for name, prices in content["price_lists"].items():
        out.print(
            f"Price list {name}: {prices['write']:,} prices to write, {prices['remove']:,} to remove.", markup=False
        )
    if reviews:
        out.print(f"To write exactly these changes: weighbridge sync catalogue --accept {content['fingerprint']}")


def _line(line: ReviewLine) -> str:
    mark = " (edited at the shop since)" if line.overwrites else ""
    before = f"{_short(line.before)} -> " if line.before else ""
    return f"    {line.where} {line.field}: {before}{_short(line.after) or '(nothing)'}{mark}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
