"""Status: how many objects stand where, and what is left of the API budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from weighbridge.clock import Clock
from weighbridge.database import Database
from weighbridge.design.schema import Connection, Installation
from weighbridge.journal import Journal
from weighbridge.platforms.applications import BOOKS_WINDOW_SECONDS, SHOP_WINDOW_SECONDS, books_budget, shop_budget
from weighbridge.platforms.budget_book import BudgetUsage
from weighbridge.settings import SecretFinder


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

    def as_json(self) -> dict[str, Any]:
        """The status for machines."""
        names = ("connection", "flow", "state", "kind", "count")
        return {
            "transfers": [dict(zip(names, row, strict=True)) for row in self.transfers],
            "budgets": [one.as_json() for one in self.applications],
        }


async def status_of(
    installation: Installation, folder: Path, environment: Mapping[str, str], database: Database, clock: Clock
) -> Status:
    """Where the installation stands now. `folder` is the configuration file's.

    Needs no secret but the Cin7 account ids, which tell which connections share a budget; one that cannot be read
    leaves its budget out.
    """
    counts = await Journal.of(database, clock).transfers.counts()
    applications: list[ApplicationStatus] = []
    for name, connection in installation.connections.items():
        shop = await shop_budget(database, clock, connection).usage()
        applications.append(ApplicationStatus(name, "bigcommerce", SHOP_WINDOW_SECONDS, shop))
        applications.append(await _books(name, connection, SecretFinder(folder, environment), database, clock))
    return Status(tuple(counts), tuple(applications))


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


def _cells(one: ApplicationStatus) -> tuple[str, ...]:
    usage = one.usage
    if usage is None:
        return ("unknown", "", "", "", one.problem, "")
    lanes = ", ".join(f"{lane} {number}" for lane, number in sorted(usage.by_lane.items()))
    window = f"{usage.in_window} of {usage.capacity} in {one.window_seconds:g} s"
    paused = f"{usage.paused_until:%Y-%m-%d %H:%M:%S} UTC" if usage.paused_until else ""
    return (window, str(usage.under_way), str(usage.peak), str(usage.throttles), lanes, paused)
