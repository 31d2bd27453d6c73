"""Reconciliation, as far as the journal tells: what crossed day by day, as the shop asked and as Cin7 answered.

This is what both systems said when it crossed, not a reading of both ledgers now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.domain.values.money import ZERO, Money
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import intents

DAYS = 7
REMEMBERED_SECONDS = 60.0
ANSWERED_BY = {"orders": "order", "refunds": "credit_note"}
"""Flow -> kind of the intent whose answer states what the document comes to in Cin7."""
AT_ONCE = 200
"""Objects whose answers are asked for together, by the index of their transfers."""
DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """Objects of a flow that crossed on a day, in one currency."""

    objects: int = 0
    shop: Decimal = ZERO
    """What they come to at the shop."""
    books: Decimal = ZERO
    """What Cin7 answered that their documents come to."""
    unanswered: int = 0
    """Objects without such an answer; they are in `shop` and not in `books`."""


@dataclass(frozen=True, slots=True)
class Day:
    """What crossed on one day, UTC, in one currency."""

    day: date
    currency: str
    orders: Side
    refunds: Side

    def money(self, amount: Decimal) -> Money:
        return Money(amount, self.currency)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The last days, newest first, and when they were counted."""

    days: tuple[Day, ...]
    counted_at: datetime
    held: int
    """Orders and refunds that wait for people; they are in no day yet."""


async def reconciliation_of(office: Office, connection: str) -> Reconciliation:
    """What crossed on the last days of a connection; at most a minute old."""

    async def work() -> Reconciliation:
        return await _counted(office, connection)

    return await office.memory.recall(f"reconciliation {connection}", REMEMBERED_SECONDS, work)


async def _counted(office: Office, connection: str) -> Reconciliation:
    now = office.clock.now()
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    of, day = transfers.c, sa.type_coerce(transfers.c.posted_at, sa.BigInteger) // DAY_MICROSECONDS
    crossed = sa.select(of.id, of.flow, of.currency, of.amount, day.label("day")).where(
        of.posted_at >= since, of.connection == connection, of.flow.in_(sorted(ANSWERED_BY)), of.state == State.POSTED
    )
    waiting = sa.select(sa.func.count()).where(
        of.state == State.HELD, of.flow.in_(sorted(ANSWERED_BY)), of.connection == connection
    )
    async with office.database.reading() as reading:
        rows = (await reading.execute(crossed)).all()
        told: dict[tuple[str, str], object] = {}
        for start in range(0, len(rows), AT_ONCE):
            ids = [row.id for row in rows[start : start + AT_ONCE]]
            answered = sa.select(intents.c.transfer_id, intents.c.kind, intents.c.answer).where(
                intents.c.transfer_id.in_(ids), intents.c.kind.in_(sorted(ANSWERED_BY.values())),
                intents.c.answered_at.is_not(None),
            ).order_by(intents.c.answered_at)  # fmt: skip
            told |= {(row.transfer_id, row.kind): row.answer for row in (await reading.execute(answered)).all()}
        held = int((await reading.execute(waiting)).scalar_one())
    return Reconciliation(tuple(_days(rows, told)), now, held)


def _days(rows: Iterable[sa.Row[tuple[object, ...]]], told: dict[tuple[str, str], object]) -> list[Day]:
    sides: dict[tuple[int, str, str], Side] = {}
    for row in rows:
        place = (int(row.day), row.currency, row.flow)
        had, stated = sides.get(place, Side()), _total_in(told.get((row.id, ANSWERED_BY[row.flow])))
        sides[place] = Side(
            had.objects + 1,
            had.shop + (row.amount or ZERO),
            had.books + (stated or ZERO),
            had.unanswered + (stated is None),
        )
    found = sorted({(number, currency) for number, currency, _ in sides}, key=lambda one: (-one[0], one[1]))
    return [
        Day(
            date(1970, 1, 1) + timedelta(days=number),
            currency,
            sides.get((number, currency, "orders"), Side()),
            sides.get((number, currency, "refunds"), Side()),
        )
        for number, currency in found
    ]


def _total_in(answer: object) -> Decimal | None:
    stated = answer.get("total") if isinstance(answer, dict) else None
    return None if stated is None else Decimal(str(stated))
