"""Status: how many objects stand where, and what is left of the API budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection, Installation
from weighbridge.design.secrets import SecretFinder
from weighbridge.domain.stock.oversell import Bound, bound, total
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.api_budget import BudgetUsage
from weighbridge.platforms.api_credentials import BOOKS_WINDOW_SECONDS, SHOP_WINDOW_SECONDS, books_budget, shop_budget

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """The budget of one API application."""

    connection: str
    platform: str
    window_seconds: float
    usage: BudgetUsage | None
    """None where the account's id cannot be read here."""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """For machines; moments in ISO 8601, UTC."""
        told: dict[str, Any] = {"connection": self.connection, "platform": self.platform}
        if self.usage is None:
            return told | {"problem": self.problem}
        paused = self.usage.paused_until
        return told | {
            "window_seconds": self.window_seconds,
            "capacity": self.usage.capacity,
            "in_window": self.usage.in_window,
            "by_lane": dict(self.usage.by_lane),
            "under_way": self.usage.under_way,
            "peak": self.usage.peak,
            "throttles": self.usage.throttles,
            "paused_until": paused.isoformat() if paused else None,
        }


@dataclass(frozen=True, slots=True)
class Status:
    """Where an installation stands."""

    transfers: tuple[tuple[str, str, str, str, int], ...]
    """(connection, flow, state, reason kind, number)."""
    applications: tuple[ApplicationStatus, ...]
    oversell: Mapping[str, Mapping[str, Bound]]
    """By connection and SKU: the largest oversell possible now."""

    def as_json(self) -> dict[str, Any]:
        """The status for machines."""
        names = ("connection", "flow", "state", "kind", "count")
        return {
            "transfers": [dict(zip(names, row, strict=True)) for row in self.transfers],
            "budgets": [one.as_json() for one in self.applications],
            "worst_oversell": [
                {"connection": name, "units": sum_.units, "money": f"{sum_.money:.2f}", "skus": _at_risk(bounds)}
                for name, bounds in self.oversell.items()
                for sum_ in (total(bounds),)
            ],
        }


async def status_of(
    installation: Installation, folder: Path, environment: Mapping[str, str], database: Database, clock: Clock
) -> Status:
    """Where the installation stands now. `folder` is the configuration file's.

    Needs no secret but the Cin7 account ids, which tell which connections share a budget; one that cannot be read
    leaves its budget out.
    """
    journal = Journal.of(database, clock)
    counts = await journal.transfers.counts()
    applications = await budgets_of(installation, folder, environment, database, clock)
    finder = SecretFinder(folder, environment)
    oversell: dict[str, Mapping[str, Bound]] = {}
    for name, connection in installation.connections.items():
        hours = connection.design.stock.sales_hours
        exposures = await journal.exposures.of(name, sharing_stock(installation, finder, name), hours)
        oversell[name] = {sku: bound(one) for sku, one in exposures.items()}
    return Status(tuple(counts), applications, oversell)


async def budgets_of(
    installation: Installation, folder: Path, environment: Mapping[str, str], database: Database, clock: Clock
) -> tuple[ApplicationStatus, ...]:
    """The API budgets of every connection."""
    found: list[ApplicationStatus] = []
    for name, connection in installation.connections.items():
        shop = await shop_budget(database, clock, connection).usage()
        found.append(ApplicationStatus(name, "bigcommerce", SHOP_WINDOW_SECONDS, shop))
        found.append(await _books(name, connection, SecretFinder(folder, environment), database, clock))
    return tuple(found)


def sharing_stock(installation: Installation, finder: SecretFinder, name: str) -> tuple[str, ...]:
    """The connections that sell the stock of the same Cin7 company as `name`, as far as account ids can be read here;
    `name` is always among them."""
    accounts = {
        one: finder.find(f"connections.{one}.cin7.account_id", connection.cin7.account_id).get_secret_value()
        for one, connection in installation.connections.items()
    }
    return tuple(one for one, account in accounts.items() if one == name or (account and account == accounts[name]))


async def _books(
    name: str, connection: Connection, finder: SecretFinder, database: Database, clock: Clock
) -> ApplicationStatus:
    account_id = finder.find(f"connections.{name}.cin7.account_id", connection.cin7.account_id).get_secret_value()
    if not account_id:
        return ApplicationStatus(name, "cin7", BOOKS_WINDOW_SECONDS, None, "; ".join(finder.problems))
    usage = await books_budget(database, clock, connection, account_id).usage()
    return ApplicationStatus(name, "cin7", BOOKS_WINDOW_SECONDS, usage)


def print_status(status: Status, out: Console) -> None:
    """The status for people."""
    transfers = Table("Connection", "Flow", "State", "Reason")
    transfers.add_column("Count", justify="right")
    for row in status.transfers:
        transfers.add_row(*(str(value) for value in row))
    out.print(transfers)
    budgets = Table("Connection", "Platform", title="API budget", title_justify="left")
    for column in ("Calls in window", "Under way", "Fullest", "Throttles"):
        budgets.add_column(column, justify="right")
    budgets.add_column("By lane")
    budgets.add_column("Paused until")
    for one in status.applications:
        budgets.add_row(one.connection, one.platform, *_cells(one))
    out.print(budgets)
    for name, bounds in status.oversell.items():
        worst = total(bounds)
        skus = ", ".join(f"{sku} {units}" for sku, units in list(_at_risk(bounds).items())[:MOST_NAMED])
        out.print(
            f"{name}: at worst {worst.units:,} units oversold right now, worth {worst.money:,.2f}"
            + (f" ({skus}); weighbridge explain sku tells why" if skus else ""),
            highlight=False,
            markup=False,
        )


def _at_risk(bounds: Mapping[str, Bound]) -> dict[str, int]:
    """SKUs that could be oversold, the worst first."""
    worst = sorted(bounds.items(), key=lambda pair: (-pair[1].units, pair[0]))
    return {sku: one.units for sku, one in worst if one.units}


def _cells(one: ApplicationStatus) -> tuple[str, ...]:
    usage = one.usage
    if usage is None:
        return ("unknown", "", "", "", one.problem, "")
    lanes = ", ".join(f"{lane} {number}" for lane, number in sorted(usage.by_lane.items()))
    window = f"{usage.in_window} of {usage.capacity} in {one.window_seconds:g} s"
    paused = f"{usage.paused_until:%Y-%m-%d %H:%M:%S} UTC" if usage.paused_until else ""
    return (window, str(usage.under_way), str(usage.peak), str(usage.throttles), lanes, paused)
