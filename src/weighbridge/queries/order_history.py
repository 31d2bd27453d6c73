"""The page of an order: its status, the comparison of both systems, its refunds, its exceptions, and its history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from weighbridge.app.context import AppContext
from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.orders.sale import OrderSnapshot
from weighbridge.domain.values.money import Money, total
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.order_history import OrderHistory, read_order_history
from weighbridge.persistence.repositories.transfers import Transfer

REFUNDS = "refunds"
TOTALS_OF = ("/sale/order", "/sale")
"""Answers of Cin7 that state the total of a sale's order. Source: Cin7 Core API v2, /sale and /sale/order."""


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A line of goods in both systems."""

    sku: str
    name: str
    ordered: Decimal | None
    """Units in the store's order."""
    sold: Decimal | None
    """Units in the Cin7 sale."""
    price: Decimal | None
    total: Decimal | None
    """Total of the line in the sale."""

    @property
    def agrees(self) -> bool:
        return self.ordered == self.sold


@dataclass(frozen=True, slots=True)
class OrderComparison:
    """The order in the store and its sale in Cin7."""

    lines: tuple[GoodsLine, ...]
    charges: tuple[tuple[str, Decimal], ...]
    tax: Decimal
    order_total: Money | None
    sale_total: Money | None
    """Total of the sale as mapped."""
    cin7_total: Money | None
    """Total in Cin7's latest answer."""

    @property
    def difference(self) -> Money | None:
        """Cin7's total minus the order's; None while one of them is not known."""
        if self.order_total is None or self.cin7_total is None:
            return None
        return self.cin7_total - self.order_total


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """Everything about an order."""

    history: OrderHistory
    comparison: OrderComparison | None
    """None until the order is mapped."""
    refunds: tuple[Transfer, ...]
    exception_records: Sequence[ExceptionRecord]
    bodies_kept_days: int | None
    """After how many days the bodies of its calls were removed; None while all of them are stored."""


async def trace_order(app: AppContext, connection: str, number: str) -> OrderTrace | None:
    """Everything about an order; None if it was never received."""
    history = await read_order_history(app.repositories, connection, number)
    if history is None:
        return None
    exchanges = await app.repositories.http_log.of_transfer(history.transfer.id)
    return OrderTrace(
        history=history,
        comparison=compare_order(history.transfer, exchanges),
        refunds=tuple(await app.repositories.transfers.with_parent_key(connection, REFUNDS, number)),
        exception_records=await app.exception_queries.of_transfer(history.transfer.id),
        bodies_kept_days=bodies_kept_days(app, exchanges),
    )


def bodies_kept_days(app: AppContext, exchanges: Sequence[StoredExchange]) -> int | None:
    """After how many days bodies of these calls were removed; None while all of them are stored."""
    is_removed = any(exchange.are_bodies_removed for exchange in exchanges)
    return app.installation.retention.http_bodies if is_removed else None


def compare_order(transfer: Transfer, exchanges: Sequence[StoredExchange]) -> OrderComparison | None:
    """Both sides of a captured order; None without a readable order snapshot."""
    try:
        snapshot = transfer.read(ORDER_SNAPSHOT)
    except UnreadableDocument:
        return None
    sale, currency = snapshot.sale, snapshot.sale.currency
    cin7_total = _cin7_total(exchanges)
    return OrderComparison(
        lines=_goods(snapshot),
        charges=tuple((charge.product_name, charge.price) for charge in sale.charges),
        tax=sale.tax,
        order_total=None if transfer.amount is None else Money(transfer.amount, transfer.currency or currency),
        sale_total=Money(sale.total, currency),
        cin7_total=None if cin7_total is None else Money(cin7_total, currency),
    )


def _goods(snapshot: OrderSnapshot) -> tuple[GoodsLine, ...]:
    """Each line of the order with its lines of the sale: one, or two where the cents need two prices."""
    lines = []
    for line in snapshot.lines:
        sale_lines = [sale_line for sale_line in snapshot.sale.lines if sale_line.order_line_id == line.id]
        lines.append(
            GoodsLine(
                sku=line.sku,
                name=line.name,
                ordered=line.quantity,
                sold=total(sale_line.quantity for sale_line in sale_lines) if sale_lines else None,
                price=sale_lines[0].price if len(sale_lines) == 1 else None,
                total=total(sale_line.line_total for sale_line in sale_lines) if sale_lines else None,
            )
        )
    known = {line.id for line in snapshot.lines}
    lines += [
        GoodsLine(sale_line.sku, sale_line.name, None, sale_line.quantity, sale_line.price, sale_line.line_total)
        for sale_line in snapshot.sale.lines
        if sale_line.order_line_id not in known
    ]
    return tuple(lines)


def _cin7_total(exchanges: Sequence[StoredExchange]) -> Decimal | None:
    """The order total in Cin7's latest answer that states one."""
    for exchange in reversed(exchanges):
        path = exchange.url.partition("?")[0]
        if exchange.platform == "cin7" and exchange.status == 200 and path.endswith(TOTALS_OF):
            stated = _total_in(exchange.response)
            if stated is not None:
                return stated
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
