"""The search box: any order number, SKU, sale number, e-mail address, tracking number, refund, or exception."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.exceptions.filters import Wanted
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.persistence.tables.stock import book_products, shop_items
from weighbridge.persistence.tables.transfers import transfers

MOST = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    what: str
    """order, SKU, exception ..."""
    name: str
    address: str
    connection: str
    note: str = ""
    exact: bool = True
    """Whether it is what was asked for, not something that contains it."""


async def search(office: Office, words: str) -> list[Hit]:
    """What `words` means: exact numbers first, then SKUs and exceptions that contain it."""
    words = words.strip()
    if not words:
        return []
    hits = [*await _transfers(office, words), *await _skus(office, words), *await _exceptions(office, words)]
    unique = {(hit.what, hit.address): hit for hit in hits}
    return list(unique.values())[: 3 * MOST]


async def _transfers(office: Office, words: str) -> list[Hit]:
    of = transfers.c
    plain = words.removeprefix("#")
    found: list[Transfer] = []
    for where in (
        of.connection.in_(sorted(office.connections)) & of.flow.in_(["orders", "refunds"]) & (of.key == plain),
        of.target_number.in_(sorted({plain, plain.upper()})),
    ):
        found += await office.journal.transfers.select(where, limit=MOST)
    found += await office.journal.transfers.found_by(words, limit=MOST)
    return [_of_transfer(one) for one in found if one.flow in ("orders", "refunds", "fulfilment")]


def _of_transfer(one: Transfer) -> Hit:
    if one.flow == "refunds":
        order, _, number = one.key.partition(":")
        address = f"/refunds/{one.connection}/{quote(order, safe='')}/{quote(number, safe='')}"
        note = f"{one.state}" + (f", credit note {one.target_number}" if one.target_number else "")
        return Hit("refund", f"Refund {number} of order {order}", address, one.connection, note)
    order = one.target_number if one.flow == "fulfilment" else one.key
    address = f"/orders/{one.connection}/{quote(order, safe='')}"
    note = f"{one.state}" + (f", sale {one.target_number}" if one.flow == "orders" and one.target_number else "")
    return Hit("order", f"Order {order}", address, one.connection, note if one.flow == "orders" else one.flow)


async def _skus(office: Office, words: str) -> list[Hit]:
    """SKUs that are exactly this; without any, those that contain it."""
    for exact in (True, False):
        found: dict[tuple[str, str], str] = {}
        async with office.database.reading() as reading:
            for table, note in ((shop_items, "at the shop"), (book_products, "in Cin7")):
                own = table.c.connection.in_(sorted(office.connections))
                fits = table.c.sku == words if exact else table.c.sku.icontains(words, autoescape=True)
                query = sa.select(table.c.connection, table.c.sku).where(own, fits).order_by(table.c.sku).limit(MOST)
                for row in (await reading.execute(query)).all():
                    place = (row.connection, row.sku)
                    found[place] = f"{found[place]} and {note}" if place in found else note
        if found:
            return [
                Hit("SKU", sku, f"/stock/{connection}/{quote(sku, safe='')}", connection, note, exact)
                for (connection, sku), note in sorted(found.items())
            ]
    return []


async def _exceptions(office: Office, words: str) -> list[Hit]:
    wanted = Wanted(words=words, state="any", snoozed=True)
    cases = (await office.cases.page(wanted, limit=MOST)).cases
    return [Hit("exception", one.title, f"/exceptions/{one.id}", one.connection, one.state, False) for one in cases]
