"""Business names on pages for field paths, order statuses, flows and objects; stored texts stay as they are."""

from __future__ import annotations

import pytest

from weighbridge.domain.job_types import Flow
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.queries.labels import (
    STATUS_LABELS,
    label_of_field,
    label_of_flow,
    label_of_object,
    label_of_value,
    text_of_event,
    with_business_names,
)


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("lines[9].tax", "line 10, tax"),
        ("lines[0].sku", "line 1, SKU"),
        ("status_id", "status"),
        ("billing_address.zip", "billing address, zip"),
        ("transactions[501]", "transaction 501"),
        ("refund.items[0].quantity", "refund, item 1, quantity"),
        ("sale.TEA", "TEA"),
        ("charges.shipping", "shipping"),
        ("design.tax.rules.Sales Tax", "design.tax.rules.Sales Tax"),
        ("SKU at the store", "SKU at the store"),
    ],
)
def test_a_field_path_reads_as_its_business_name(field: str, label: str) -> None:
    assert label_of_field(field) == label


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("status_id", "13", "Disputed"),
        ("status_id", "99", "99"),
        ("lines[0].quantity", "13", "13"),
        ("status_id", "", ""),
    ],
)
def test_only_a_status_id_reads_as_the_name_of_its_status(field: str, value: str, label: str) -> None:
    assert label_of_value(field, value) == label


def test_every_order_status_has_a_label() -> None:
    ids = {value for name, value in vars(OrderStatus).items() if name.isupper()}
    assert set(STATUS_LABELS) == ids


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (
            "status_id is 13; expected a decision in the store (finance acts)",
            "status is Disputed; expected a decision in the store (finance acts)",
        ),
        (
            "Order 104 is held for ecommerce: lines[0].sku is VASE-BLUE; expected a SKU; lines[1].tax is Moon tax.",
            "Order 104 is held for ecommerce: line 1, SKU is VASE-BLUE; expected a SKU; line 2, tax is Moon tax.",
        ),
        ("items_total is 5; expected 6, the sum of the lines", "items total is 5; expected 6, the sum of the lines"),
        ("sale.TEA is 3; expected stock for every unit", "TEA is 3; expected stock for every unit"),
        ("SKU VASE-BLUE is not in Cin7", "SKU VASE-BLUE is not in Cin7"),
        ("GET /v2/orders?min_id=5 failed", "GET /v2/orders?min_id=5 failed"),
        ("", ""),
    ],
)
def test_a_stored_sentence_reads_with_business_names(stored: str, text: str) -> None:
    assert with_business_names(stored) == text


def test_flows_and_objects_have_business_names() -> None:
    assert {label_of_flow(flow) for flow in Flow} >= {"Orders", "Order sweep", "Stock parity"}
    assert label_of_flow("kit_drift") == "Kit drift"
    assert label_of_object("orders", "104") == "Order 104"
    assert label_of_object("refunds", "104:3") == "Refund 3 of order 104"
    assert label_of_object("stock", "*") == label_of_flow("stock")
    assert text_of_event("joined", "orders 104") == "Order 104"
    assert text_of_event("left", "refunds 104:3: read back as CR-1") == "Refund 3 of order 104: read back as CR-1"
    assert text_of_event("opened", "orders of today wait") == "orders of today wait"
