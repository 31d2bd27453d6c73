"""Channels, currencies, tax, inventory settings and price lists."""

from __future__ import annotations

from tests.twins.bigcommerce.counter import Counter

EURO = {
    "currency_code": "EUR", "currency_exchange_rate": "0.9100000000", "token": "€", "token_location": "left",
    "decimal_token": ",", "thousands_token": ".", "decimal_places": 2, "name": "Euro", "enabled": True,
}  # fmt: skip


def test_channels_have_currencies_of_their_own(shop: Counter) -> None:
    made = shop.ask("POST", "/v3/channels", {"name": "Market", "type": "marketplace", "platform": "ebay"})
    assert [row["id"] for row in shop.ask("GET", "/v3/channels?type:in=storefront")] == [1]
    assert shop.ask("PUT", f"/v3/channels/{made['id']}", {"status": "disconnected"})["status"] == "disconnected"
    assert [row["id"] for row in shop.ask("GET", "/v3/channels?available=true")] == [1]
    path = f"/v3/channels/{made['id']}/currency-assignments"
    assert shop.refused("PUT", path, {"enabled_currencies": ["USD"], "default_currency": "EUR"})[0] == 422
    shop.ask("PUT", path, {"enabled_currencies": ["USD", "EUR"], "default_currency": "EUR"})
    rows = shop.ask("GET", "/v3/channels/currency-assignments")
    assert [row["default_currency"] for row in rows] == ["USD", "EUR"]


def test_currencies_are_told_with_text_rates(shop: Counter) -> None:
    euro = shop.ask("POST", "/v2/currencies", EURO)
    assert shop.refused("POST", "/v2/currencies", EURO)[0] == 409
    shop.ask("PUT", f"/v2/currencies/{euro['id']}", {"currency_exchange_rate": "0.9200000000"})
    rows = [(row["currency_code"], row["currency_exchange_rate"]) for row in shop.ask("GET", "/v2/currencies")]
    assert rows == [("USD", "1.0000000000"), ("EUR", "0.9200000000")]
    assert shop.call("DELETE", f"/v2/currencies/{euro['id']}").status == 204
    assert shop.refused("GET", f"/v2/currencies/{euro['id']}")[0] == 404


def test_tax_classes_have_text_ids_and_the_default_one_is_not_listed(shop: Counter) -> None:
    assert [row["id"] for row in shop.ask("GET", "/v2/tax_classes")] == ["1", "2", "3"]
    assert shop.ask("GET", "/v2/tax_classes/1")["name"] == "Non-Taxable Products"
    (rate,) = shop.ask("GET", "/v3/tax/rates")
    assert {one["tax_class_id"]: one["rate"] for one in rate["class_rates"]} == {0: 8.25, 1: 0, 2: 8.25, 3: 8.25}
    assert [zone["id"] for zone in shop.ask("GET", "/v3/tax/zones")] == [1]


def test_tax_settings_say_whether_prices_include_tax(shop: Counter) -> None:
    assert shop.ask("GET", "/v3/tax/settings")["tax_entered_with_prices"] is False
    shop.ask("PUT", "/v3/tax/settings", {"tax_entered_with_prices": True, "fallback_strategy": "FIXED"})
    settings = shop.ask("GET", "/v3/tax/settings")
    assert (settings["tax_entered_with_prices"], settings["fallback_strategy"]) == (True, "FIXED")
    assert shop.shop.settings["prices_include_tax"] is True


def test_a_wrong_tax_strategy_is_refused() -> None:
    assert Counter().refused("PUT", "/v3/tax/settings", {"rounding_strategy": "ALWAYS_UP"})[0] == 422


def test_a_channel_inherits_the_stores_inventory_settings(shop: Counter) -> None:
    path = "/v3/settings/inventory"
    shop.ask("PUT", path, {"update_stock_behavior": "order_completed_or_shipped"})
    assert shop.ask("GET", f"{path}?channel_id=1")["update_stock_behavior"] == "order_completed_or_shipped"
    shop.ask("PUT", f"{path}?channel_id=1", {"update_stock_behavior": "order_placed"})
    assert shop.ask("GET", f"{path}?channel_id=1")["update_stock_behavior"] == "order_placed"
    assert shop.ask("GET", path)["update_stock_behavior"] == "order_completed_or_shipped"
    assert shop.refused("GET", f"{path}?channel_id=9")[0] == 422


def test_price_records_are_one_per_variant_and_currency(shop: Counter) -> None:
    shop.seed("TEA", "CUP")
    made = shop.ask("POST", "/v3/pricelists", {"name": "Trade", "active": True})
    assert shop.refused("POST", "/v3/pricelists", {"name": "Trade"})[0] == 409
    path = f"/v3/pricelists/{made['id']}/records"
    shop.ask(
        "PUT", path, [{"sku": "TEA", "currency": "USD", "price": 4}, {"sku": "TEA", "currency": "EUR", "price": 3}]
    )
    shop.ask("PUT", path, [{"sku": "tea", "currency": "USD", "price": 3.5}])
    rows = [(row["currency"], row["price"]) for row in shop.ask("GET", path)]
    assert rows == [("USD", 3.5), ("EUR", 3)]
    assert shop.call("DELETE", f"{path}?currency=EUR").status == 204
    assert [row["currency"] for row in shop.ask("GET", path)] == ["USD"]


def test_a_bad_price_record_leaves_the_good_ones_written_and_no_product_hook(shop: Counter) -> None:
    shop.seed("TEA")
    shop.subscribe("store/product/*", "store/sku/*", "store/priceList/record/*")
    made = shop.ask("POST", "/v3/pricelists", {"name": "Trade"})
    path = f"/v3/pricelists/{made['id']}/records"
    answer = shop.call("PUT", path, [{"sku": "TEA", "currency": "USD", "price": 4}, {"sku": "NONE", "currency": "USD"}])
    assert answer.status == 422
    assert [error["row"] for error in answer.body["field_errors"]] == [1]
    assert [row["sku"] for row in shop.ask("GET", path)] == ["TEA"]
    assert {scope for scope, _ in shop.heard()} == {"store/priceList/record/created"}


def test_a_group_and_channel_have_one_price_list(shop: Counter) -> None:
    made = shop.ask("POST", "/v3/pricelists", {"name": "Trade"})
    row = {"price_list_id": made["id"], "customer_group_id": 1, "channel_id": 1}
    shop.ask("POST", "/v3/pricelists/assignments", [row])
    assert shop.refused("POST", "/v3/pricelists/assignments", [row])[0] == 422
    assert len(shop.ask("GET", f"/v3/pricelists/assignments?price_list_id:in={made['id']}")) == 1
    assert shop.call("DELETE", f"/v3/pricelists/{made['id']}").status == 204
    assert shop.ask("GET", "/v3/pricelists/assignments") == []


def test_settings_survive_a_restart(shop: Counter) -> None:
    shop.ask("POST", "/v2/currencies", EURO)
    shop.ask("POST", "/v3/pricelists", {"name": "Trade"})
    shop.ask("PUT", "/v3/settings/inventory?channel_id=1", {"hide_in_product_filtering": True})
    other = Counter()
    other.twin.restore(shop.saved())
    for path in ("/v2/currencies", "/v3/pricelists", "/v3/settings/inventory?channel_id=1", "/v3/channels"):
        assert other.ask("GET", path) == shop.ask("GET", path)
