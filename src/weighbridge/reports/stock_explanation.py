"""Why the shop shows what it shows: every term of a SKU's figure, what was told when, and the largest oversell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge.design.schema import Connection
from weighbridge.domain.stock.available import ShopItem
from weighbridge.domain.stock.buffers import BufferKind
from weighbridge.domain.stock.oversell import Bound, Exposure, bound
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.reservations import OpenPromise
from weighbridge.persistence.repositories.stock_levels import StockLevel

BUFFERS = {
    BufferKind.NONE: "none",
    BufferKind.UNITS: "units of every SKU",
    BufferKind.PERCENT: "share of what is available",
    BufferKind.SALES: "sold while a change travels",
}

NEVER_READ = datetime.max.replace(tzinfo=UTC)
"""Where no reading was yet, what Cin7 has allocated is in flight no more, and the rest still is."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One SKU of one connection as the journal knows it."""

    connection: str
    sku: str
    item: ShopItem | None
    """How the shop knows it; None when it does not."""
    levels: tuple[StockLevel, ...]
    """The last figure at each location of the shop; none when there was none yet."""
    open: tuple[OpenPromise, ...]
    exposure: Exposure | None
    currency: str

    @property
    def bound(self) -> Bound | None:
        return bound(self.exposure) if self.exposure else None

    def as_json(self) -> dict[str, Any]:
        """The explanation for machines; moments in ISO 8601, UTC."""
        worst, exposure = self.bound, self.exposure
        return {
            "connection": self.connection,
            "sku": self.sku,
            "at_the_shop": self.item is not None,
            "tracking": self.item.tracking if self.item else None,
            "figures": [{**level.as_json(), "next": what_follows(self.item, level)} for level in self.levels],
            "sold_and_not_in_cin7": [one.as_json() for one in self.open],
            "worst_oversell": None
            if worst is None or exposure is None
            else {
                "units": worst.units,
                "money": f"{worst.money:.2f}",
                "currency": self.currency,
                "shown": exposure.shown,
                "free": str(exposure.free),
                "overwritten": str(exposure.overwritten),
                "unseen": str(exposure.unseen),
                "push_window_seconds": exposure.push_window.total_seconds() if exposure.push_window else None,
                "unread_seconds": exposure.unread.total_seconds(),
            },
        }


async def explain_sku(
    journal: Journal, name: str, connection: Connection, sharing: Collection[str], sku: str
) -> Explanation:
    """What the journal knows of `sku` on connection `name`; `sharing` are the connections of the same Cin7 company."""
    items = await journal.catalogue.shop_items(name, [sku])
    levels = await journal.stock_levels.of(name, sku)
    exposures = await journal.exposures.of(name, sharing, connection.design.stock.sales_hours, sku)
    company = await journal.references.read(name, "company")
    return Explanation(
        connection=name,
        sku=sku,
        item=items.get(sku),
        levels=levels,
        open=await journal.promises.open_of(sharing, sku, levels[0].read_at if levels else NEVER_READ),
        exposure=exposures.get(sku),
        currency=company[0]["currency"] if company else "",
    )


def print_explanation(told: Explanation, out: Console) -> None:
    """The explanation for people: a sum with its terms, and what follows."""
    out.print(f"[bold]{escape(told.sku)}[/] on {escape(told.connection)}: {_shown(told.levels)}")
    for level in told.levels:
        if len(told.levels) > 1:
            out.print(f"  [bold]location {level.shop_location} of the shop[/]: {_shown((level,))}")
        out.print(_sum(told, level))
        out.print(f"  {what_follows(told.item, level)}", markup=False, highlight=False)
    for line in _remarks(told):
        out.print(f"  {line}", markup=False, highlight=False)


def _shown(levels: Sequence[StockLevel]) -> str:
    pushed = [level.pushed_at for level in levels if level.pushed_at is not None]
    if not pushed:
        return "nothing is known of what the shop shows"
    shown = f"the shop was told {sum(level.told or 0 for level in levels)} at {_at(max(pushed))}"
    return shown + (", and was read back since" if all(level.verified for level in levels) else "")


def print_levels(content: Mapping[str, Any], limit: int, out: Console) -> None:
    """A dry run for people: the changes that take most from the shop first, and how to accept them."""
    table = Table("SKU", title="What the shop would be told", title_justify="left")
    table.add_column("Shows", justify="right")
    table.add_column("Would show", justify="right")
    table.add_column("At location", justify="right")
    for sku, before, after, location in content["changes"][:limit]:
        table.add_row(escape(sku), "unknown" if before is None else f"{before:,}", f"{after:,}", str(location))
    if content["changes"]:
        out.print(table)
    if content["to_change"] > limit:
        out.print(f"... and {content['to_change'] - limit:,} more; --limit shows them, --json shows all")
    out.print(
        f"{content['figures']:,} levels: {content['to_change']:,} would change, {content['falls']:,} of them fall, "
        f"{content['to_zero']:,} to nothing."
    )
    out.print(f"To let the shop be told: weighbridge sync stock --accept {content['fingerprint']}")


def _sum(told: Explanation, level: StockLevel) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column("term")
    table.add_column("units", justify="right")
    table.add_column("remark")
    for place, units in level.by_location.items():
        table.add_row(f"available in {escape(place)}", f"{units:f}", "")
    if level.parts is None:
        orders = ", ".join(f"{one.order_id} ({one.quantity:f})" for one in told.open)
        orders = f"order {orders}" if orders else ""
        table.add_row("sold, not yet off in Cin7", f"{-level.in_flight:f}", orders)
    else:
        shares = ", ".join(f"{units} from {place}" for place, units in level.parts.by_location.items())
        limits = ", ".join(level.parts.limited_by)
        table.add_row("its share of the parts", str(sum(level.parts.by_location.values())), escape(shares))
        if limits:
            table.add_row("", "", escape(f"no more because of {limits}"))
        if level.parts.shares_with:
            table.add_row("", "", escape(f"shares parts with {', '.join(level.parts.shares_with)}"))
    if level.lent:
        gives = "needed by other locations of the shop" if level.lent > 0 else "other locations of the shop give it"
        table.add_row("lacking elsewhere" if level.lent > 0 else "lacking here", f"{-level.lent:f}", gives)
    table.add_row("held back", f"{-level.buffer:f}", BUFFERS[level.buffer_kind])
    table.add_row("[bold]may be sold[/]", f"[bold]{level.ats}[/]", f"by the reading of {_at(level.read_at)}")
    return table


def _remarks(told: Explanation) -> list[str]:
    remarks = [] if told.levels else [what_follows(told.item, None)]
    worst, exposure = told.bound, told.exposure
    if worst is not None and exposure is not None:
        remarks.append(
            f"At worst {worst.units} oversold ({worst.money:,.2f} {told.currency}): shown {exposure.shown}, free "
            f"{exposure.free:f}, sold unheard while it was told {exposure.overwritten:f}, left in the "
            f"{exposure.unread.total_seconds():.0f} s since it was read {exposure.unseen:f}"
        )
    return remarks


def what_follows(item: ShopItem | None, level: StockLevel | None) -> str:
    """What the next round will do about this SKU at a location of the shop, and why."""
    if item is None:
        return "The shop has no such SKU, so it is told nothing."
    if item.tracking == "none":
        return "The shop does not track its stock, so it sells without end; switch tracking on at the shop."
    if not item.tracked:
        return "The shop counts it with all variants of its product; let it track stock by variant."
    if level is None:
        return "No figure yet: Cin7 has no stock product of this SKU, or the stock was not read since."
    if not level.sellable:
        return "It is shown as 0: deprecated or not sellable in Cin7, or its bill of materials is wrong."
    if level.shown is None:
        return f"The shop has sold of it, or differed when read back: the next round tells it again, now {level.ats}."
    if level.shown < level.ats:
        return f"It may rise from {level.shown} to {level.ats} when another reading agrees."
    if level.shown > level.ats:
        return f"It falls from {level.shown} to {level.ats} with the next push; the shop has not taken it yet."
    return "The next round tells it only if the figure changes."


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
