"""Explains the level of a SKU in the store: every term, when the level was published, and the oversell bound."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from weighbridge.design.schema import Connection
from weighbridge.domain.stock.available import StoreItem
from weighbridge.domain.stock.buffers import BufferKind
from weighbridge.domain.stock.oversell import Bound, OversellFactors, bound
from weighbridge.domain.stock.proposal import StockProposal
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.reservations import OpenReservation
from weighbridge.persistence.repositories.stock_levels import StockLevel

BUFFERS = {
    BufferKind.NONE: "none",
    BufferKind.UNITS: "units of every SKU",
    BufferKind.PERCENT: "share of what is available",
    BufferKind.SALES: "sold while a change is on its way to the store",
}
RESULT = "may be sold"
"""The term that is the sum of the others."""
NEVER_READ = datetime.max.replace(tzinfo=UTC)
"""Stands for the time of a reading if there is none: units that Cin7 has allocated are then no longer in flight."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a level: what is added, its units with their sign, and a remark."""

    term: str
    units: str
    remark: str = ""

    def as_json(self) -> dict[str, str]:
        """The term as JSON."""
        return {"term": self.term, "units": self.units, "remark": self.remark}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stored facts about one SKU of one connection."""

    connection: str
    sku: str
    item: StoreItem | None
    """The SKU in the store; None if the store has no such SKU."""
    levels: tuple[StockLevel, ...]
    """The last level at each location of the store; empty before the first level."""
    open_reservations: tuple[OpenReservation, ...]
    oversell_factors: OversellFactors | None
    currency: str

    @property
    def bound(self) -> Bound | None:
        return bound(self.oversell_factors) if self.oversell_factors else None

    def as_json(self) -> dict[str, Any]:
        """The explanation as JSON; timestamps in ISO 8601, UTC."""
        worst, factors = self.bound, self.oversell_factors
        return {
            "connection": self.connection,
            "sku": self.sku,
            "at_the_store": self.item is not None,
            "tracking": self.item.tracking if self.item else None,
            "published": _published_text(self.levels),
            "levels": [
                {
                    **level.as_json(),
                    "published": _published_text((level,)),
                    "terms": [term.as_json() for term in _terms(self, level)],
                    "next": describe_next_run(self.item, level),
                }
                for level in self.levels
            ],
            "remarks": _remarks(self),
            "sold_and_not_in_cin7": [reservation.as_json() for reservation in self.open_reservations],
            "worst_oversell": None
            if worst is None or factors is None
            else {
                "units": worst.units,
                "money": f"{worst.money:.2f}",
                "currency": self.currency,
                "on_sale": factors.on_sale,
                "free": str(factors.free),
                "overwritten": str(factors.overwritten),
                "unseen": str(factors.unseen),
                "push_window_seconds": factors.push_window.total_seconds() if factors.push_window else None,
                "reading_age_seconds": factors.reading_age.total_seconds(),
            },
        }


async def explain_sku(
    repositories: Repositories, name: str, connection: Connection, sharing: Collection[str], sku: str
) -> Explanation:
    """The explanation of `sku` on the connection `name`. `sharing` are the connections of the same Cin7 company."""
    items = await repositories.catalogue.store_items(name, [sku])
    levels = await repositories.stock_levels.for_sku(name, sku)
    factors_by_sku = await repositories.oversell_risk.by_sku(name, sharing, connection.design.stock.sales_hours, sku)
    company = await repositories.reference_cache.read_company(name)
    return Explanation(
        connection=name,
        sku=sku,
        item=items.get(sku),
        levels=levels,
        open_reservations=await repositories.reservations.open_for_sku(
            sharing, sku, levels[0].read_at if levels else NEVER_READ
        ),
        oversell_factors=factors_by_sku.get(sku),
        currency=company.currency if company else "",
    )


def print_explanation(explanation: Mapping[str, Any], out: Console) -> None:
    """Prints an explanation as `Explanation.as_json` gives it: the level with its terms, and what the next run does."""
    sku, connection = escape(explanation["sku"]), escape(explanation["connection"])
    out.print(f"[bold]{sku}[/] on {connection}: {explanation['published']}")
    levels = explanation["levels"]
    for level in levels:
        if len(levels) > 1:
            out.print(f"  [bold]location {level['store_location']} of the store[/]: {level['published']}")
        out.print(_terms_table(level["terms"]))
        out.print(f"  {level['next']}", markup=False, highlight=False)
    for line in explanation["remarks"]:
        out.print(f"  {line}", markup=False, highlight=False)


def _terms_table(terms: Sequence[Mapping[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column("term")
    table.add_column("units", justify="right")
    table.add_column("remark")
    for term in terms:
        style = "bold" if term["term"] == RESULT else None
        table.add_row(Text(term["term"], style or ""), Text(term["units"], style or ""), escape(term["remark"]))
    return table


def _published_text(levels: Sequence[StockLevel]) -> str:
    pushed = [level.pushed_at for level in levels if level.pushed_at is not None]
    if not pushed:
        return "no level was published yet"
    units = sum(level.published_level or 0 for level in levels)
    verified = ", and was read back since" if all(level.is_verified for level in levels) else ""
    return f"level {units} was published at {_format_timestamp(max(pushed))}{verified}"


def print_levels(proposal: StockProposal, limit: int, out: Console) -> None:
    """Prints a dry run: the changes, the largest decreases first, and the command that accepts them."""
    table = Table("SKU", title="Levels that would be published", title_justify="left")
    table.add_column("Current", justify="right")
    table.add_column("New", justify="right")
    table.add_column("At location", justify="right")
    for sku, before, after, location in proposal.changes[:limit]:
        table.add_row(escape(sku), "unknown" if before is None else f"{before:,}", f"{after:,}", str(location))
    if proposal.changes:
        out.print(table)
    if proposal.to_change > limit:
        out.print(f"... and {proposal.to_change - limit:,} more; --limit shows them, --json shows all")
    out.print(
        f"{proposal.levels:,} levels: {proposal.to_change:,} would change, {proposal.decreases:,} of them "
        f"decrease, {proposal.to_zero:,} to zero."
    )
    out.print(f"To accept exactly these levels: weighbridge sync stock --accept {proposal.fingerprint}")


def _terms(explanation: Explanation, level: StockLevel) -> list[Term]:
    """The terms whose units sum to what may be sold, and the sum."""
    terms = [Term(f"available in {location}", f"{units:f}") for location, units in level.by_location.items()]
    if level.components is None:
        orders = ", ".join(f"{sold.order_id} ({sold.quantity:f})" for sold in explanation.open_reservations)
        remark = f"order {orders}" if orders else ""
        terms.append(Term("sold, not yet allocated in Cin7", f"{-level.in_flight:f}", remark))
    else:
        by_location = level.components.by_location
        shares = ", ".join(f"{units} from {location}" for location, units in by_location.items())
        terms.append(Term("its share of the components", str(sum(by_location.values())), shares))
        if level.components.limited_by:
            terms.append(Term("", "", f"limited by {', '.join(level.components.limited_by)}"))
        if level.components.shares_with:
            terms.append(Term("", "", f"shares components with {', '.join(level.components.shares_with)}"))
    if level.lent > 0:
        terms.append(Term("lent", f"{-level.lent:f}", "needed at other store locations"))
    elif level.lent:
        terms.append(Term("borrowed", f"{-level.lent:f}", "taken from other store locations"))
    terms.append(Term("held back", f"{-level.buffer:f}", BUFFERS[level.buffer_kind]))
    terms.append(Term(RESULT, str(level.ats), f"from the reading at {_format_timestamp(level.read_at)}"))
    return terms


def _remarks(explanation: Explanation) -> list[str]:
    remarks = [] if explanation.levels else [describe_next_run(explanation.item, None)]
    worst, factors = explanation.bound, explanation.oversell_factors
    if worst is not None and factors is not None:
        remarks.append(
            f"At worst {worst.units} oversold ({worst.money:,.2f} {explanation.currency}): on sale {factors.on_sale}, "
            f"free {factors.free:f}, sold during the push {factors.overwritten:f}, gone in the "
            f"{factors.reading_age.total_seconds():.0f} s since the reading {factors.unseen:f}"
        )
    return remarks


def describe_next_run(item: StoreItem | None, level: StockLevel | None) -> str:
    """What the next run will do with this SKU at a location of the store, and why."""
    if item is None:
        return "The store has no such SKU, so nothing is published."
    if item.tracking == "none":
        return "The store does not track its stock and sells it without limit; turn on stock tracking in the store."
    if not item.tracked:
        return "The store tracks its stock per product; change stock tracking in the store to per variant."
    if level is None:
        return "No level yet: Cin7 has no stock product of this SKU, or the stock was not read since."
    if not level.sellable:
        return "Its level is 0: it is deprecated or not sellable in Cin7, or its bill of materials is invalid."
    if level.current_level is None:
        return f"The store sold units or showed another level when read back: the next run publishes {level.ats}."
    if level.current_level < level.ats:
        return f"It increases from {level.current_level} to {level.ats} once another reading confirms it."
    if level.current_level > level.ats:
        return f"It decreases from {level.current_level} to {level.ats} with the next push."
    return "The next run publishes it only if the level changes."


def _format_timestamp(timestamp: datetime) -> str:
    return f"{timestamp:%Y-%m-%d %H:%M:%S} UTC"
