"""One order on one page: where it stands, both systems side by side, its refunds, its exceptions, and every step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from weighbridge.app.context import Office
from weighbridge.domain.orders.snapshot import CAPTURED, Captured
from weighbridge.domain.values.money import Money, total
from weighbridge.exceptions.records import Case
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.order_history import Story, tell_order
from weighbridge.persistence.repositories.transfers import Transfer

REFUNDS = "refunds"
TOTALS_OF = ("/sale/order", "/sale")
"""Answers of Cin7 that state what the order of a sale comes to. Source: Cin7 Core API v2, /sale and /sale/order."""


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A line of goods as both systems have it."""

    sku: str
    name: str
    ordered: Decimal | None
    """At the shop."""
    sold: Decimal | None
    """In the sale."""
    price: Decimal | None
    total: Decimal | None
    """Of the sale's line."""

    @property
    def agrees(self) -> bool:
        return self.ordered == self.sold


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The order at the shop and its sale in Cin7."""

    lines: tuple[GoodsLine, ...]
    charges: tuple[tuple[str, Decimal], ...]
    tax: Decimal
    order_total: Money | None
    sale_total: Money | None
    """What the sale was mapped to."""
    told_total: Money | None
    """What Cin7 itself answered last."""

    @property
    def difference(self) -> Money | None:
        """What Cin7's figure is above the order's; None while one of them is not known."""
        if self.order_total is None or self.told_total is None:
            return None
        return self.told_total - self.order_total


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """The whole story of an order."""

    story: Story
    both: SideBySide | None
    """None while nothing was mapped."""
    refunds: tuple[Transfer, ...]
    cases: Sequence[Case]


async def trace_order(office: Office, connection: str, number: str) -> OrderTrace | None:
    """The story of an order, None when it was never seen."""
    story = await tell_order(office.journal, connection, number)
    if story is None:
        return None
    exchanges = await office.journal.exchanges.of_transfer(story.transfer.id)
    return OrderTrace(
        story=story,
        both=side_by_side(story.transfer, exchanges),
        refunds=tuple(await office.journal.transfers.beneath(connection, REFUNDS, number)),
        cases=await office.cases.of_transfer(story.transfer.id),
    )


def side_by_side(transfer: Transfer, exchanges: Sequence[StoredExchange]) -> SideBySide | None:
    """Both sides of a captured order; None when nothing that can be read was mapped."""
    try:
        captured: Captured = CAPTURED.validate_python(transfer.content)
    except ValueError:
        return None
    sale, currency = captured.sale, captured.sale.currency
    told = _told_total(exchanges)
    return SideBySide(
        lines=_goods(captured),
        charges=tuple((charge.product_name, charge.price) for charge in sale.charges),
        tax=sale.tax,
        order_total=None if transfer.amount is None else Money(transfer.amount, transfer.currency or currency),
        sale_total=Money(sale.total, currency),
        told_total=None if told is None else Money(told, currency),
    )


def _goods(captured: Captured) -> tuple[GoodsLine, ...]:
    """Each line of the order with the lines of the sale that it became: one, or two where cents ask for two prices."""
    lines = []
    for line in captured.lines:
        sold = [one for one in captured.sale.lines if one.order_line_id == line.id]
        lines.append(
            GoodsLine(
                sku=line.sku,
                name=line.name,
                ordered=line.quantity,
                sold=total(one.quantity for one in sold) if sold else None,
                price=sold[0].price if len(sold) == 1 else None,
                total=total(one.line_total for one in sold) if sold else None,
            )
        )
    known = {line.id for line in captured.lines}
    lines += [
        GoodsLine(one.sku, one.name, None, one.quantity, one.price, one.line_total)
        for one in captured.sale.lines
        if one.order_line_id not in known
    ]
    return tuple(lines)


def _told_total(exchanges: Sequence[StoredExchange]) -> Decimal | None:
    """The order total in Cin7's latest answer that states one."""
    for exchange in reversed(exchanges):
        path = exchange.url.partition("?")[0]
        if exchange.platform == "cin7" and exchange.status == 200 and path.endswith(TOTALS_OF):
            found = _total_in(exchange.response)
            if found is not None:
                return found
    return None


def _total_in(body: bytes) -> Decimal | None:
    try:
        answer: Any = json.loads(body, parse_float=Decimal)
    except ValueError:
        return None
    order = answer.get("Order", answer) if isinstance(answer, dict) else None
    stated = order.get("Total") if isinstance(order, dict) else None
    try:
        return None if stated is None else Decimal(str(stated))
    except InvalidOperation:
        return None
