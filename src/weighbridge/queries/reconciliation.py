"""Reconciliation from the database: objects posted day by day, with the store's total and the total that Cin7 answered.

The totals are those at the time of posting, not a reading of both ledgers now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.domain.values.money import ZERO, Money
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import intents

DAYS = 7
CACHE_SECONDS = 60.0
ANSWERED_BY = {"orders": "order", "refunds": "credit_note"}
"""Flow -> kind of the intent whose answer states the document's total in Cin7."""
AT_ONCE = 200
"""Objects whose answers are read by one query, by the index of their transfers."""
DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """Objects of a flow that were posted on a day, in one currency."""

    objects: int = 0
    store_total: Decimal = ZERO
    """Their total in the store."""
    cin7_total: Decimal = ZERO
    """The total of their documents in Cin7's answers."""
    unanswered: int = 0
    """Objects without such an answer; they are in `store_total` and not in `cin7_total`."""


@dataclass(frozen=True, slots=True)
class Day:
    """The objects posted on one day, UTC, in one currency."""

    day: date
    currency: str
    orders: Side
    refunds: Side

    def money(self, amount: Decimal) -> Money:
        return Money(amount, self.currency)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The last days, newest first, and the time of the count."""

    days: tuple[Day, ...]
    counted_at: datetime
    held: int
    """Held orders and refunds; they belong to no day yet."""


async def reconciliation_of(app: AppContext, connection: str) -> Reconciliation:
    """The objects posted on the last days of a connection; at most a minute old."""

    async def work() -> Reconciliation:
        return await _reconcile(app, connection)

    return await app.cache.get_or_compute(f"reconciliation {connection}", CACHE_SECONDS, work)


async def _reconcile(app: AppContext, connection: str) -> Reconciliation:
    now = app.clock.now()
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    of, day = transfers.c, sa.type_coerce(transfers.c.posted_at, sa.BigInteger) // DAY_MICROSECONDS
    posted = sa.select(of.id, of.flow, of.currency, of.amount, day.label("day")).where(
        of.posted_at >= since, of.connection == connection, of.flow.in_(sorted(ANSWERED_BY)), of.state == State.POSTED
    )
    waiting = sa.select(sa.func.count()).where(
        of.state == State.HELD, of.flow.in_(sorted(ANSWERED_BY)), of.connection == connection
    )
    async with app.database.reading() as reading:
        rows = (await reading.execute(posted)).all()
        answers: dict[tuple[str, str], object] = {}
        for start in range(0, len(rows), AT_ONCE):
            ids = [row.id for row in rows[start : start + AT_ONCE]]
            answered = sa.select(intents.c.transfer_id, intents.c.kind, intents.c.answer).where(
                intents.c.transfer_id.in_(ids), intents.c.kind.in_(sorted(ANSWERED_BY.values())),
                intents.c.answered_at.is_not(None),
            ).order_by(intents.c.answered_at)  # fmt: skip
            answers |= {(row.transfer_id, row.kind): row.answer for row in (await reading.execute(answered)).all()}
        held = int((await reading.execute(waiting)).scalar_one())
    return Reconciliation(tuple(_days(rows, answers)), now, held)


def _days(rows: Iterable[sa.Row[tuple[object, ...]]], answers: dict[tuple[str, str], object]) -> list[Day]:
    sides: dict[tuple[int, str, str], Side] = {}
    for row in rows:
        key = (int(row.day), row.currency, row.flow)
        side, stated = sides.get(key, Side()), _total_in(answers.get((row.id, ANSWERED_BY[row.flow])))
        sides[key] = Side(
            side.objects + 1,
            side.store_total + (row.amount or ZERO),
            side.cin7_total + (stated or ZERO),
            side.unanswered + (stated is None),
        )
    keys = sorted({(number, currency) for number, currency, _ in sides}, key=lambda key: (-key[0], key[1]))
    return [
        Day(
            date(1970, 1, 1) + timedelta(days=number),
            currency,
            sides.get((number, currency, "orders"), Side()),
            sides.get((number, currency, "refunds"), Side()),
        )
        for number, currency in keys
    ]


def _total_in(answer: object) -> Decimal | None:
    stated = answer.get("total") if isinstance(answer, dict) else None
    return None if stated is None else Decimal(str(stated))
