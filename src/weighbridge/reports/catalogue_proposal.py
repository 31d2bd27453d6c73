"""The catalogue proposal of `weighbridge sync catalogue`: the changes that a person reads before accepting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge.domain.catalogue.plan import Review, ReviewLine
from weighbridge.persistence.documents import CATALOGUE_PROPOSAL
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import State, Transfer

LONGEST_VALUE = 60


async def is_current(repositories: Repositories, connection: str, fingerprint: str) -> bool:
    """Whether `fingerprint` is that of the last proposal and the proposal has changes."""
    current, changes = await repositories.listings.proposal(connection)
    return changes > 0 and current == fingerprint


def as_json(proposal: Transfer, reviews: Sequence[Review]) -> dict[str, Any]:
    """The whole proposal as JSON."""
    content = {} if proposal.content is None else CATALOGUE_PROPOSAL.fields(proposal.read(CATALOGUE_PROPOSAL))
    return {
        "state": proposal.state,
        "reason": proposal.reason,
        **content,
        "changes": [
            {
                "source": review.source,
                "sku": review.sku,
                "name": review.name,
                "action": review.action,
                "lines": [
                    {
                        "sku": line.where,
                        "field": line.field,
                        "before": line.before,
                        "after": line.after,
                        "overwrites": line.overwrites,
                    }
                    for line in review.lines
                ],
            }
            for review in reviews
        ],
    }


def print_proposal(out: Console, proposal: Transfer, reviews: Sequence[Review], limit: int) -> None:
    """Prints the proposal: the changes, the held listings, and the command that accepts the changes."""
    if proposal.state is not State.POSTED:
        out.print(f"The catalogues could not be compared. {proposal.reason}", markup=False)
        return
    content = proposal.read(CATALOGUE_PROPOSAL)
    for review in reviews[:limit]:
        out.print(f"[bold]{review.action}[/] {escape(review.sku)}  {escape(review.name)}")
        for line in review.lines:
            out.print(_line(line), markup=False, highlight=False)
    if len(reviews) > limit:
        out.print(f"... and {len(reviews) - limit:,} more; --limit shows them, --json shows all")
    if content.findings:
        table = Table("Listing", "Owner", "Problem", title="Not listed until resolved", title_justify="left")
        for finding in content.findings[:limit]:
            problem = f"{finding.field} is {finding.value or 'empty'}; expected {finding.expected}"
            table.add_row(escape(finding.key), finding.owner, escape(problem))
        out.print(table)
    out.print(
        f"{content.listings:,} listings: {content.create:,} to create, {content.update:,} to update, "
        f"{content.hide:,} to hide, {content.unchanged:,} unchanged, {content.held:,} held."
    )
    for name, prices in content.price_lists.items():
        out.print(f"Price list {name}: {prices.write:,} prices to write, {prices.remove:,} to remove.", markup=False)
    if reviews:
        out.print(f"To accept exactly these changes: weighbridge sync catalogue --accept {content.fingerprint}")


def _line(line: ReviewLine) -> str:
    mark = " (edited in the store since)" if line.overwrites else ""
    before = f"{_short(line.before)} -> " if line.before else ""
    return f"    {line.where} {line.field}: {before}{_short(line.after) or '(nothing)'}{mark}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
