"""Stock: accepted now, applied later, addressed as the item is tracked, kept apart by location."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.bigcommerce.counter import Counter
from tests.twins.bigcommerce.test_catalog import PRODUCTS, SHIRT

ABSOLUTE, RELATIVE = "/v3/inventory/adjustments/absolute", "/v3/inventory/adjustments/relative"
SECOND = {"code": "SECOND", "label": "Second", "type_id": "PHYSICAL"}


def stock(*items: dict[str, Any], location: int = 1) -> dict[str, Any]:
    return {"reason": "count", "items": [{"location_id": location, **item} for item in items]}


def on_hand(shop: Counter, sku: str, location: int = 1) -> int:
    (item,) = shop.ask("GET", f"/v3/inventory/items?sku:in={sku}&location_id:in={location}")
    return int(item["locations"][0]["total_inventory_onhand"])


def level(shop: Counter, product: int, quantity: int, location: int = 1) -> None:
    shop.ask("PUT", ABSOLUTE, stock({"product_id": product, "quantity": quantity}, location=location))
    shop.pass_seconds(3)


def test_a_read_right_after_a_write_shows_the_old_stock(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=5)
    answer = shop.call("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 9}))
    assert answer.status == 200
    assert answer.body["transaction_id"]
    assert on_hand(shop, "TEA") == 5
    shop.pass_seconds(1.9)
    assert on_hand(shop, "TEA") == 5
    shop.pass_seconds(0.1)
    assert on_hand(shop, "TEA") == 9
    assert shop.ask("GET", f"{PRODUCTS}/{tea}")["inventory_level"] == 9


def test_an_item_is_addressed_as_it_is_tracked(shop: Counter) -> None:
    (tea,) = shop.seed("TEA")
    shop.act("seed_products", [SHIRT])
    variant = shop.ask("GET", f"{PRODUCTS}/{tea}/variants")[0]["id"]
    answer = shop.call("PUT", ABSOLUTE, stock({"variant_id": variant, "quantity": 1}))
    title = f"[Item with variant_id {variant} is tracked by product, please update stock by product id]"
    assert (answer.status, answer.body["title"], answer.content_type) == (422, title, "application/problem+json")
    shirt = tea + 1
    assert "tracked by variant" in shop.refused("PUT", ABSOLUTE, stock({"product_id": shirt, "quantity": 1}))[1]
    shop.ask("PUT", ABSOLUTE, stock({"sku": "SHIRT-S", "quantity": 4}))
    shop.pass_seconds(3)
    assert on_hand(shop, "SHIRT-S") == 4


@pytest.mark.parametrize(("reading", "status"), [("accepted", 200), ("refused", 422)])
def test_whether_a_sku_names_a_product_that_is_tracked_whole(reading: str, status: int) -> None:
    counter = Counter(sku_names_product_stock=reading)
    counter.seed("TEA")
    assert counter.call("PUT", ABSOLUTE, stock({"sku": "TEA", "quantity": 1})).status == status


@pytest.mark.parametrize(
    ("reading", "status", "after"), [("refused", 422, 0), ("ignored", 200, 0), ("applied", 200, 7)]
)
def test_what_becomes_of_stock_that_is_not_tracked(reading: str, status: int, after: int) -> None:
    counter = Counter(untracked_adjustment=reading)
    (gift,) = counter.seed("GIFT", tracking="none")
    assert counter.call("PUT", ABSOLUTE, stock({"product_id": gift, "quantity": 7})).status == status
    counter.pass_seconds(3)
    assert on_hand(counter, "GIFT") == after


@pytest.mark.parametrize("quantity", [2_147_483_648, -1, True])
def test_impossible_quantities_are_refused_for_stock(quantity: Any) -> None:
    counter = Counter()
    (tea,) = counter.seed("TEA", inventory_level=5)
    assert counter.refused("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": quantity}))[0] == 422
    assert counter.refused("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 1.5}))[0] == 422


def test_the_catalogue_clamps_silently_what_stock_refuses(shop: Counter) -> None:
    (tea,) = shop.seed("TEA")
    assert shop.ask("PUT", f"{PRODUCTS}/{tea}", {"inventory_level": 3_000_000_000})["inventory_level"] == 2_147_483_647
    shop.off_the_documents("greater than the maximum")


def test_a_batch_holds_two_thousand_items(shop: Counter) -> None:
    (tea,) = shop.seed("TEA")
    item = {"product_id": tea, "quantity": 1}
    assert shop.refused("PUT", ABSOLUTE, stock(*[item] * 2001))[0] == 422
    assert shop.call("PUT", ABSOLUTE, stock(*[item] * 2000)).status == 200


@pytest.mark.parametrize(("reading", "after"), [("atomic", 5), ("partial", 9)])
def test_one_bad_item_refuses_the_batch_whole_or_the_rest_of_it(reading: str, after: int) -> None:
    counter = Counter(inventory_batch=reading)
    (tea,) = counter.seed("TEA", inventory_level=5)
    body = stock({"product_id": tea, "quantity": 9}, {"product_id": 4711, "quantity": 9})
    assert counter.refused("PUT", ABSOLUTE, body) == (422, "[Item with product_id 4711 was not found]")
    counter.pass_seconds(3)
    assert on_hand(counter, "TEA") == after


def test_a_relative_adjustment_needs_an_absolute_one_at_that_location(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=5)
    shop.ask("POST", "/v3/inventory/locations", [SECOND])
    assert shop.call("POST", RELATIVE, stock({"product_id": tea, "quantity": -2})).status == 200
    body = stock({"product_id": tea, "quantity": 2}, location=2)
    assert "requires absolute adjustment before relative" in shop.refused("POST", RELATIVE, body)[1]
    shop.ask("PUT", ABSOLUTE, body)
    assert shop.refused("POST", RELATIVE, body)[0] == 422
    shop.pass_seconds(3)
    assert shop.call("POST", RELATIVE, body).status == 200
    shop.pass_seconds(3)
    assert (on_hand(shop, "TEA"), on_hand(shop, "TEA", 2)) == (3, 4)


def test_safety_stock_is_kept_from_sale_and_from_relative_adjustments(shop: Counter) -> None:
    (shirt,) = shop.act("seed_products", [{**SHIRT, "inventory_level": 50}])["ids"]
    settings = {"settings": [{"identity": {"sku": "SHIRT-S"}, "safety_stock": 10}]}
    assert shop.call("PUT", "/v3/inventory/locations/1/items", settings).status == 200
    shop.off_the_documents("is valid under each of")
    (item,) = shop.ask("GET", "/v3/inventory/items?sku:in=SHIRT-S")
    place = item["locations"][0]
    assert (place["total_inventory_onhand"], place["available_to_sell"]) == (50, 40)
    assert "safety stock" in shop.refused("POST", RELATIVE, stock({"sku": "SHIRT-S", "quantity": -41}))[1]
    assert shop.call("POST", RELATIVE, stock({"sku": "SHIRT-S", "quantity": -40})).status == 200
    assert "safety_stock" not in shop.ask("GET", f"{PRODUCTS}/{shirt}/variants")[0]


def test_an_absolute_adjustment_may_mean_what_is_for_sale() -> None:
    counter = Counter(absolute_sets="available_to_sell")
    (tea,) = counter.seed("TEA", inventory_level=5)
    counter.call(
        "PUT", "/v3/inventory/locations/1/items", {"settings": [{"identity": {"product_id": tea}, "safety_stock": 2}]}
    )
    level(counter, tea, 9)
    assert on_hand(counter, "TEA") == 11


def test_overlapping_bulk_writes_are_throttled_or_go_wrong() -> None:
    for reading, status in (("harmless", 200), ("throttled", 429), ("wrong_result", 200)):
        counter = Counter(bulk_overlap=reading)
        tea, cup = counter.seed("TEA", "CUP")
        counter.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 4}, {"product_id": cup, "quantity": 4}))
        assert counter.call("PUT", PRODUCTS, [{"id": tea, "weight": 2}]).status == status
        counter.pass_seconds(3)
        assert on_hand(counter, "CUP") == (0 if reading == "wrong_result" else 4)
        assert counter.call("PUT", PRODUCTS, [{"id": tea, "weight": 3}]).status == 200


def test_adjustments_may_overtake_each_other() -> None:
    results = set()
    for seed in range(12):
        counter = Counter(inventory_delay_spread=10)
        counter.shop.random.seed(seed)
        (tea,) = counter.seed("TEA")
        for quantity in (1, 2):
            counter.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": quantity}))
        counter.pass_seconds(13)
        results.add(on_hand(counter, "TEA"))
    assert results == {1, 2}


def test_a_product_deleted_meanwhile_takes_its_adjustment_along(shop: Counter) -> None:
    tea, cup = shop.seed("TEA", "CUP")
    shop.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 4}, {"product_id": cup, "quantity": 6}))
    shop.act("delete_product", {"product_id": tea})
    shop.pass_seconds(3)
    assert on_hand(shop, "CUP") == 6
    assert shop.ask("GET", "/v3/inventory/items?sku:in=TEA") == []


def test_each_location_has_stock_of_its_own(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=5)
    shop.ask("POST", "/v3/inventory/locations", [SECOND])
    level(shop, tea, 8, location=2)
    (item,) = shop.ask("GET", "/v3/inventory/items?sku:in=TEA")
    assert [(one["location_code"], one["total_inventory_onhand"]) for one in item["locations"]] == [
        ("BC-LOCATION-1", 5),
        ("SECOND", 8),
    ]
    (row,) = shop.ask("GET", "/v3/inventory/locations/2/items")
    assert (row["identity"]["sku"], row["available_to_sell"]) == ("TEA", 8)
    assert shop.ask("GET", f"{PRODUCTS}/{tea}")["inventory_level"] == 5
    shop.shop.switches["catalog_inventory_level"] = "sum"
    assert shop.ask("GET", f"{PRODUCTS}/{tea}")["inventory_level"] == 13


def test_locations_are_made_changed_and_deleted_with_their_stock(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=5)
    assert shop.ask("POST", "/v3/inventory/locations", [SECOND])["transaction_id"]
    assert shop.refused("POST", "/v3/inventory/locations", [SECOND])[0] == 422
    assert [one["id"] for one in shop.ask("GET", "/v3/inventory/locations?is_default=true")] == [1]
    level(shop, tea, 8, location=2)
    shop.ask("PUT", "/v3/inventory/locations", [{"id": 2, "enabled": False, "managed_by_external_source": True}])
    assert [one["id"] for one in shop.ask("GET", "/v3/inventory/locations?managed_by_external_source=true")] == [2]
    body = stock({"product_id": tea, "quantity": 2}, location=2)
    assert shop.refused("PUT", ABSOLUTE, body) == (422, "[Location with id 2 is not available]")
    assert shop.refused("DELETE", "/v3/inventory/locations?location_id:in=1")[0] == 422
    assert shop.call("DELETE", "/v3/inventory/locations?location_id:in=2").status == 200
    assert shop.refused("GET", "/v3/inventory/locations/2/items")[0] == 404
    assert [place["location_id"] for place in shop.ask("GET", "/v3/inventory/items")[0]["locations"]] == [1]


def test_a_thousand_items_to_a_page(shop: Counter) -> None:
    shop.seed(*(f"P{number}" for number in range(1_050)))
    assert len(shop.ask("GET", "/v3/inventory/items?limit=1000&page=1")) == 1000
    assert len(shop.ask("GET", "/v3/inventory/items?limit=1000&page=2")) == 50
    assert len(shop.ask("GET", "/v3/inventory/items?product_id:in=77,78")) == 2


def test_own_writes_come_back_as_hooks_that_tell_the_difference(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=5)
    shop.subscribe("store/product/inventory/updated", "store/product/updated",
                   "store/channel/1/inventory/product/stock_changed")  # fmt: skip
    level(shop, tea, 9)
    inventory = {"product_id": tea, "method": "absolute", "value": 4}
    variant = shop.shop.products[tea].variants[0].id
    assert shop.heard() == [
        ("store/product/inventory/updated", {"type": "product", "id": tea, "inventory": inventory}),
        ("store/product/updated", {"type": "product", "id": tea}),
        (
            "store/channel/1/inventory/product/stock_changed",
            {"variant_id": variant, "product_id": tea, "location_id": 1},
        ),
    ]
    level(shop, tea, 9)
    assert shop.heard() == []


def test_variants_have_hooks_of_their_own(shop: Counter) -> None:
    shop.act("seed_products", [SHIRT])
    shop.subscribe("store/sku/inventory/updated", "store/product/inventory/updated")
    shop.act("set_stock", {"sku": "SHIRT-M", "quantity": 3})
    ((scope, data),) = shop.heard()
    assert scope == "store/sku/inventory/updated"
    assert (data["inventory"]["variant_id"], data["inventory"]["value"]) == (data["id"], 3)


def test_selling_more_than_there_is_leaves_less_than_nothing(shop: Counter) -> None:
    shop.seed("TEA", inventory_level=1)
    shop.act("place_order", {"lines": [{"sku": "TEA", "quantity": 3}], "payment": "captured"})
    assert on_hand(shop, "TEA") == -2
    assert shop.act("stock_levels", {}) == {"TEA": -2}


def test_stock_and_what_is_on_its_way_survive_a_restart(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=5)
    shop.ask("PUT", ABSOLUTE, stock({"product_id": tea, "quantity": 9}))
    other = Counter()
    other.twin.restore(shop.saved())
    assert on_hand(other, "TEA") == 5
    other.pass_seconds(3)
    assert on_hand(other, "TEA") == 9
