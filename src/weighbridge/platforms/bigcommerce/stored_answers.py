"""An order put together again from the answers that were kept of it; the shop is not asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from weighbridge.domain.orders.order import Order
from weighbridge.platforms.bigcommerce.models import orders as order_models
from weighbridge.platforms.bigcommerce.payload import Enveloped
from weighbridge.platforms.bigcommerce.read import read_order
from weighbridge.platforms.parsing import parsed

HEADER, TRANSACTIONS = "order", "transactions"
PARTS: dict[str, Any] = {
    "products": list[order_models.OrderProduct],
    "shipping_addresses": list[order_models.PostalAddress],
    "taxes": list[order_models.OrderTax],
    "coupons": list[order_models.OrderCoupon],
}
_PLACE = re.compile(r"/v[23]/orders/\d+(?:/(products|shipping_addresses|taxes|coupons|transactions))?$")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The body of a good answer to a GET."""

    url: str
    body: bytes


def stored_order(answers: Iterable[KeptAnswer]) -> Order | None:
    """The order as the latest of `answers`, oldest first, show it; None when a part is missing or cannot be read."""
    latest: dict[str, list[bytes]] = {}
    for answer in answers:
        parts = urlsplit(answer.url)
        place = _PLACE.search(parts.path)
        if place is None:
            continue
        name = place[1] or HEADER
        if parse_qs(parts.query).get("page", ["1"]) == ["1"]:
            latest[name] = []
        latest.setdefault(name, []).append(answer.body)
    try:
        return _put_together(latest)
    except ValueError:
        return None


def _put_together(latest: dict[str, list[bytes]]) -> Order | None:
    if not latest.keys() >= {HEADER, "products", "shipping_addresses", "taxes", TRANSACTIONS}:
        return None
    header: order_models.OrderHeader = parsed(latest[HEADER][-1], order_models.OrderHeader)
    if header.coupon_discount and "coupons" not in latest:
        return None
    rows = {name: [row for body in latest.get(name, ()) for row in parsed(body, PARTS[name])] for name in PARTS}
    paid = parsed(latest[TRANSACTIONS][-1], Enveloped[list[order_models.Transaction]] | list[order_models.Transaction])
    return read_order(
        header,
        rows["products"],
        rows["shipping_addresses"],
        rows["taxes"],
        paid if isinstance(paid, list) else paid.data,
        rows["coupons"] if header.coupon_discount else (),
    )
