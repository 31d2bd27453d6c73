"""The PyPI package `bigcommerce`, an independent client, works with the twin over TLS as with the vendor."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import pytest
from bigcommerce.api import BigcommerceApi  # type: ignore[import-untyped]
from bigcommerce.exception import (  # type: ignore[import-untyped]
    ClientRequestException,
    RateLimitingException,
    ServerException,
)

from weighbridge_twins.http.server import TwinServer

GOODS = [{"sku": "TEA", "name": "Tea", "price": "4.50", "tax_class_id": 1, "tracking": "product", "inventory_level": 5}]
ADDRESS = {"first_name": "Ann", "last_name": "Example", "street_1": "1 Mill St", "city": "Austin", "state": "Texas",
           "zip": "78701", "country": "United States", "country_iso2": "US", "email": "ann@example.com"}  # fmt: skip
ORDER = {
    "lines": [{"sku": "TEA", "quantity": 2}],
    "payment": "captured",
    "shipping_cost": "4.99",
    "shipping_addresses": [ADDRESS],
}


@pytest.fixture(scope="module")
def twins() -> Generator[TwinServer, None, None]:
    with TwinServer(tls=True) as running:
        running.act("bigcommerce", "seed_products", GOODS)
        yield running


@pytest.fixture
def api(twins: TwinServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package's client, configured for the twin by its endpoint variable as its documentation says."""
    keys = twins.credentials
    monkeypatch.setenv("BC_API_ENDPOINT", urlsplit(twins.bigcommerce_url).netloc)
    client = BigcommerceApi(client_id="any", store_hash=keys.store_hash, access_token=keys.access_token)
    session = client.connection._session
    # A certificate bundle in the environment would override the session's.
    session.trust_env, session.verify = False, str(twins.certificate)
    return client


def test_products_are_created_found_updated_and_deleted(api: Any) -> None:
    created = api.Products.create(name="Cup", type="physical", price="7.50", weight="0.3", sku="CUP", categories=[])
    assert [product.name for product in api.Products.all(sku="CUP")] == ["Cup"]
    changed = created.update(price="8.25", inventory_tracking="simple", inventory_level=3)
    assert changed.price == "8.2500"
    read = api.Products.get(created.id)
    assert (read.inventory_level, read.inventory_tracking) == (3, "simple")
    created.delete()
    with pytest.raises(ClientRequestException):
        api.Products.get(created.id)


def test_orders_are_read_with_subresources_and_change_status(api: Any, twins: TwinServer) -> None:
    number = twins.act("bigcommerce", "place_order", ORDER)["id"]
    order = api.Orders.get(number)
    assert order.total_inc_tax == "13.9900"
    (line,) = order.products()
    assert (line.sku, line.quantity) == ("TEA", 2)
    (address,) = order.shipping_addresses()
    items = [{"order_product_id": line.id, "quantity": 2}]
    sent = api.OrderShipments.create(number, order_address_id=address.id, items=items, tracking_number="1Z999")
    assert [shipment.tracking_number for shipment in order.shipments()] == [sent.tracking_number] == ["1Z999"]
    order.update(staff_notes="left the building")
    assert api.Orders.get(number).staff_notes == "left the building"
    assert number in [row.id for row in api.Orders.all(min_id=number)]


def test_customers_are_created_found_updated_and_deleted(api: Any) -> None:
    created = api.Customers.create(first_name="Ann", last_name="Example", email="ann@example.com")
    assert [customer.id for customer in api.Customers.all(email="ann@example.com")] == [created.id]
    created.update(company="Mill")
    assert api.Customers.get(created.id).company == "Mill"
    with pytest.raises(ClientRequestException):
        api.Customers.create(first_name="Ann", last_name="Again", email="ANN@example.com")
    created.delete()
    assert not isinstance(api.Customers.all(), list), "an empty list is a 204 without a body"


def test_webhooks_are_created_found_updated_and_deleted(api: Any) -> None:
    created = api.Webhooks.create(scope="store/order/*", destination="https://connector.example.com/", is_active=True)
    assert [webhook.scope for webhook in api.Webhooks.all()] == ["store/order/*"]
    created.update(is_active=False)
    assert api.Webhooks.get(created.id).is_active is False
    created.delete()
    assert not isinstance(api.Webhooks.all(), list)


def test_the_package_understands_quota_and_refusals(api: Any, twins: TwinServer) -> None:
    api.Store.all()
    quota_left = api.connection.rate_limit["requests_remaining"]
    api.Time.all()
    assert api.connection.rate_limit["requests_remaining"] == quota_left - 1
    twins.fault("bigcommerce", {"fault": "throttle", "times": 1})
    with pytest.raises(RateLimitingException):
        api.Time.all()
    twins.fault("bigcommerce", {"fault": "error_before", "times": 1})
    with pytest.raises(ServerException):
        api.Time.all()
