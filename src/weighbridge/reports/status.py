"""Status report: transfers by state, API budgets, and the worst possible oversell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection, Installation
from weighbridge.design.secrets import SecretFinder
from weighbridge.domain.stock.oversell import Bound, bound, total
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.api_budget import BudgetUsage
from weighbridge.platforms.api_credentials import (
    BIGCOMMERCE_WINDOW_SECONDS,
    CIN7_WINDOW_SECONDS,
    bigcommerce_budget,
    cin7_budget,
)

MOST_NAMED = 5
TRANSFER_COLUMNS = ("connection", "flow", "state", "kind", "count")


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """The budget of one API application."""

    connection: str
    platform: str
    window_seconds: float
    usage: BudgetUsage | None
    """None if the account id cannot be read here."""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The budget as JSON; timestamps in ISO 8601, UTC."""
        identity: dict[str, Any] = {"connection": self.connection, "platform": self.platform}
        if self.usage is None:
            return identity | {"problem": self.problem}
        paused = self.usage.paused_until
        return identity | {
            "window_seconds": self.window_seconds,
            "capacity": self.usage.capacity,
            "in_window": self.usage.in_window,
            "by_lane": dict(self.usage.by_lane),
            "in_flight": self.usage.in_flight,
            "peak": self.usage.peak,
            "throttles": self.usage.throttles,
            "paused_until": paused.isoformat() if paused else None,
        }


@dataclass(frozen=True, slots=True)
class Status:
    """The status of an installation."""

    transfers: tuple[tuple[str, str, str, str, int], ...]
    """(connection, flow, state, reason kind, number)."""
    applications: tuple[ApplicationStatus, ...]
    oversell: Mapping[str, Mapping[str, Bound]]
    """By connection and SKU: the oversell bound now."""

    def as_json(self) -> dict[str, Any]:
        """The status as JSON."""
        return {
            "transfers": [dict(zip(TRANSFER_COLUMNS, row, strict=True)) for row in self.transfers],
            "budgets": [application.as_json() for application in self.applications],
            "worst_oversell": [
                {"connection": name, "units": worst.units, "money": f"{worst.money:.2f}", "skus": _at_risk(bounds)}
                for name, bounds in self.oversell.items()
                for worst in (total(bounds),)
            ],
        }


async def status_of(
    installation: Installation, folder: Path, environment: Mapping[str, str], database: Database, clock: Clock
) -> Status:
    """The status of the installation now. `folder` is the folder of the configuration file.

    It needs no secrets except the Cin7 account ids, by which connections share a budget. If an account id cannot be
    read, its budget is left out.
    """
    repositories = Repositories.of(database, clock)
    counts = await repositories.transfers.counts()
    applications = await budgets_of(installation, folder, environment, database, clock)
    finder = SecretFinder(folder, environment)
    oversell: dict[str, Mapping[str, Bound]] = {}
    for name, connection in installation.connections.items():
        hours = connection.design.stock.sales_hours
        sharing = sharing_stock(installation, finder, name)
        factors_by_sku = await repositories.oversell_risk.by_sku(name, sharing, hours)
        oversell[name] = {sku: bound(factors) for sku, factors in factors_by_sku.items()}
    return Status(tuple(counts), applications, oversell)


async def budgets_of(
    installation: Installation, folder: Path, environment: Mapping[str, str], database: Database, clock: Clock
) -> tuple[ApplicationStatus, ...]:
    """The API budgets of every connection."""
    applications: list[ApplicationStatus] = []
    for name, connection in installation.connections.items():
        usage = await bigcommerce_budget(database, clock, connection).usage()
        applications.append(ApplicationStatus(name, "bigcommerce", BIGCOMMERCE_WINDOW_SECONDS, usage))
        applications.append(await _cin7_status(name, connection, SecretFinder(folder, environment), database, clock))
    return tuple(applications)


def sharing_stock(installation: Installation, finder: SecretFinder, name: str) -> tuple[str, ...]:
    """The connections that sell the stock of the same Cin7 company as `name`, which is always among them.

    A connection whose account id cannot be read here is left out.
    """
    accounts = {
        other: finder.find(f"connections.{other}.cin7.account_id", connection.cin7.account_id).get_secret_value()
        for other, connection in installation.connections.items()
    }
    own = accounts[name]
    return tuple(other for other, account in accounts.items() if other == name or (account and account == own))


async def _cin7_status(
    name: str, connection: Connection, finder: SecretFinder, database: Database, clock: Clock
) -> ApplicationStatus:
    account_id = finder.find(f"connections.{name}.cin7.account_id", connection.cin7.account_id).get_secret_value()
    if not account_id:
        return ApplicationStatus(name, "cin7", CIN7_WINDOW_SECONDS, None, "; ".join(finder.problems))
    usage = await cin7_budget(database, clock, connection, account_id).usage()
    return ApplicationStatus(name, "cin7", CIN7_WINDOW_SECONDS, usage)


def print_status(status: Mapping[str, Any], out: Console) -> None:
    """Prints a status as `Status.as_json` gives it."""
    transfers = Table("Connection", "Flow", "State", "Reason")
    transfers.add_column("Count", justify="right")
    for row in status["transfers"]:
        transfers.add_row(*(str(row[name]) for name in TRANSFER_COLUMNS))
    out.print(transfers)
    budgets = Table("Connection", "Platform", title="API budget", title_justify="left")
    for column in ("Calls in window", "In flight", "Peak", "Throttles"):
        budgets.add_column(column, justify="right")
    budgets.add_column("By lane")
    budgets.add_column("Paused until")
    for budget in status["budgets"]:
        budgets.add_row(budget["connection"], budget["platform"], *_cells(budget))
    out.print(budgets)
    for worst in status["worst_oversell"]:
        skus = ", ".join(f"{sku} {units}" for sku, units in list(worst["skus"].items())[:MOST_NAMED])
        out.print(
            f"{worst['connection']}: at worst {worst['units']:,} units oversold right now, worth "
            f"{Decimal(worst['money']):,.2f}"
            + (f" ({skus}); run weighbridge stock explain for the reasons" if skus else ""),
            highlight=False,
            markup=False,
        )


def _at_risk(bounds: Mapping[str, Bound]) -> dict[str, int]:
    """Units by SKU that could be oversold, the worst first."""
    worst = sorted(bounds.items(), key=lambda pair: (-pair[1].units, pair[0]))
    return {sku: sku_bound.units for sku, sku_bound in worst if sku_bound.units}


def _cells(budget: Mapping[str, Any]) -> tuple[str, ...]:
    if "problem" in budget:
        return ("unknown", "", "", "", budget["problem"], "")
    lanes = ", ".join(f"{lane} {number}" for lane, number in sorted(budget["by_lane"].items()))
    window = f"{budget['in_window']} of {budget['capacity']} in {budget['window_seconds']:g} s"
    paused_until = budget["paused_until"]
    paused = f"{datetime.fromisoformat(paused_until):%Y-%m-%d %H:%M:%S} UTC" if paused_until else ""
    return (window, str(budget["in_flight"]), str(budget["peak"]), str(budget["throttles"]), lanes, paused)
