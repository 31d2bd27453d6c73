"""Every request of the product and every response of the twins, from order to refund, is validated against the
vendors' API descriptions."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, catalogue_harness, mug, shirts
from tests.flows.harness import harness
from weighbridge.persistence.repositories.transfers import State

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "specs"
ERRORS_OF_DESCRIPTIONS = (
    "is valid under each of",
    "request City:",
    "request State:",
    "request Postcode:",
    "request ShipToOther:",
    "request Price:",
    *(f"request variants/{n}: '{name}' is a required property" for n in range(3) for name in ("id", "product_id")),
    "no such operation: GET v2/customer_groups",
)
"""Known errors of the descriptions: BigCommerce's link to consignments matches both of its alternatives, and Cin7's
field tables omit members of its address and line models. Source: platform notes, cin7 2.2 and 2.3. BigCommerce
describes the variants of a new product like those of an existing one, with ids; and the descriptions do not include
customer groups."""


def _speccheck() -> ModuleType:
    file = SHARED / "speccheck.py"
    if not file.exists():
        pytest.skip("shared documents are not beside this checkout, so the traffic cannot be validated")
    spec = importlib.util.spec_from_file_location("speccheck", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_exchange_fits_the_vendors_descriptions(tmp_path: Path) -> None:
    check = _speccheck()
    record = tmp_path / "traffic.jsonl"
    with harness(tmp_path, post="invoice_and_payment", record=record) as trial:
        trial.push_stock()
        paid = trial.place(coupon_code="SAVE05", lines=[{"sku": "MUG", "quantity": 3, "coupon": "2.00"}])
        both = trial.place(fees=[{"name": "Insurance", "cost": "1.50"}], gift_certificate="5.00")
        trial.place(lines=[{"sku": "NOPE", "quantity": 1, "price": "2.00"}])
        trial.run()
        for order_id in (paid, both):
            sale = trial.assert_one_sale(order_id)
            trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T-5"})
        trial.ship()
        trial.push_stock()
    exchanges = [json.loads(line) for line in record.read_text().splitlines()]
    assert len(exchanges) > 40
    assert {exchange["platform"] for exchange in exchanges} == {"bigcommerce", "cin7"}
    problems = [problem for exchange in exchanges for problem in _problems(check, exchange)]
    assert problems == []


def test_every_exchange_of_the_catalogue_fits_the_vendors_descriptions(tmp_path: Path) -> None:
    """Products and families are created, changed, extended and hidden, pictures replaced, a price list filled."""
    check = _speccheck()
    record = tmp_path / "traffic.jsonl"
    prices = (
        '[connections.main.design.catalogue.price_lists]\n"Tier 2" = { price_list = "Trade", customer_group = "VIP" }'
    )
    with catalogue_harness(tmp_path, design=f"{CIN7_MASTERS_ALL}\n{prices}", record=record) as trial:
        group = {"id": 4, "name": "VIP", "is_default": False, "category_access": {"type": "all"}, "discount_rules": []}
        trial.twins.run(lambda: trial.twins.bigcommerce.store.groups.update({4: group}))
        family = shirts()
        lost = {"fault": "drop_after", "match": {"method": "POST", "path": "products$"}, "times": 1}
        trial.twins.fault("bigcommerce", lost)
        trial.stock_up(mug(tier_prices={"2": "9.00"}), *family["products"], families=family["families"])
        trial.first_sync()
        bigger = family["families"][0] | {"members": family["families"][0]["members"] | {"SHIRT-XL": ["XL"]}}
        trial.twins.run(lambda: trial.twins.cin7.company.attachments.clear())
        trial.stock_up(
            mug(tier_price="14.00", tier_prices={"2": "0"}, status="Deprecated", pictures=["side.jpg"]),
            {"sku": "SHIRT-S", "name": "Shirt S", "tier_price": "21.00", "sellable": False},
            {"sku": "SHIRT-XL", "name": "Shirt XL", "tier_price": "25.00"},
            families=[bigger],
        )
        assert trial.sync().state is State.POSTED
        writes = {re.sub(r"[0-9]+", "N", call) for call in trial.store_writes()}
    assert writes == {
        "POST catalog/categories",
        "POST catalog/products",
        "POST catalog/products/N/images",
        "POST catalog/products/N/options/N/values",
        "POST catalog/products/N/variants",
        "POST pricelists",
        "POST pricelists/assignments",
        "PUT catalog/products",
        "PUT catalog/variants",
        "PUT pricelists/N/records",
        "DELETE catalog/products/N/images/N",
        "DELETE pricelists/N/records",
    }
    exchanges = [json.loads(line) for line in record.read_text().splitlines()]
    problems = [problem for exchange in exchanges for problem in _problems(check, exchange)]
    assert problems == []


def _problems(check: ModuleType, exchange: dict[str, Any]) -> list[str]:
    url = urlsplit(exchange["url"])
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    problems: list[str] = check.violations(
        exchange["platform"],
        exchange["method"],
        url.path,
        query,
        exchange.get("request"),
        exchange.get("status"),
        exchange.get("response"),
    )
    return [problem for problem in problems if not any(error in problem for error in ERRORS_OF_DESCRIPTIONS)]
