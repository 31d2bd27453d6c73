"""Business names on pages for what is stored in technical form: field paths, order statuses, flows."""

from __future__ import annotations

import re

from weighbridge.domain.exceptions.kind import field_label
from weighbridge.domain.job_types import BY_FLOW
from weighbridge.domain.orders.order import OrderStatus

STATUS_FIELD = "status_id"
STATUS_LABELS = {
    OrderStatus.INCOMPLETE: "Incomplete",
    OrderStatus.PENDING: "Pending",
    OrderStatus.SHIPPED: "Shipped",
    OrderStatus.PARTIALLY_SHIPPED: "Partially Shipped",
    OrderStatus.REFUNDED: "Refunded",
    OrderStatus.CANCELLED: "Cancelled",
    OrderStatus.DECLINED: "Declined",
    OrderStatus.AWAITING_PAYMENT: "Awaiting Payment",
    OrderStatus.AWAITING_PICKUP: "Awaiting Pickup",
    OrderStatus.AWAITING_SHIPMENT: "Awaiting Shipment",
    OrderStatus.COMPLETED: "Completed",
    OrderStatus.AWAITING_FULFILMENT: "Awaiting Fulfillment",
    OrderStatus.MANUAL_VERIFICATION: "Manual Verification Required",
    OrderStatus.DISPUTED: "Disputed",
    OrderStatus.PARTIALLY_REFUNDED: "Partially Refunded",
}
"""Order status ids and BigCommerce's default labels. Source: Orders V2, order statuses."""
JOB_LABELS = {str(flow): job_type.label for flow, job_type in BY_FLOW.items()}
OBJECT_LABELS = {
    "orders": "Order",
    "refunds": "Refund",
    "fulfilment": "Parcel",
    "sku": "SKU",
    "listing": "Listing",
    "stock_level": "Level of",
    "stock_row": "Stock row",
}
"""Flows whose objects have a name of their own; every other flow goes by the label of its job."""
_NUMBERED_BY_ID = re.compile(r"(?:order\.|refund\.)?(transaction|payment)s\[(\d+)\](.*)")
"""Lists whose index in a finding's path is the platform's id, not a position."""
_SENTENCE_START = r"(?:^|(?<=; )|(?<=: )|(?<=\. ))"
_STATUS_IN_TEXT = re.compile(rf"{_SENTENCE_START}{STATUS_FIELD} is (\d+)(?!\d)")
_INDEXED_PATH = re.compile(
    r"(?<![\w.'\"/])[a-z][a-z_0-9]*(?:\.[a-z][a-z_0-9]*)*\[\d+\](?:\.[a-z][a-z_0-9]*(?:\[\d+\])?)*"
)
_LEADING_PATH = re.compile(rf"{_SENTENCE_START}(?:sale\.[^\s;]+|[a-z][a-z0-9]*(?:[._][a-z0-9]+)+)(?= is )")


def label_of_field(field: str) -> str:
    """A finding's field as people name it: `lines[9].tax` is "line 10, tax", and `status_id` is "status"."""
    if field == STATUS_FIELD:
        return "status"
    match = _NUMBERED_BY_ID.fullmatch(field)
    if match:
        name, number, rest = match.groups()
        return f"{name} {number}" + (f", {field_label(rest.removeprefix('.'))}" if rest else "")
    return field_label(field)


def label_of_value(field: str, value: str) -> str:
    """A finding's value as people name it: status 13 is "Disputed". Values of other fields stay as they are."""
    if field == STATUS_FIELD and value.isdecimal():
        return STATUS_LABELS.get(int(value), value)
    return value


def label_of_flow(flow: str) -> str:
    """A flow as people name it: `order_sweep` is "Order sweep"."""
    return JOB_LABELS.get(flow) or flow.replace("_", " ").capitalize()


def label_of_object(flow: str, key: str) -> str:
    """An object of an exception as people name it: "Order 104", "Refund 3 of order 104"."""
    if flow == "refunds":
        order, _, number = key.partition(":")
        return f"Refund {number} of order {order}"
    label = OBJECT_LABELS.get(flow) or label_of_flow(flow)
    return label if key == "*" else f"{label} {key}"


def text_of_event(action: str, text: str) -> str:
    """The text of an exception's event with business names, for objects that joined or left too."""
    flow, space, rest = text.partition(" ")
    if action in ("joined", "left") and space:
        key, colon, proof = rest.partition(": ")
        return label_of_object(flow, key) + colon + with_business_names(proof)
    return with_business_names(text)


def with_business_names(text: str) -> str:
    """A stored sentence with business names: "status_id is 13; ..." reads "status is Disputed; ...".

    Only the paths at which findings are named are replaced: those with an index, and the one that begins a sentence.
    """
    text = _STATUS_IN_TEXT.sub(lambda match: f"status is {label_of_value(STATUS_FIELD, match[1])}", text)
    text = _INDEXED_PATH.sub(lambda match: label_of_field(match[0]), text)
    return _LEADING_PATH.sub(lambda match: label_of_field(match[0]), text)
