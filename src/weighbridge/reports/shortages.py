"""Shortages report of `weighbridge stock shortages`: which components to buy so that more kits can be sold."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge.domain.stock.shortages import Shortage, shortages
from weighbridge.flows.stock.compute import COMPONENT_STOCK
from weighbridge.persistence.repositories import Repositories


async def shortages_of(
    repositories: Repositories, connection: str, location: str, goal: int
) -> tuple[Shortage, ...] | None:
    """The shortages of the store's kits at one location, from the last reading less what is sold since.

    None before the first reading of stock.
    """
    stored = await repositories.reference_cache.read(connection, COMPONENT_STOCK)
    if stored is None:
        return None
    component_stock, read_at = stored
    bills = await repositories.catalogue.bills(connection)
    sold = await repositories.reservations.in_flight([connection], read_at)
    stock = {sku: Decimal(units) for sku, units in component_stock.get(location, {}).items()}
    remaining = bills.left_over({sku: units for sku, units in sold.items() if sku in bills or sku in stock}, stock)
    items = await repositories.catalogue.store_items(connection)
    return shortages(bills.kits & items.keys(), bills, remaining, goal)


def print_shortages(rows: Sequence[Shortage], location: str, out: Console) -> None:
    """Prints one line per kit, the best purchase first."""
    if not rows:
        out.print("No kit of the store lacks a component.")
        return
    table = Table("Kit", title=f"What to buy for {escape(location)}", title_justify="left")
    table.add_column("Can build", justify="right")
    table.add_column("Buy")
    table.add_column("Unlocks", justify="right")
    for row in rows:
        buy = ", ".join(f"{units:,} of {component}" for component, units in row.buy.items())
        table.add_row(escape(row.kit), f"{row.can_build:,}", escape(buy), f"{row.unlocks:,}")
    out.print(table)
    out.print("Each kit is computed separately: kits that share a component cannot both use one purchase.")
