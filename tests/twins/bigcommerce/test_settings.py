"""Channels, currencies, tax, inventory settings and price lists."""

from __future__ import annotations

from tests.twins.bigcommerce.harness import StoreHarness

EURO = {
    "currency_code": "EUR", "currency_exchange_rate": "0.9100000000", "token": "€", "token_location": "left",
    "decimal_token": ",", "thousands_token": ".", "decimal_places": 2, "name": "Euro", "enabled": True,
}  # fmt: skip


def test_channels_have_separate_currencies(harness: StoreHarness) -> None:
    channel = harness.ask("POST", "/v3/channels", {"name": "Market", "type": "marketplace", "platform": "ebay"})
    assert [row["id"] for row in harness.ask("GET", "/v3/channels?type:in=storefront")] == [1]
    assert harness.ask("PUT", f"/v3/channels/{channel['id']}", {"status": "disconnected"})["status"] == "disconnected"
    assert [row["id"] for row in harness.ask("GET", "/v3/channels?available=true")] == [1]
    path = f"/v3/channels/{channel['id']}/currency-assignments"
    assert harness.refused("PUT", path, {"enabled_currencies": ["USD"], "default_currency": "EUR"})[0] == 422
    harness.ask("PUT", path, {"enabled_currencies": ["USD", "EUR"], "default_currency": "EUR"})
    rows = harness.ask("GET", "/v3/channels/currency-assignments")
    assert [row["default_currency"] for row in rows] == ["USD", "EUR"]


def test_currencies_report_rates_as_text(harness: StoreHarness) -> None:
    euro = harness.ask("POST", "/v2/currencies", EURO)
    assert harness.refused("POST", "/v2/currencies", EURO)[0] == 409
    harness.ask("PUT", f"/v2/currencies/{euro['id']}", {"currency_exchange_rate": "0.9200000000"})
    rows = [(row["currency_code"], row["currency_exchange_rate"]) for row in harness.ask("GET", "/v2/currencies")]
    assert rows == [("USD", "1.0000000000"), ("EUR", "0.9200000000")]
    assert harness.call("DELETE", f"/v2/currencies/{euro['id']}").status == 204
    assert harness.refused("GET", f"/v2/currencies/{euro['id']}")[0] == 404


def test_tax_classes_have_text_ids_and_the_default_one_is_not_listed(harness: StoreHarness) -> None:
    assert [row["id"] for row in harness.ask("GET", "/v2/tax_classes")] == ["1", "2", "3"]
    assert harness.ask("GET", "/v2/tax_classes/1")["name"] == "Non-Taxable Products"
    (rate,) = harness.ask("GET", "/v3/tax/rates")
    percentages = {row["tax_class_id"]: row["rate"] for row in rate["class_rates"]}
    assert percentages == {0: 8.25, 1: 0, 2: 8.25, 3: 8.25}
    assert [zone["id"] for zone in harness.ask("GET", "/v3/tax/zones")] == [1]


def test_tax_settings_say_whether_prices_include_tax(harness: StoreHarness) -> None:
    assert harness.ask("GET", "/v3/tax/settings")["tax_entered_with_prices"] is False
    harness.ask("PUT", "/v3/tax/settings", {"tax_entered_with_prices": True, "fallback_strategy": "FIXED"})
    settings = harness.ask("GET", "/v3/tax/settings")
    assert (settings["tax_entered_with_prices"], settings["fallback_strategy"]) == (True, "FIXED")
    assert harness.store.settings["prices_include_tax"] is True


def test_an_unknown_tax_strategy_is_refused() -> None:
    assert StoreHarness().refused("PUT", "/v3/tax/settings", {"rounding_strategy": "ALWAYS_UP"})[0] == 422


def test_a_channel_inherits_the_stores_inventory_settings(harness: StoreHarness) -> None:
    path = "/v3/settings/inventory"
    harness.ask("PUT", path, {"update_stock_behavior": "order_completed_or_shipped"})
    assert harness.ask("GET", f"{path}?channel_id=1")["update_stock_behavior"] == "order_completed_or_shipped"
    harness.ask("PUT", f"{path}?channel_id=1", {"update_stock_behavior": "order_placed"})
    assert harness.ask("GET", f"{path}?channel_id=1")["update_stock_behavior"] == "order_placed"
    assert harness.ask("GET", path)["update_stock_behavior"] == "order_completed_or_shipped"
    assert harness.refused("GET", f"{path}?channel_id=9")[0] == 422


def test_price_records_are_one_per_variant_and_currency(harness: StoreHarness) -> None:
    harness.seed("TEA", "CUP")
    price_list = harness.ask("POST", "/v3/pricelists", {"name": "Trade", "active": True})
    assert harness.refused("POST", "/v3/pricelists", {"name": "Trade"})[0] == 409
    path = f"/v3/pricelists/{price_list['id']}/records"
    harness.ask(
        "PUT", path, [{"sku": "TEA", "currency": "USD", "price": 4}, {"sku": "TEA", "currency": "EUR", "price": 3}]
    )
    harness.ask("PUT", path, [{"sku": "tea", "currency": "USD", "price": 3.5}])
    rows = [(row["currency"], row["price"]) for row in harness.ask("GET", path)]
    assert rows == [("USD", 3.5), ("EUR", 3)]
    assert harness.call("DELETE", f"{path}?currency=EUR").status == 204
    assert [row["currency"] for row in harness.ask("GET", path)] == ["USD"]


def test_invalid_price_record_keeps_valid_ones_and_sends_no_product_webhook(harness: StoreHarness) -> None:
    harness.seed("TEA")
    harness.subscribe("store/product/*", "store/sku/*", "store/priceList/record/*")
    price_list = harness.ask("POST", "/v3/pricelists", {"name": "Trade"})
    path = f"/v3/pricelists/{price_list['id']}/records"
    answer = harness.call(
        "PUT", path, [{"sku": "TEA", "currency": "USD", "price": 4}, {"sku": "NONE", "currency": "USD"}]
    )
    assert answer.status == 422
    assert [error["row"] for error in answer.body["field_errors"]] == [1]
    assert [row["sku"] for row in harness.ask("GET", path)] == ["TEA"]
    assert {scope for scope, _ in harness.received_events()} == {"store/priceList/record/created"}


def test_a_group_and_channel_have_one_price_list(harness: StoreHarness) -> None:
    price_list = harness.ask("POST", "/v3/pricelists", {"name": "Trade"})
    row = {"price_list_id": price_list["id"], "customer_group_id": 1, "channel_id": 1}
    harness.ask("POST", "/v3/pricelists/assignments", [row])
    assert harness.refused("POST", "/v3/pricelists/assignments", [row])[0] == 422
    assert len(harness.ask("GET", f"/v3/pricelists/assignments?price_list_id:in={price_list['id']}")) == 1
    assert harness.call("DELETE", f"/v3/pricelists/{price_list['id']}").status == 204
    assert harness.ask("GET", "/v3/pricelists/assignments") == []


def test_settings_survive_a_restart(harness: StoreHarness) -> None:
    harness.ask("POST", "/v2/currencies", EURO)
    harness.ask("POST", "/v3/pricelists", {"name": "Trade"})
    harness.ask("PUT", "/v3/settings/inventory?channel_id=1", {"hide_in_product_filtering": True})
    restarted = StoreHarness()
    restarted.twin.restore(harness.saved())
    for path in ("/v2/currencies", "/v3/pricelists", "/v3/settings/inventory?channel_id=1", "/v3/channels"):
        assert restarted.ask("GET", path) == harness.ask("GET", path)
