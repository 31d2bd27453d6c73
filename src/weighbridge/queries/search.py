"""The search box: any order number, SKU, sale number, e-mail address, tracking number, refund, or exception."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.persistence.tables.stock import cin7_products, store_items
from weighbridge.persistence.tables.transfers import transfers

MOST = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result."""

    kind: str
    """order, SKU, exception ..."""
    name: str
    address: str
    connection: str
    note: str = ""
    exact: bool = True
    """Whether it equals the search text instead of containing it."""


async def search(app: AppContext, text: str) -> list[Hit]:
    """The results for `text`: exact numbers first, then SKUs and exceptions that contain it."""
    text = text.strip()
    if not text:
        return []
    hits = [*await _transfers(app, text), *await _skus(app, text), *await _exceptions(app, text)]
    unique = {(hit.kind, hit.address): hit for hit in hits}
    return list(unique.values())[: 3 * MOST]


async def _transfers(app: AppContext, text: str) -> list[Hit]:
    of = transfers.c
    plain = text.removeprefix("#")
    matches: list[Transfer] = []
    for where in (
        of.connection.in_(sorted(app.connections)) & of.flow.in_(["orders", "refunds"]) & (of.key == plain),
        of.target_number.in_(sorted({plain, plain.upper()})),
    ):
        matches += await app.repositories.transfers.select(where, limit=MOST)
    matches += await app.repositories.transfers.search(text, limit=MOST)
    return [_of_transfer(transfer) for transfer in matches if transfer.flow in ("orders", "refunds", "fulfilment")]


def _of_transfer(transfer: Transfer) -> Hit:
    if transfer.flow == "refunds":
        order, _, number = transfer.key.partition(":")
        address = f"/refunds/{transfer.connection}/{quote(order, safe='')}/{quote(number, safe='')}"
        note = f"{transfer.state}" + (f", credit note {transfer.target_number}" if transfer.target_number else "")
        return Hit("refund", f"Refund {number} of order {order}", address, transfer.connection, note)
    order = transfer.target_number if transfer.flow == "fulfilment" else transfer.key
    address = f"/orders/{transfer.connection}/{quote(order, safe='')}"
    note = f"{transfer.state}" + (
        f", sale {transfer.target_number}" if transfer.flow == "orders" and transfer.target_number else ""
    )
    return Hit(
        "order", f"Order {order}", address, transfer.connection, note if transfer.flow == "orders" else transfer.flow
    )


async def _skus(app: AppContext, text: str) -> list[Hit]:
    """SKUs that equal `text`; if there are none, SKUs that contain it."""
    for exact in (True, False):
        notes: dict[tuple[str, str], str] = {}
        async with app.database.reading() as reading:
            for table, note in ((store_items, "in the store"), (cin7_products, "in Cin7")):
                own = table.c.connection.in_(sorted(app.connections))
                fits = table.c.sku == text if exact else table.c.sku.icontains(text, autoescape=True)
                query = sa.select(table.c.connection, table.c.sku).where(own, fits).order_by(table.c.sku).limit(MOST)
                for row in (await reading.execute(query)).all():
                    key = (row.connection, row.sku)
                    notes[key] = f"{notes[key]} and {note}" if key in notes else note
        if notes:
            return [
                Hit("SKU", sku, f"/stock/{connection}/{quote(sku, safe='')}", connection, note, exact)
                for (connection, sku), note in sorted(notes.items())
            ]
    return []


async def _exceptions(app: AppContext, text: str) -> list[Hit]:
    exception_filter = ExceptionFilter(text=text, state="any", snoozed=True)
    exception_records = (await app.exception_queries.page(exception_filter, limit=MOST)).exception_records
    return [
        Hit("exception", record.title, f"/exceptions/{record.id}", record.connection, record.state, False)
        for record in exception_records
    ]
