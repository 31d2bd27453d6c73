"""Lines and shipping addresses that the answer to GET /orders/{id} includes; None where it may not name all of them.

What is missing is not known, never zero: the caller then reads the order's own lists of lines and addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from weighbridge.domain.values.money import total
from weighbridge.platforms.bigcommerce.models.orders import Consignments, OrderHeader, OrderProduct, PostalAddress
from weighbridge.platforms.bigcommerce.payload import Read

MOST_LINES = 50
"""How many lines an answer includes; with as many, more may exist. Source: platform notes, bigcommerce 1.4."""


def included_products(header: OrderHeader) -> Sequence[OrderProduct] | None:
    """All lines of the order that have units; None when one may be missing or lacks a field that is read."""
    if not _is_whole(header.consignments):
        return None
    lines = header.consignments.lines
    is_complete = (
        0 < len(lines) < MOST_LINES
        and _is_distinct([line.id for line in lines])
        and total(line.quantity for line in lines) == header.items_total
        and all(_has_every_field(line, OrderProduct) for line in lines)
    )
    return lines if is_complete else None


def included_addresses(header: OrderHeader) -> Sequence[PostalAddress] | None:
    """All shipping addresses of the order, as its lines refer to them; None when one may be missing or incomplete."""
    if not _is_whole(header.consignments):
        return None
    shipping, lines = header.consignments.shipping, header.consignments.lines
    ids = [consignment.id for consignment in shipping]
    is_complete = (
        len(shipping) == header.shipping_address_count
        and _is_distinct(ids)
        and all(line.order_address_id in (0, *ids) for line in lines)
        and all(line.order_address_id == address.id for address in shipping for line in address.line_items)
        and all(_has_every_field(address, PostalAddress) for address in shipping)
    )
    return shipping if is_complete else None


def _is_whole(consignments: Consignments | None) -> TypeGuard[Consignments]:
    return consignments is not None and consignments.warning is None


def _is_distinct(ids: Sequence[int]) -> bool:
    return len(set(ids)) == len(ids)


def _has_every_field(row: Read, model: type[Read]) -> bool:
    return row.model_fields_set >= model.model_fields.keys()
