"""Returns: money out, goods in and stock back are three facts; what has one without the other, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from weighbridge.common.clock import Clock
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.orders.gateway_refunds import FLOW
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.transfers import transfers

REFUNDED_NOT_CREDITED = "refunded, not in the books"
GOODS_NOT_BACK = "refunded, goods not back"
NOT_TO_BE_SENT = "refunded, not to be sent"
NOT_REFUNDED = "goods back, not refunded"
LIST_OF = {
    FindingKind.NOT_RESTOCKED: GOODS_NOT_BACK,
    FindingKind.REFUNDED_BEFORE_DISPATCH: NOT_TO_BE_SENT,
}
"""The list that a finding on a posted refund puts it on."""


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """One refund whose clocks do not agree."""

    list: str
    connection: str
    order: str
    refund: str
    what: str
    amount: str
    currency: str
    owner: str
    since: datetime
    age_hours: float


async def returns_of(database: Database, clock: Clock) -> list[OpenReturn]:
    """Every refund with a fact that has not its counterpart, oldest first."""
    rows = await Journal.of(database, clock).transfers.select(transfers.c.flow == FLOW, limit=10_000)
    return sorted(open_returns(rows, clock.now()), key=lambda one: one.since)


def open_returns(rows: Sequence[Transfer], now: datetime) -> list[OpenReturn]:
    """The lists that these refunds are on at `now`."""
    found: list[OpenReturn] = []
    for row in rows:
        if row.state in (State.HELD, State.WAITING, State.NEW):
            in_books = row.reason_kind == FindingKind.CREDITED_NOT_REFUNDED
            name = NOT_REFUNDED if in_books else REFUNDED_NOT_CREDITED
            found.append(_open(row, name, row.reason or row.state, row.owner, row.created_at, now))
            continue
        for finding in row.findings if row.state is State.POSTED else ():
            name_of = {str(kind): name for kind, name in LIST_OF.items()}
            if finding["kind"] in name_of:
                since = row.posted_at or row.created_at
                found.append(_open(row, name_of[finding["kind"]], finding["value"], finding["owner"], since, now))
    return found


def _open(row: Transfer, name: str, what: str, owner: str, since: datetime, now: datetime) -> OpenReturn:
    order, _, refund = row.key.partition(":")
    amount = "" if row.amount is None else str(row.amount)
    age = round((now - since) / timedelta(hours=1), 1)
    return OpenReturn(name, row.connection, order, refund, what, amount, row.currency, owner, since, age)


def as_json(found: Sequence[OpenReturn]) -> list[dict[str, Any]]:
    """The lists for machines; moments in ISO 8601, UTC."""
    return [asdict(one) | {"since": one.since.isoformat()} for one in found]


def print_returns(found: Sequence[OpenReturn], out: Console) -> None:
    """The lists for people."""
    table = Table("List", "Connection", "Order", "Refund", "Owner")
    for column in ("Amount", "Hours"):
        table.add_column(column, justify="right")
    table.add_column("What")
    for one in found:
        amount = f"{one.amount} {one.currency}".strip()
        table.add_row(one.list, one.connection, one.order, one.refund, one.owner, amount, f"{one.age_hours}", one.what)
    out.print(table)
