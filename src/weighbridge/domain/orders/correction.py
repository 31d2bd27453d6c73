"""Corrections: texts of one order that a person corrected for its sale; the order in the store is unchanged.

No correction changes an amount or a quantity: these are corrected in the store, where the shopper sees them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from weighbridge.domain.orders.order import Address, Order

ADDRESS_FIELDS = {
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
"""BigCommerce's name of each address field that may be corrected -> our name."""
_FIELD_PATH = re.compile(r"(?:(lines)\[(\d+)\]\.(sku)|(billing_address)\.(\w+)|(shipping_addresses)\[(\d+)\]\.(\w+))")
LONGEST = 256


@dataclass(frozen=True, slots=True)
class Correction:
    """One corrected text of an order; it applies while the store still has the value `before`."""

    field: str
    """A path as in findings, such as `lines[2].sku` or `billing_address.zip`."""
    before: str
    after: str


def problem_with(field: str, after: str) -> str:
    """Why such a correction is not possible; empty when it is."""
    path = _FIELD_PATH.fullmatch(field)
    name = path and (path[3] or path[5] or path[8])
    if not name or (name != "sku" and name not in ADDRESS_FIELDS):
        names = ", ".join(ADDRESS_FIELDS)
        return (
            f"{field or 'nothing'} cannot be corrected here; only lines[N].sku and the texts of billing_address and "
            f"shipping_addresses[N]: {names}. Correct amounts and quantities in BigCommerce"
        )
    if not after.strip() or len(after) > LONGEST:
        return f"a correction has 1 to {LONGEST} characters"
    return ""


def value_at(order: Order, field: str) -> str | None:
    """The order's value at `field`; None when it has no such field."""
    path = _FIELD_PATH.fullmatch(field)
    if path is None or problem_with(field, "x"):
        return None
    if path[1]:
        position = int(path[2])
        return order.lines[position].sku if position < len(order.lines) else None
    if path[4]:
        return str(getattr(order.billing, ADDRESS_FIELDS[path[5]]))
    position = int(path[7])
    if position >= len(order.shipping):
        return None
    return str(getattr(order.shipping[position], ADDRESS_FIELDS[path[8]]))


def corrected(order: Order, corrections: Sequence[Correction], skus: Mapping[str, str]) -> Order:
    """`order` as it is mapped to its sale: with the corrections whose `before` is still the order's value, in their
    order, and with each SKU replaced by the Cin7 SKU that `skus` maps it to."""
    for correction in corrections:
        if value_at(order, correction.field) == correction.before:
            order = _with(order, correction.field, correction.after)
    lines = tuple(replace(line, sku=skus.get(line.sku, line.sku)) for line in order.lines)
    return replace(order, lines=lines) if lines != order.lines else order


def _with(order: Order, field: str, after: str) -> Order:
    path = _FIELD_PATH.fullmatch(field)
    assert path is not None
    if path[1]:
        lines = list(order.lines)
        lines[int(path[2])] = replace(lines[int(path[2])], sku=after)
        return replace(order, lines=tuple(lines))
    if path[4]:
        return replace(order, billing=_address(order.billing, path[5], after))
    shipping = list(order.shipping)
    shipping[int(path[7])] = _address(shipping[int(path[7])], path[8], after)
    return replace(order, shipping=tuple(shipping))


def _address(address: Address, address_field: str, after: str) -> Address:
    changed: dict[str, str] = {ADDRESS_FIELDS[address_field]: after}
    return replace(address, **changed)  # type: ignore[arg-type]
