"""Returns report: refunds for which refund, returned goods and credit note do not agree, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table

from weighbridge.common.clock import Clock
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.orders.gateway_refunds import FLOW
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import State, Transfer

REFUNDED_NOT_CREDITED = "refunded, not credited in Cin7"
GOODS_NOT_BACK = "refunded, goods not back"
NOT_TO_BE_SENT = "refunded, not to be sent"
NOT_REFUNDED = "goods back, not refunded"
NAME_BY_KIND = {
    str(FindingKind.NOT_RESTOCKED): GOODS_NOT_BACK,
    str(FindingKind.REFUNDED_BEFORE_DISPATCH): NOT_TO_BE_SENT,
}
"""The list to which a finding adds a posted refund."""


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """One refund on one of the lists."""

    list: str
    connection: str
    order: str
    refund: str
    problem: str
    amount: str
    currency: str
    owner: str
    since: datetime
    age_hours: float


async def returns_of(database: Database, clock: Clock) -> list[OpenReturn]:
    """Every refund that is on a list now, oldest first."""
    refunds = await Repositories.of(database, clock).transfers.in_flow(FLOW, limit=10_000)
    return sorted(open_returns(refunds, clock.now()), key=lambda open_return: open_return.since)


def open_returns(refunds: Sequence[Transfer], now: datetime) -> list[OpenReturn]:
    """The lists that these refunds are on at `now`."""
    rows: list[OpenReturn] = []
    for refund in refunds:
        if refund.state in (State.HELD, State.WAITING, State.NEW):
            is_credited = refund.reason_kind == FindingKind.CREDITED_NOT_REFUNDED
            name = NOT_REFUNDED if is_credited else REFUNDED_NOT_CREDITED
            rows.append(_row(refund, name, refund.reason or refund.state, refund.owner, refund.created_at, now))
            continue
        for finding in refund.findings if refund.state is State.POSTED else ():
            if finding["kind"] in NAME_BY_KIND:
                name, since = NAME_BY_KIND[finding["kind"]], refund.posted_at or refund.created_at
                rows.append(_row(refund, name, finding["value"], finding["owner"], since, now))
    return rows


def _row(refund: Transfer, name: str, problem: str, owner: str, since: datetime, now: datetime) -> OpenReturn:
    order, _, refund_id = refund.key.partition(":")
    amount = "" if refund.amount is None else str(refund.amount)
    age = round((now - since) / timedelta(hours=1), 1)
    return OpenReturn(name, refund.connection, order, refund_id, problem, amount, refund.currency, owner, since, age)


def print_returns(rows: Sequence[OpenReturn], out: Console) -> None:
    """Prints the lists as a table."""
    table = Table("List", "Connection", "Order", "Refund", "Owner")
    for column in ("Amount", "Hours"):
        table.add_column(column, justify="right")
    table.add_column("Problem")
    for row in rows:
        amount = f"{row.amount} {row.currency}".strip()
        hours = f"{row.age_hours}"
        table.add_row(row.list, row.connection, row.order, row.refund, row.owner, amount, hours, row.problem)
    out.print(table)
