"""Assembles an order from stored answers of the store, without a call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from weighbridge.domain.orders.order import Order
from weighbridge.platforms.bigcommerce.models import orders as order_models
from weighbridge.platforms.bigcommerce.payload import Enveloped
from weighbridge.platforms.bigcommerce.read import included_addresses, included_products, read_order
from weighbridge.platforms.json_bodies import parsed

HEADER, TRANSACTIONS = "order", "transactions"
RESOURCES: dict[str, Any] = {
    "products": list[order_models.OrderProduct],
    "shipping_addresses": list[order_models.PostalAddress],
    "taxes": list[order_models.OrderTax],
    "coupons": list[order_models.OrderCoupon],
}
_ORDER_PATH = re.compile(r"/v[23]/orders/\d+(?:/(products|shipping_addresses|taxes|coupons|transactions))?$")


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The body of a successful answer to a GET."""

    url: str
    body: bytes


def stored_order(answers: Iterable[StoredAnswer]) -> Order | None:
    """The order as the latest of `answers` (oldest first) show it; None when a resource is missing or unreadable."""
    latest: dict[str, list[bytes]] = {}
    for answer in answers:
        url = urlsplit(answer.url)
        match = _ORDER_PATH.search(url.path)
        if match is None:
            continue
        name = match[1] or HEADER
        if parse_qs(url.query).get("page", ["1"]) == ["1"]:
            latest[name] = []
        latest.setdefault(name, []).append(answer.body)
    try:
        return _assembled(latest)
    except ValueError:
        return None


def _assembled(latest: dict[str, list[bytes]]) -> Order | None:
    if not latest.keys() >= {HEADER, "taxes", TRANSACTIONS}:
        return None
    header: order_models.OrderHeader = parsed(latest[HEADER][-1], order_models.OrderHeader)
    products, addresses = included_products(header), included_addresses(header)
    needed = {"products": products is None, "shipping_addresses": addresses is None, "coupons": header.coupon_discount}
    if any(is_needed and name not in latest for name, is_needed in needed.items()):
        return None
    rows = {name: [row for body in latest.get(name, ()) for row in parsed(body, RESOURCES[name])] for name in RESOURCES}
    transactions = parsed(
        latest[TRANSACTIONS][-1], Enveloped[list[order_models.Transaction]] | list[order_models.Transaction]
    )
    return read_order(
        header,
        rows["products"] if products is None else products,
        rows["shipping_addresses"] if addresses is None else addresses,
        rows["taxes"],
        transactions if isinstance(transactions, list) else transactions.data,
        rows["coupons"] if header.coupon_discount else (),
    )
