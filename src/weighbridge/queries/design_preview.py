"""Previews a changed design on stored orders, held and posted, without any call or write.

Each order is rebuilt from its answers in the HTTP log, then checked and mapped twice, under the present design and
under the changed one, against the same reference data. Every difference therefore comes from the change alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.design.domain_policies import sale_policy
from weighbridge.design.schema import Design
from weighbridge.domain.design_impact import OrderImpact, Shift, shifts_of
from weighbridge.domain.orders.correction import Correction, corrected
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale_mapping import map_order
from weighbridge.domain.values.money import Money
from weighbridge.flows.reference_data.load import stored_reference_data
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.platforms.bigcommerce.stored_answers import StoredAnswer, stored_order

ORDERS = "orders"
FEW, MOST = 50, 500
"""Orders of each kind in a preview: the oldest held ones and the latest posted ones. A page previews few, so that it
loads at once, and the most on request."""
READ_AT_ONCE = 100
AT_ONCE = 25
"""Orders that are mapped before the event loop serves other requests."""
NAMED = 10
CHANGES_SALES = frozenset({"tax.rules", "payments.accounts", "skus"})
"""Tables of the design that change sales."""


@dataclass(frozen=True, slots=True)
class AffectedOrder:
    """An order that the change affects."""

    number: str
    money: Money | None
    why: str = ""
    """The findings that stop it under the changed design."""


@dataclass(frozen=True, slots=True)
class DesignPreview:
    """The effect of the change on stored orders."""

    held: int
    """Held orders in the preview."""
    would_pass: tuple[AffectedOrder, ...]
    would_pass_anyhow: int
    """Held orders that check and mapping stop under neither design: they wait for something else."""
    still_held: tuple[AffectedOrder, ...]
    """The first few orders that the changed design holds too, with the findings that stop them."""
    still_held_total: int
    posted: int
    """Posted orders in the preview, the latest."""
    unchanged: int
    differing: tuple[AffectedOrder, ...]
    """The first few."""
    differing_total: int
    stopped: tuple[AffectedOrder, ...]
    """The first few posted orders that would be held."""
    stopped_total: int
    unreadable: int
    """Orders of either kind whose answers are not all stored."""
    shifts: tuple[Shift, ...]
    most: int
    """The maximum of each kind in the preview."""

    @property
    def money_that_passes(self) -> tuple[Money, ...]:
        """The total of the orders that would pass, by currency."""
        totals: dict[str, Decimal] = {}
        for order in self.would_pass:
            if order.money is not None:
                totals[order.money.currency] = totals.get(order.money.currency, Decimal(0)) + order.money.amount
        return tuple(Money(amount, currency) for currency, amount in sorted(totals.items()))


@dataclass(frozen=True, slots=True)
class _StoredOrder:
    """A stored order with the corrections of users."""

    number: str
    money: Money | None
    order: Order
    corrections: tuple[Correction, ...]


async def preview_design(
    app: AppContext, connection: str, present: Design, changed: Design, most: int = MOST
) -> DesignPreview:
    """The effect of `changed` instead of `present` on held orders and on the latest posted ones, at most `most` of
    each."""
    held, held_unreadable = await _stored_orders(app, connection, State.HELD, most)
    posted, posted_unreadable = await _stored_orders(app, connection, State.POSTED, most)
    held_impacts = await _impacts_of(app, connection, present, changed, held)
    posted_impacts = await _impacts_of(app, connection, present, changed, posted)
    money = {order.number: order.money for order in (*held, *posted)}

    def affected(impacts: Sequence[OrderImpact]) -> tuple[AffectedOrder, ...]:
        by_number = sorted(impacts, key=lambda impact: (len(impact.order_id), impact.order_id))
        return tuple(
            AffectedOrder(impact.order_id, money[impact.order_id], "; ".join(map(str, impact.blocking_findings)))
            for impact in by_number
        )

    passing = [impact for impact in held_impacts if impact.passes_now]
    still_held = [impact for impact in held_impacts if impact.blocking_findings]
    differing = [impact for impact in posted_impacts if impact.differs]
    stopped = [impact for impact in posted_impacts if impact.is_stopped_now]
    return DesignPreview(
        held=len(held_impacts),
        would_pass=affected(passing),
        would_pass_anyhow=len(held_impacts) - len(passing) - len(still_held),
        still_held=affected(still_held[:NAMED]),
        still_held_total=len(still_held),
        posted=len(posted_impacts),
        unchanged=len(posted_impacts) - len(differing) - len(stopped),
        differing=affected(differing[:NAMED]),
        differing_total=len(differing),
        stopped=affected(stopped[:NAMED]),
        stopped_total=len(stopped),
        unreadable=held_unreadable + posted_unreadable,
        shifts=shifts_of(posted_impacts),
        most=most,
    )


async def _stored_orders(app: AppContext, connection: str, state: State, most: int) -> tuple[list[_StoredOrder], int]:
    """Orders in a state, as the store answered last, and how many of them cannot be rebuilt."""
    of = transfers.c
    columns = (of.id, of.key, of.amount, of.currency)
    query = sa.select(*columns).where(of.connection == connection, of.flow == ORDERS, of.state == state)
    if state is State.POSTED:
        # Orders are posted one after the other, so the index of posted_at leads to the latest at once.
        query = query.where(of.posted_at.is_not(None)).order_by(of.posted_at.desc())
    else:
        query = query.order_by(of.created_at, of.id)
    async with app.database.reading() as reading:
        rows = (await reading.execute(query.limit(most))).all()
    corrections = await app.repositories.decisions.corrections_of([row.id for row in rows])
    orders: list[_StoredOrder] = []
    for start in range(0, len(rows), READ_AT_ONCE):
        batch = rows[start : start + READ_AT_ONCE]
        answers = await app.repositories.http_log.answers([row.id for row in batch], "bigcommerce")
        for row in batch:
            stored_answers = [StoredAnswer(url, body) for url, body in answers.get(row.id, ())]
            order = await asyncio.to_thread(stored_order, stored_answers)
            if order is not None:
                money = Money(row.amount, row.currency) if row.amount is not None and row.currency else None
                orders.append(_StoredOrder(row.key, money, order, corrections.get(row.id, ())))
    return orders, len(rows) - len(orders)


async def _impacts_of(
    app: AppContext, connection: str, present: Design, changed: Design, orders: Sequence[_StoredOrder]
) -> list[OrderImpact]:
    """Each order under both designs; empty while the reference data was never read."""
    skus = {line.sku for stored in orders for line in stored.order.lines if line.sku}
    skus |= {correction.after for stored in orders for correction in stored.corrections}
    skus |= set(present.skus.values()) | set(changed.skus.values())
    reference_data = await stored_reference_data(app.repositories, connection, skus)
    if reference_data is None:
        return []
    configured = app.connections[connection]
    policies = [
        (design.skus, sale_policy(configured.model_copy(update={"design": design}))) for design in (present, changed)
    ]

    def compare(batch: Sequence[_StoredOrder]) -> list[OrderImpact]:
        return [
            OrderImpact(
                stored.number,
                *(
                    map_order(corrected(stored.order, stored.corrections, names), reference_data, policy)
                    for names, policy in policies
                ),
            )
            for stored in batch
        ]

    impacts: list[OrderImpact] = []
    for start in range(0, len(orders), AT_ONCE):
        impacts += await asyncio.to_thread(compare, orders[start : start + AT_ONCE])
    return impacts
