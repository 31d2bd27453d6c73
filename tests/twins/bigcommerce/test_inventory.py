"""Stock: accepted now, applied later, addressed by tracking mode, separate per location."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.bigcommerce.harness import StoreHarness
from tests.twins.bigcommerce.test_catalog import PRODUCTS, SHIRT

ABSOLUTE, RELATIVE = "/v3/inventory/adjustments/absolute", "/v3/inventory/adjustments/relative"
SECOND = {"code": "SECOND", "label": "Second", "type_id": "PHYSICAL"}


def stock(*items: dict[str, Any], location: int = 1) -> dict[str, Any]:
    return {"reason": "count", "items": [{"location_id": location, **item} for item in items]}


def on_hand(harness: StoreHarness, sku: str, location: int = 1) -> int:
    (item,) = harness.ask("GET", f"/v3/inventory/items?sku:in={sku}&location_id:in={location}")
    return int(item["locations"][0]["total_inventory_onhand"])


def level(harness: StoreHarness, product: int, quantity: int, location: int = 1) -> None:
    harness.ask("PUT", ABSOLUTE, stock({"product_id": product, "quantity": quantity}, location=location))
    harness.pass_seconds(3)


def test_a_read_right_after_a_write_returns_the_old_stock(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=5)
    answer = harness.call("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 9}))
    assert answer.status == 200
    assert answer.body["transaction_id"]
    assert on_hand(harness, "TEA") == 5
    harness.pass_seconds(1.9)
    assert on_hand(harness, "TEA") == 5
    harness.pass_seconds(0.1)
    assert on_hand(harness, "TEA") == 9
    assert harness.ask("GET", f"{PRODUCTS}/{tea}")["inventory_level"] == 9


def test_an_item_is_addressed_as_it_is_tracked(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA")
    harness.act("seed_products", [SHIRT])
    variant = harness.ask("GET", f"{PRODUCTS}/{tea}/variants")[0]["id"]
    answer = harness.call("PUT", ABSOLUTE, stock({"variant_id": variant, "quantity": 1}))
    title = f"[Item with variant_id {variant} is tracked by product, please update stock by product id]"
    assert (answer.status, answer.body["title"], answer.content_type) == (422, title, "application/problem+json")
    shirt = tea + 1
    assert "tracked by variant" in harness.refused("PUT", ABSOLUTE, stock({"product_id": shirt, "quantity": 1}))[1]
    harness.ask("PUT", ABSOLUTE, stock({"sku": "SHIRT-S", "quantity": 4}))
    harness.pass_seconds(3)
    assert on_hand(harness, "SHIRT-S") == 4


@pytest.mark.parametrize(("reading", "status"), [("accepted", 200), ("refused", 422)])
def test_sku_of_stock_tracked_by_product_follows_the_switch(reading: str, status: int) -> None:
    harness = StoreHarness(sku_names_product_stock=reading)
    harness.seed("TEA")
    assert harness.call("PUT", ABSOLUTE, stock({"sku": "TEA", "quantity": 1})).status == status


@pytest.mark.parametrize(
    ("reading", "status", "after"), [("refused", 422, 0), ("ignored", 200, 0), ("applied", 200, 7)]
)
def test_adjustment_of_untracked_stock_follows_the_switch(reading: str, status: int, after: int) -> None:
    harness = StoreHarness(untracked_adjustment=reading)
    (gift,) = harness.seed("GIFT", tracking="none")
    assert harness.call("PUT", ABSOLUTE, stock({"product_id": gift, "quantity": 7})).status == status
    harness.pass_seconds(3)
    assert on_hand(harness, "GIFT") == after


@pytest.mark.parametrize("quantity", [2_147_483_648, -1, True])
def test_impossible_quantities_are_refused_for_stock(quantity: Any) -> None:
    harness = StoreHarness()
    (tea,) = harness.seed("TEA", inventory_level=5)
    assert harness.refused("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": quantity}))[0] == 422
    assert harness.refused("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 1.5}))[0] == 422


def test_the_catalogue_clamps_silently_what_stock_refuses(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA")
    assert (
        harness.ask("PUT", f"{PRODUCTS}/{tea}", {"inventory_level": 3_000_000_000})["inventory_level"] == 2_147_483_647
    )
    harness.expect_violations("greater than the maximum")


def test_a_batch_holds_two_thousand_items(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA")
    item = {"product_id": tea, "quantity": 1}
    assert harness.refused("PUT", ABSOLUTE, stock(*[item] * 2001))[0] == 422
    assert harness.call("PUT", ABSOLUTE, stock(*[item] * 2000)).status == 200


@pytest.mark.parametrize(("reading", "after"), [("atomic", 5), ("partial", 9)])
def test_one_invalid_item_refuses_the_batch_or_the_items_after_it(reading: str, after: int) -> None:
    harness = StoreHarness(inventory_batch=reading)
    (tea,) = harness.seed("TEA", inventory_level=5)
    body = stock({"product_id": tea, "quantity": 9}, {"product_id": 4711, "quantity": 9})
    assert harness.refused("PUT", ABSOLUTE, body) == (422, "[Item with product_id 4711 was not found]")
    harness.pass_seconds(3)
    assert on_hand(harness, "TEA") == after


def test_a_relative_adjustment_needs_an_absolute_one_at_that_location(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=5)
    harness.ask("POST", "/v3/inventory/locations", [SECOND])
    assert harness.call("POST", RELATIVE, stock({"product_id": tea, "quantity": -2})).status == 200
    body = stock({"product_id": tea, "quantity": 2}, location=2)
    assert "requires absolute adjustment before relative" in harness.refused("POST", RELATIVE, body)[1]
    harness.ask("PUT", ABSOLUTE, body)
    assert harness.refused("POST", RELATIVE, body)[0] == 422
    harness.pass_seconds(3)
    assert harness.call("POST", RELATIVE, body).status == 200
    harness.pass_seconds(3)
    assert (on_hand(harness, "TEA"), on_hand(harness, "TEA", 2)) == (3, 4)


def test_safety_stock_is_not_for_sale_and_limits_relative_adjustments(harness: StoreHarness) -> None:
    (shirt,) = harness.act("seed_products", [{**SHIRT, "inventory_level": 50}])["ids"]
    settings = {"settings": [{"identity": {"sku": "SHIRT-S"}, "safety_stock": 10}]}
    assert harness.call("PUT", "/v3/inventory/locations/1/items", settings).status == 200
    harness.expect_violations("is valid under each of")
    (item,) = harness.ask("GET", "/v3/inventory/items?sku:in=SHIRT-S")
    location = item["locations"][0]
    assert (location["total_inventory_onhand"], location["available_to_sell"]) == (50, 40)
    assert "safety stock" in harness.refused("POST", RELATIVE, stock({"sku": "SHIRT-S", "quantity": -41}))[1]
    assert harness.call("POST", RELATIVE, stock({"sku": "SHIRT-S", "quantity": -40})).status == 200
    assert "safety_stock" not in harness.ask("GET", f"{PRODUCTS}/{shirt}/variants")[0]


def test_an_absolute_adjustment_may_set_available_to_sell() -> None:
    harness = StoreHarness(absolute_sets="available_to_sell")
    (tea,) = harness.seed("TEA", inventory_level=5)
    harness.call(
        "PUT", "/v3/inventory/locations/1/items", {"settings": [{"identity": {"product_id": tea}, "safety_stock": 2}]}
    )
    level(harness, tea, 9)
    assert on_hand(harness, "TEA") == 11


def test_overlapping_bulk_writes_are_throttled_or_lose_adjustments() -> None:
    for reading, status in (("harmless", 200), ("throttled", 429), ("wrong_result", 200)):
        harness = StoreHarness(bulk_overlap=reading)
        tea, cup = harness.seed("TEA", "CUP")
        harness.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 4}, {"product_id": cup, "quantity": 4}))
        assert harness.call("PUT", PRODUCTS, [{"id": tea, "weight": 2}]).status == status
        harness.pass_seconds(3)
        assert on_hand(harness, "CUP") == (0 if reading == "wrong_result" else 4)
        assert harness.call("PUT", PRODUCTS, [{"id": tea, "weight": 3}]).status == 200


def test_adjustments_may_overtake_each_other() -> None:
    results = set()
    for seed in range(12):
        harness = StoreHarness(inventory_delay_spread=10)
        harness.store.random.seed(seed)
        (tea,) = harness.seed("TEA")
        for quantity in (1, 2):
            harness.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": quantity}))
        harness.pass_seconds(13)
        results.add(on_hand(harness, "TEA"))
    assert results == {1, 2}


def test_deleting_a_product_discards_its_pending_adjustment(harness: StoreHarness) -> None:
    tea, cup = harness.seed("TEA", "CUP")
    harness.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 4}, {"product_id": cup, "quantity": 6}))
    harness.act("delete_product", {"product_id": tea})
    harness.pass_seconds(3)
    assert on_hand(harness, "CUP") == 6
    assert harness.ask("GET", "/v3/inventory/items?sku:in=TEA") == []


def test_stock_is_separate_per_location(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=5)
    harness.ask("POST", "/v3/inventory/locations", [SECOND])
    level(harness, tea, 8, location=2)
    (item,) = harness.ask("GET", "/v3/inventory/items?sku:in=TEA")
    assert [(location["location_code"], location["total_inventory_onhand"]) for location in item["locations"]] == [
        ("BC-LOCATION-1", 5),
        ("SECOND", 8),
    ]
    (row,) = harness.ask("GET", "/v3/inventory/locations/2/items")
    assert (row["identity"]["sku"], row["available_to_sell"]) == ("TEA", 8)
    assert harness.ask("GET", f"{PRODUCTS}/{tea}")["inventory_level"] == 5
    harness.store.switches["catalog_inventory_level"] = "sum"
    assert harness.ask("GET", f"{PRODUCTS}/{tea}")["inventory_level"] == 13


def test_locations_are_created_changed_and_deleted_with_their_stock(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=5)
    assert harness.ask("POST", "/v3/inventory/locations", [SECOND])["transaction_id"]
    assert harness.refused("POST", "/v3/inventory/locations", [SECOND])[0] == 422
    assert [row["id"] for row in harness.ask("GET", "/v3/inventory/locations?is_default=true")] == [1]
    level(harness, tea, 8, location=2)
    harness.ask("PUT", "/v3/inventory/locations", [{"id": 2, "enabled": False, "managed_by_external_source": True}])
    assert [row["id"] for row in harness.ask("GET", "/v3/inventory/locations?managed_by_external_source=true")] == [2]
    body = stock({"product_id": tea, "quantity": 2}, location=2)
    assert harness.refused("PUT", ABSOLUTE, body) == (422, "[Location with id 2 is not available]")
    assert harness.refused("DELETE", "/v3/inventory/locations?location_id:in=1")[0] == 422
    assert harness.call("DELETE", "/v3/inventory/locations?location_id:in=2").status == 200
    assert harness.refused("GET", "/v3/inventory/locations/2/items")[0] == 404
    (item,) = harness.ask("GET", "/v3/inventory/items")
    assert [location["location_id"] for location in item["locations"]] == [1]


def test_a_page_holds_a_thousand_items(harness: StoreHarness) -> None:
    harness.seed(*(f"P{number}" for number in range(1_050)))
    assert len(harness.ask("GET", "/v3/inventory/items?limit=1000&page=1")) == 1000
    assert len(harness.ask("GET", "/v3/inventory/items?limit=1000&page=2")) == 50
    assert len(harness.ask("GET", "/v3/inventory/items?product_id:in=77,78")) == 2


def test_stock_writes_send_webhooks_with_the_difference(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=5)
    harness.subscribe("store/product/inventory/updated", "store/product/updated",
                   "store/channel/1/inventory/product/stock_changed")  # fmt: skip
    level(harness, tea, 9)
    inventory = {"product_id": tea, "method": "absolute", "value": 4}
    variant = harness.store.products[tea].variants[0].id
    assert harness.received_events() == [
        ("store/product/inventory/updated", {"type": "product", "id": tea, "inventory": inventory}),
        ("store/product/updated", {"type": "product", "id": tea}),
        (
            "store/channel/1/inventory/product/stock_changed",
            {"variant_id": variant, "product_id": tea, "location_id": 1},
        ),
    ]
    level(harness, tea, 9)
    assert harness.received_events() == []


def test_variant_stock_sends_sku_webhooks(harness: StoreHarness) -> None:
    harness.act("seed_products", [SHIRT])
    harness.subscribe("store/sku/inventory/updated", "store/product/inventory/updated")
    harness.act("set_stock", {"sku": "SHIRT-M", "quantity": 3})
    ((scope, data),) = harness.received_events()
    assert scope == "store/sku/inventory/updated"
    assert (data["inventory"]["variant_id"], data["inventory"]["value"]) == (data["id"], 3)


def test_overselling_leaves_negative_stock(harness: StoreHarness) -> None:
    harness.seed("TEA", inventory_level=1)
    harness.act("place_order", {"lines": [{"sku": "TEA", "quantity": 3}], "payment": "captured"})
    assert on_hand(harness, "TEA") == -2
    assert harness.act("stock_levels", {}) == {"TEA": -2}


def test_stock_and_pending_adjustments_survive_a_restart(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=5)
    harness.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 9}))
    restarted = StoreHarness()
    restarted.twin.restore(harness.saved())
    assert on_hand(restarted, "TEA") == 5
    restarted.pass_seconds(3)
    assert on_hand(restarted, "TEA") == 9
