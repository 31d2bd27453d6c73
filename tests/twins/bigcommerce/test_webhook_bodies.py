"""What hooks carry about goods, stock and customers, held against the vendor's own schemas."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from tests.twins.bigcommerce.counter import SPECS, Counter
from tests.twins.bigcommerce.test_catalog import PRODUCTS, SHIRT, TEA
from tests.twins.bigcommerce.test_customers import ANN, CUSTOMERS, HOME

SCHEMAS = SPECS / "bigcommerce" / "webhooks.v3.json"


def busy_day(shop: Counter) -> None:
    """Everything here that a hook tells about happens once."""
    (shirt,) = shop.act("seed_products", [SHIRT])["ids"]
    shop.act("set_stock", {"sku": "SHIRT-S", "quantity": 3})
    small = shop.ask("GET", f"{PRODUCTS}/{shirt}/variants")[0]["id"]
    shop.ask("PUT", "/v3/catalog/variants", [{"id": small, "price": 8}])
    shop.call("DELETE", f"{PRODUCTS}/{shirt}/variants/{small}")
    made = shop.ask("POST", PRODUCTS, {**TEA, "inventory_tracking": "product"})
    shop.act("set_stock", {"sku": "TEA", "quantity": 3})
    shop.call("DELETE", f"{PRODUCTS}/{made['id']}")
    (ann,) = shop.ask("POST", CUSTOMERS, [{**ANN, "addresses": [HOME]}])
    shop.ask("PUT", CUSTOMERS, [{"id": ann["id"], "notes": "n"}])
    shop.call("DELETE", f"{CUSTOMERS}?id:in={ann['id']}")


def test_every_body_fits_the_schema_of_its_scope(shop: Counter) -> None:
    if not SCHEMAS.exists():
        pytest.skip("shared documents are not here")
    components = json.loads(SCHEMAS.read_text())["components"]
    shop.subscribe("store/product/*", "store/sku/*", "store/customer/*")
    busy_day(shop)
    bodies = [json.loads(delivery.raw) for delivery in shop.delivered()]
    for body in bodies:
        schema = {"$ref": f"#/components/schemas/{body['scope'].replace('/', '_')}", "components": components}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(body)] == [], body["scope"]
    assert {body["scope"] for body in bodies} == {
        "store/product/created",
        "store/product/updated",
        "store/product/deleted",
        "store/product/inventory/updated",
        "store/sku/updated",
        "store/sku/deleted",
        "store/sku/inventory/updated",
        "store/customer/created",
        "store/customer/updated",
        "store/customer/deleted",
        "store/customer/address/created",
    }
