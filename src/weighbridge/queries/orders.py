"""The list of orders: newest first, by state, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers

ORDERS = "orders"
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in a list."""

    id: str
    connection: str
    number: str
    state: State
    reason: str
    owner: str
    amount: Decimal | None
    currency: str
    sale_number: str
    created_at: datetime
    updated_at: datetime
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of the list, newest first."""

    orders: tuple[OrderLine, ...]
    after: str
    """Cursor of the next page; empty on the last page."""


async def orders_of(
    app: AppContext, *, state: State | None = None, connection: str = "", after: str = "", limit: int = PER_PAGE
) -> OrderPage:
    """A page of orders after the cursor `after` of the previous page. Raises ValueError if `after` is no cursor."""
    of = transfers.c
    query = sa.select(
        of.id, of.connection, of.key.label("number"), of.state, of.reason, of.owner, of.amount, of.currency,
        of.target_number.label("sale_number"), of.created_at, of.updated_at, of.next_try_at,
    ).where(of.flow == ORDERS)  # fmt: skip
    if state is not None:
        query = query.where(of.state == state)
    if connection:
        query = query.where(of.connection == connection)
    if after:
        query = query.where(
            sa.tuple_(of.created_at, of.id) < sa.tuple_(*_parse_cursor(after), types=(of.created_at.type, sa.String()))
        )
    query = query.order_by(of.created_at.desc(), of.id.desc()).limit(limit + 1)
    async with app.database.reading() as reading:
        rows = (await reading.execute(query)).all()
    orders = tuple(OrderLine(**{**row._mapping, "state": State(row.state)}) for row in rows[:limit])
    return OrderPage(orders, _cursor(orders[-1]) if len(rows) > limit else "")


async def counts_by_state(app: AppContext, connection: str = "") -> dict[State, int]:
    """The number of orders in each unfinished state; finished orders are too many to count on each page."""
    of = transfers.c
    unfinished = (State.HELD, State.WAITING, State.NEW, State.REJECTED)
    query = (
        sa.select(of.state, sa.func.count())
        .where(of.flow == ORDERS, of.state.in_(unfinished), of.connection == connection if connection else sa.true())
        .group_by(of.state)
    )
    async with app.database.reading() as reading:
        return {State(state): number for state, number in (await reading.execute(query)).all()}


def _cursor(order: OrderLine) -> str:
    return f"{order.created_at.timestamp():.6f}~{order.id}"


def _parse_cursor(text: str) -> tuple[datetime, str]:
    timestamp, _, order_id = text.partition("~")
    return datetime.fromtimestamp(float(timestamp), UTC), order_id
