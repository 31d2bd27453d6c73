"""Where the vendors' documents are silent, the order flow is right under either reading."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.rig import rig

CIN7: tuple[dict[str, Any], ...] = (
    {"tax_check": "recompute", "tax_calculation_method": "Total"},
    {"tax_check": "recompute", "tax_calculation_method": "Line"},
    {"tax_check": "reject"},
    {"external_id_returns_voided": False},
    {"task_id_is_sale_id": True},
    {"throttle_style": "400"},
)
SHOP: tuple[dict[str, Any], ...] = (
    {"order_total_includes_tenders": False},
    {"taxes_name_their_line": False},
    {"discounted_total_present": False},
    {"update_bumps_date_modified": False},
    {"min_date_inclusive": False},
    {"empty_object_for_null": True},
    {"offline_orders_have_transactions": True},
)


@pytest.mark.parametrize("reading", CIN7, ids=str)
def test_sale_is_right_under_either_reading_of_cin7(tmp_path: Path, reading: dict[str, Any]) -> None:
    with rig(tmp_path, post="invoice_and_payment", cin7_switches=reading) as trial:
        order_id = trial.place(
            lines=[{"sku": "MUG", "quantity": 3, "line_total": "10.01"}, {"sku": "TEA", "quantity": 7}]
        )
        trial.run()
        sale = trial.assert_one_sale(order_id)
        assert [one["Status"] for one in sale["invoices"]] == ["PAID"]


@pytest.mark.parametrize("reading", SHOP, ids=str)
def test_sale_is_right_under_either_reading_of_bigcommerce(tmp_path: Path, reading: dict[str, Any]) -> None:
    with rig(tmp_path, bigcommerce_switches=reading) as trial:
        order_id = trial.place(gift_certificate="5.00", lines=[{"sku": "TEA", "quantity": 7, "discount": "1.00"}])
        trial.run()
        sales = trial.sales(order_id)
        assert len(sales) == 1
        assert Decimal(str(sales[0]["order"]["Total"])) == Decimal("33.00"), "27.00 of tea and 6.00 of shipping"
