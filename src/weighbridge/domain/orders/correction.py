"""Corrections: what a person put right on one order for its sale alone; the shop's own order stays as it is.

Texts only. No correction changes money or a quantity: these are put right at the shop, where the shopper sees them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from weighbridge.domain.orders.order import Address, Order

ADDRESS_PARTS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "street_1": "street_1",
    "street_2": "street_2",
    "city": "city",
    "state": "state",
    "zip": "postcode",
    "country": "country",
    "phone": "phone",
}
"""The shop's name of each part that may be corrected -> ours."""
_PLACE = re.compile(r"(?:(lines)\[(\d+)\]\.(sku)|(billing_address)\.(\w+)|(shipping_addresses)\[(\d+)\]\.(\w+))")
LONGEST = 256


@dataclass(frozen=True, slots=True)
class Correction:
    """One text of an order, agreed on the value that the shop showed."""

    field: str
    """In the words of findings, such as `lines[2].sku` or `billing_address.zip`."""
    before: str
    after: str


def problem_with(field: str, after: str) -> str:
    """Why such a correction cannot be made; empty when it can."""
    place = _PLACE.fullmatch(field)
    part = place and (place[3] or place[5] or place[8])
    if not part or (part != "sku" and part not in ADDRESS_PARTS):
        parts = ", ".join(ADDRESS_PARTS)
        return (
            f"{field or 'nothing'} cannot be corrected here; only lines[N].sku and the texts of billing_address and "
            f"shipping_addresses[N]: {parts}. Money and quantities are put right at the shop"
        )
    if not after.strip() or len(after) > LONGEST:
        return f"a correction has 1 to {LONGEST} characters"
    return ""


def value_at(order: Order, field: str) -> str | None:
    """What the order has at `field`; None when it has no such place."""
    place = _PLACE.fullmatch(field)
    if place is None or problem_with(field, "x"):
        return None
    if place[1]:
        position = int(place[2])
        return order.lines[position].sku if position < len(order.lines) else None
    if place[4]:
        return str(getattr(order.billing, ADDRESS_PARTS[place[5]]))
    position = int(place[7])
    if position >= len(order.shipping):
        return None
    return str(getattr(order.shipping[position], ADDRESS_PARTS[place[8]]))


def corrected(order: Order, corrections: Sequence[Correction], skus: Mapping[str, str]) -> Order:
    """`order` as its sale is to be made: with the corrections that still meet what they were agreed on, in their order,
    and with Cin7's SKUs where `skus` maps the shop's to them."""
    for one in corrections:
        if value_at(order, one.field) == one.before:
            order = _with(order, one.field, one.after)
    lines = tuple(replace(line, sku=skus.get(line.sku, line.sku)) for line in order.lines)
    return replace(order, lines=lines) if lines != order.lines else order


def _with(order: Order, field: str, after: str) -> Order:
    place = _PLACE.fullmatch(field)
    assert place is not None
    if place[1]:
        lines = list(order.lines)
        lines[int(place[2])] = replace(lines[int(place[2])], sku=after)
        return replace(order, lines=tuple(lines))
    if place[4]:
        return replace(order, billing=_address(order.billing, place[5], after))
    shipping = list(order.shipping)
    shipping[int(place[7])] = _address(shipping[int(place[7])], place[8], after)
    return replace(order, shipping=tuple(shipping))


def _address(address: Address, part: str, after: str) -> Address:
    changed: dict[str, str] = {ADDRESS_PARTS[part]: after}
    return replace(address, **changed)  # type: ignore[arg-type]
