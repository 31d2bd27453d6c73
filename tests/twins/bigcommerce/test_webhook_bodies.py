"""Webhook bodies about products, stock and customers match the vendor's schemas."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from tests.twins.bigcommerce.harness import SPECS, StoreHarness
from tests.twins.bigcommerce.test_catalog import PRODUCTS, SHIRT, TEA
from tests.twins.bigcommerce.test_customers import ANN, CUSTOMERS, HOME

SCHEMAS = SPECS / "bigcommerce" / "webhooks.v3.json"


def trigger_every_event(harness: StoreHarness) -> None:
    """Triggers every event that the test checks."""
    (shirt,) = harness.act("seed_products", [SHIRT])["ids"]
    harness.act("set_stock", {"sku": "SHIRT-S", "quantity": 3})
    small = harness.ask("GET", f"{PRODUCTS}/{shirt}/variants")[0]["id"]
    harness.ask("PUT", "/v3/catalog/variants", [{"id": small, "price": 8}])
    harness.call("DELETE", f"{PRODUCTS}/{shirt}/variants/{small}")
    product = harness.ask("POST", PRODUCTS, {**TEA, "inventory_tracking": "product"})
    harness.act("set_stock", {"sku": "TEA", "quantity": 3})
    harness.call("DELETE", f"{PRODUCTS}/{product['id']}")
    (ann,) = harness.ask("POST", CUSTOMERS, [{**ANN, "addresses": [HOME]}])
    harness.ask("PUT", CUSTOMERS, [{"id": ann["id"], "notes": "n"}])
    harness.call("DELETE", f"{CUSTOMERS}?id:in={ann['id']}")


def test_every_webhook_body_matches_the_schema_of_its_scope(harness: StoreHarness) -> None:
    if not SCHEMAS.exists():
        pytest.skip("shared documents are not here")
    components = json.loads(SCHEMAS.read_text())["components"]
    harness.subscribe("store/product/*", "store/sku/*", "store/customer/*")
    trigger_every_event(harness)
    bodies = [json.loads(delivery.raw) for delivery in harness.delivered()]
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
