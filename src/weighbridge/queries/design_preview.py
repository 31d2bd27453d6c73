"""A changed design tried on stored orders: those that wait, and the last that crossed. Nothing is called or written.

Each order is put together again from the answers that the journal keeps, then checked and mapped twice, under the
present design and under the changed one, against the same books. So what differs comes from the change alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.design.domain_policies import sale_policy
from weighbridge.design.schema import Design
from weighbridge.domain.design_impact import Shift, Weighed, shifts_of
from weighbridge.domain.orders.correction import Correction, corrected
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale_mapping import map_order
from weighbridge.domain.values.money import Money
from weighbridge.flows.reference_data.load import kept_books
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.platforms.bigcommerce.stored_answers import KeptAnswer, stored_order

ORDERS = "orders"
FEW, MOST = 50, 500
"""Orders that are tried of each kind: the oldest that wait, the latest that crossed. A page tries few, so that it is
there at once, and the most when somebody asks for them."""
READ_AT_ONCE = 100
AT_ONCE = 25
"""Orders that are mapped before others have a turn."""
NAMED = 10
CHANGES_SALES = frozenset({"tax.rules", "payments.accounts", "skus"})
"""Tables of the design that decide what a sale looks like."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An order that would not stay as it is."""

    number: str
    money: Money | None
    why: str = ""
    """What would still stop it, or stop it then."""


@dataclass(frozen=True, slots=True)
class Redesign:
    """What the change would do to stored orders."""

    held: int
    """Orders that wait and were tried."""
    would_pass: tuple[Tried, ...]
    would_pass_anyhow: int
    """Held orders that nothing in check and mapping stops under either design: they wait for something else."""
    still_held: tuple[Tried, ...]
    """The first few, with what stops them under the changed design too."""
    still_held_in_all: int
    past: int
    """Orders that crossed and were tried, the latest."""
    unchanged: int
    differing: tuple[Tried, ...]
    """The first few."""
    differing_in_all: int
    stopped: tuple[Tried, ...]
    """Orders that crossed and would be held, the first few."""
    stopped_in_all: int
    unreadable: int
    """Orders of either kind whose answers are not all kept."""
    shifts: tuple[Shift, ...]
    most: int
    """Orders of each kind that were tried at most."""

    @property
    def money_that_passes(self) -> tuple[Money, ...]:
        """What the orders come to that would pass, by currency."""
        worth: dict[str, Decimal] = {}
        for one in self.would_pass:
            if one.money is not None:
                worth[one.money.currency] = worth.get(one.money.currency, Decimal(0)) + one.money.amount
        return tuple(Money(amount, currency) for currency, amount in sorted(worth.items()))


@dataclass(frozen=True, slots=True)
class _Kept:
    """A stored order with what people said about it."""

    number: str
    money: Money | None
    order: Order
    corrections: tuple[Correction, ...]


async def redesign_of(office: Office, connection: str, present: Design, changed: Design, most: int = MOST) -> Redesign:
    """What `changed` instead of `present` would do to orders that wait and to the last that crossed, at most `most` of
    each."""
    held, held_lost = await _kept(office, connection, State.HELD, most)
    past, past_lost = await _kept(office, connection, State.POSTED, most)
    weighed_held = await _weighed(office, connection, present, changed, held)
    weighed_past = await _weighed(office, connection, present, changed, past)
    money = {one.number: one.money for one in (*held, *past)}

    def tried(found: Sequence[Weighed]) -> tuple[Tried, ...]:
        by_number = sorted(found, key=lambda one: (len(one.order_id), one.order_id))
        return tuple(
            Tried(one.order_id, money[one.order_id], "; ".join(map(str, one.still_against))) for one in by_number
        )

    passes = [one for one in weighed_held if one.passes_now]
    against = [one for one in weighed_held if one.still_against]
    differing = [one for one in weighed_past if one.differs]
    stopped = [one for one in weighed_past if one.is_stopped_now]
    return Redesign(
        held=len(weighed_held),
        would_pass=tried(passes),
        would_pass_anyhow=len(weighed_held) - len(passes) - len(against),
        still_held=tried(against[:NAMED]),
        still_held_in_all=len(against),
        past=len(weighed_past),
        unchanged=len(weighed_past) - len(differing) - len(stopped),
        differing=tried(differing[:NAMED]),
        differing_in_all=len(differing),
        stopped=tried(stopped[:NAMED]),
        stopped_in_all=len(stopped),
        unreadable=held_lost + past_lost,
        shifts=shifts_of(weighed_past),
        most=most,
    )


async def _kept(office: Office, connection: str, state: State, most: int) -> tuple[list[_Kept], int]:
    """Orders in a state as the shop last showed them, and of how many not all is kept."""
    of = transfers.c
    columns = (of.id, of.key, of.amount, of.currency)
    query = sa.select(*columns).where(of.connection == connection, of.flow == ORDERS, of.state == state)
    if state is State.POSTED:
        # Orders are posted one after the other, so the index of that moment leads to the latest at once.
        query = query.where(of.posted_at.is_not(None)).order_by(of.posted_at.desc())
    else:
        query = query.order_by(of.created_at, of.id)
    async with office.database.reading() as reading:
        rows = (await reading.execute(query.limit(most))).all()
    corrections = await office.journal.words.corrections_of([row.id for row in rows])
    found: list[_Kept] = []
    for start in range(0, len(rows), READ_AT_ONCE):
        part = rows[start : start + READ_AT_ONCE]
        answers = await office.journal.exchanges.answers([row.id for row in part], "bigcommerce")
        for row in part:
            kept = [KeptAnswer(url, body) for url, body in answers.get(row.id, ())]
            order = await asyncio.to_thread(stored_order, kept)
            if order is not None:
                money = Money(row.amount, row.currency) if row.amount is not None and row.currency else None
                found.append(_Kept(row.key, money, order, corrections.get(row.id, ())))
    return found, len(rows) - len(found)


async def _weighed(
    office: Office, connection: str, present: Design, changed: Design, orders: Sequence[_Kept]
) -> list[Weighed]:
    """Each order under both designs; none while the books were never read."""
    skus = {line.sku for one in orders for line in one.order.lines if line.sku}
    skus |= {after for one in orders for after in (c.after for c in one.corrections)}
    skus |= set(present.skus.values()) | set(changed.skus.values())
    books = await kept_books(office.journal, connection, skus)
    if books is None:
        return []
    of = office.connections[connection]
    both = [(design.skus, sale_policy(of.model_copy(update={"design": design}))) for design in (present, changed)]

    def weigh(part: Sequence[_Kept]) -> list[Weighed]:
        return [
            Weighed(
                one.number,
                *(map_order(corrected(one.order, one.corrections, names), books, policy) for names, policy in both),
            )
            for one in part
        ]

    found: list[Weighed] = []
    for start in range(0, len(orders), AT_ONCE):
        found += await asyncio.to_thread(weigh, orders[start : start + AT_ONCE])
    return found
