"""`weighbridge shortages`: what to buy so that more kits can be sold."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge.domain.stock.shortages import Shortage, shortages
from weighbridge.flows.stock.compute import PARTS
from weighbridge.persistence.repositories import Journal


async def shortages_of(journal: Journal, connection: str, location: str, goal: int) -> tuple[Shortage, ...] | None:
    """The shortages of the kits that the shop sells, at one location, by the last reading and less what is sold.
    None when no stock was read yet."""
    kept = await journal.references.read(connection, PARTS)
    if kept is None:
        return None
    there, read_at = kept
    bills = await journal.catalogue.bills(connection)
    sold = await journal.promises.in_flight([connection], read_at)
    stock = {sku: Decimal(units) for sku, units in there.get(location, {}).items()}
    left = bills.left_over({sku: units for sku, units in sold.items() if sku in bills or sku in stock}, stock)
    shop = await journal.catalogue.shop_items(connection)
    return shortages(bills.kits & shop.keys(), bills, left, goal)


def as_json(found: Sequence[Shortage]) -> list[dict[str, Any]]:
    return [{"kit": one.kit, "can_build": one.can_build, "buy": dict(one.buy), "unlocks": one.unlocks} for one in found]


def print_shortages(found: Sequence[Shortage], location: str, out: Console) -> None:
    """One line a kit, the best buy first."""
    if not found:
        out.print("No kit of the shop lacks a part.")
        return
    table = Table("Kit", title=f"What to buy for {escape(location)}", title_justify="left")
    table.add_column("Can build", justify="right")
    table.add_column("Buy")
    table.add_column("Unlocks", justify="right")
    for one in found:
        buy = ", ".join(f"{units:,} of {part}" for part, units in one.buy.items())
        table.add_row(escape(one.kit), f"{one.can_build:,}", escape(buy), f"{one.unlocks:,}")
    out.print(table)
    out.print("Each kit by itself: kits that share a part cannot both use what is bought for one.")
