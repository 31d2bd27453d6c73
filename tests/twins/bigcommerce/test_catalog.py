"""Products and their sub-resources: create, read, update in batches, refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.twins.bigcommerce.harness import SPECS, StoreHarness

PRODUCTS = "/v3/catalog/products"
TEA: dict[str, Any] = {"name": "Tea", "type": "physical", "weight": 0.5, "price": 4.5, "sku": "TEA"}
VALUES = [{"label": "Green", "sort_order": 0}]
SHIRT = {
    "sku": "SHIRT",
    "name": "Shirt",
    "price": "20.00",
    "variants": [
        {"sku": "SHIRT-S", "option_values": [{"option_display_name": "Size", "label": "S"}]},
        {"sku": "SHIRT-M", "price": "22.00", "option_values": [{"option_display_name": "Size", "label": "M"}]},
    ],
}


def skus(harness: StoreHarness, query: str) -> list[str]:
    return [row["sku"] for row in harness.ask("GET", f"{PRODUCTS}?{query}")]


def test_exchanges_are_checked_against_the_vendors_documents() -> None:
    if not SPECS.exists():
        pytest.skip("shared documents are not here")
    harness = StoreHarness()
    harness.call("GET", f"{PRODUCTS}?no_such_filter=1")
    assert harness.violations == [
        "[products_catalog.v3 GET /catalog/products] query no_such_filter: not in the specification"
    ]


def test_a_product_is_created_read_updated_and_deleted(harness: StoreHarness) -> None:
    created = harness.ask("POST", PRODUCTS, TEA)
    path = f"{PRODUCTS}/{created['id']}"
    harness.ask(
        "PUT", path, {"price": 5.25, "is_visible": False, "inventory_tracking": "product", "inventory_level": 7}
    )
    read = harness.ask("GET", f"{path}?include=variants")
    assert (read["price"], read["calculated_price"], read["is_visible"], read["inventory_level"]) == (
        5.25,
        5.25,
        False,
        7,
    )
    assert read["variants"][0]["id"] == read["base_variant_id"]
    assert harness.call("DELETE", path).status == 204
    assert harness.refused("GET", path)[0] == 404


def test_a_product_needs_name_type_weight_and_price() -> None:
    answer = StoreHarness().call("POST", PRODUCTS, {"sku": "X"})
    assert answer.status == 422
    assert set(answer.body["errors"]) == {"name", "type", "weight", "price"}


def test_names_and_skus_are_unique_regardless_of_capitals(harness: StoreHarness) -> None:
    harness.ask("POST", PRODUCTS, TEA)
    harness.act("seed_products", [SHIRT])
    assert harness.refused("POST", PRODUCTS, {**TEA, "name": "Other", "sku": "tea"})[0] == 409
    assert harness.refused("POST", PRODUCTS, {**TEA, "name": "TEA", "sku": "OTHER"})[0] == 409
    assert harness.refused("POST", PRODUCTS, {**TEA, "name": "Other", "sku": "shirt-m"})[0] == 409
    assert harness.refused("POST", PRODUCTS, {**TEA, "name": "Other", "sku": "shirt"})[0] == 409


def test_renaming_a_product_frees_its_old_name_and_sku(harness: StoreHarness) -> None:
    renamed = harness.ask("POST", PRODUCTS, TEA)
    harness.ask("PUT", f"{PRODUCTS}/{renamed['id']}", {"name": "Green tea", "sku": "GREEN"})
    recreated = harness.ask("POST", PRODUCTS, TEA)
    assert harness.refused("PUT", f"{PRODUCTS}/{recreated['id']}", {"sku": "green"})[0] == 409
    assert skus(harness, "sku=green") == ["GREEN"]


def test_a_batch_holds_ten_products_and_is_atomic(harness: StoreHarness) -> None:
    ids = harness.seed(*(f"P{number}" for number in range(11)))
    assert harness.refused("PUT", PRODUCTS, [{"id": product_id, "weight": 2} for product_id in ids])[0] == 413
    assert harness.refused("PUT", PRODUCTS, [{"id": ids[0], "weight": 2}, {"id": ids[1], "sku": "P2"}])[0] == 409
    assert harness.refused("PUT", PRODUCTS, [{"id": ids[0], "weight": 2}, {"id": 4711, "weight": 2}])[0] == 404
    assert harness.ask("GET", f"{PRODUCTS}/{ids[0]}")["weight"] == 0
    updated = harness.ask("PUT", PRODUCTS, [{"id": product_id, "weight": 2} for product_id in ids[:10]])
    assert [row["weight"] for row in updated] == [2] * 10


def test_product_update_answers_207_when_only_the_stock_write_fails(harness: StoreHarness) -> None:
    (product,) = harness.seed("TEA", inventory_level=5)
    harness.store.switches["catalog_stock_write"] = "fails"
    answer = harness.call("PUT", PRODUCTS, [{"id": product, "price": 9, "inventory_level": 8}])
    assert answer.status == 207
    assert answer.body["errors"]["errors"] == {"0.inventory_level": "The stock was not updated"}
    assert (answer.body["data"][0]["price"], answer.body["data"][0]["inventory_level"]) == (9, 5)


def test_deleting_many_products_needs_a_filter(harness: StoreHarness) -> None:
    ids = harness.seed("TEA", "CUP", "POT")
    assert harness.refused("DELETE", PRODUCTS)[0] == 422
    assert harness.call("DELETE", f"{PRODUCTS}?id:in={ids[0]},{ids[2]}").status == 204
    assert skus(harness, "limit=250") == ["CUP"]


def test_filters_choose_products(harness: StoreHarness) -> None:
    tea, cup, pot = harness.seed("TEA", "CUP", "POT", inventory_level=3)
    harness.ask(
        "PUT", f"{PRODUCTS}/{cup}", {"price": 9, "inventory_level": 0, "is_visible": False, "upc": "4006381333931"}
    )
    assert skus(harness, f"id:in={tea},{pot}") == ["TEA", "POT"]
    assert skus(harness, f"id:greater={tea}") == ["CUP", "POT"]
    assert skus(harness, f"id:not_in={tea}&id:less={pot}") == ["CUP"]
    assert skus(harness, "sku:in=cup,POT") == ["CUP", "POT"]
    assert skus(harness, "name=product%20tea") == ["TEA"]
    assert skus(harness, "inventory_level:min=1") == ["TEA", "POT"]
    assert skus(harness, "out_of_stock=1") == ["CUP"]
    assert skus(harness, "is_visible=false") == ["CUP"]
    assert skus(harness, "upc=4006381333931") == ["CUP"]
    assert skus(harness, "keyword=po") == ["POT"]
    assert skus(harness, "sort=price&direction=desc&limit=1") == ["CUP"]


def test_the_sku_filter_ignores_skus_of_variants(harness: StoreHarness) -> None:
    harness.act("seed_products", [SHIRT])
    assert skus(harness, "sku=SHIRT") == ["SHIRT"]
    assert skus(harness, "sku=SHIRT-S") == []
    assert [row["sku"] for row in harness.ask("GET", "/v3/catalog/variants?sku=shirt-s")] == ["SHIRT-S"]


def test_category_filter_misses_products_in_two_categories(harness: StoreHarness) -> None:
    tea, cup = harness.seed("TEA", "CUP")
    first, second = (
        harness.ask("POST", "/v3/catalog/categories", {"name": name, "parent_id": 0})["id"] for name in "AB"
    )
    harness.call("PUT", f"{PRODUCTS}/{tea}", {"categories": [first]})
    harness.call("PUT", f"{PRODUCTS}/{cup}", {"categories": [first, second]})
    assert skus(harness, f"categories={first}") == ["TEA"]
    assert skus(harness, f"categories:in={first}") == ["TEA", "CUP"]
    assert harness.call("DELETE", f"/v3/catalog/categories/{first}").status == 204
    assert harness.ask("GET", f"{PRODUCTS}/{tea}")["categories"] == []


def test_a_date_without_a_time_skips_the_morning(harness: StoreHarness) -> None:
    harness.seed("TEA")
    harness.pass_seconds(timedelta(hours=4).total_seconds())
    harness.seed("CUP")
    assert skus(harness, "date_modified:min=2026-01-05") == ["CUP"]
    assert skus(harness, "date_modified:min=2026-01-05T00:00:00Z") == ["TEA", "CUP"]


def test_an_undocumented_filter_is_ignored_or_rejected() -> None:
    harness = StoreHarness()
    harness.seed("TEA")
    assert [row["sku"] for row in harness.ask("GET", "/v3/catalog/variants?sku:in=CUP")] == ["TEA"]
    harness.store.switches["unknown_filters"] = "rejected"
    assert harness.refused("GET", "/v3/catalog/variants?sku:in=CUP")[0] == 422
    assert harness.refused("GET", f"{PRODUCTS}?colour=red")[0] == 422


def test_options_limit_the_page_to_ten(harness: StoreHarness) -> None:
    harness.seed(*(f"P{number}" for number in range(12)))
    assert len(harness.ask("GET", f"{PRODUCTS}?limit=250")) == 12
    assert len(harness.ask("GET", f"{PRODUCTS}?limit=250&include=options")) == 10
    assert len(harness.ask("GET", f"{PRODUCTS}?limit=250&include=modifiers,variants&page=2")) == 2


def test_include_fields_always_adds_gift_wrapping_options(harness: StoreHarness) -> None:
    harness.seed("TEA")
    (row,) = harness.ask("GET", f"{PRODUCTS}?include_fields=sku")
    assert set(row) == {"id", "sku", "gift_wrapping_options_type", "gift_wrapping_options_list"}
    assert "description" not in harness.ask("GET", f"{PRODUCTS}?exclude_fields=description")[0]


def test_product_with_variants_lists_skus_prices_and_options(harness: StoreHarness) -> None:
    (product,) = harness.act("seed_products", [SHIRT])["ids"]
    read = harness.ask("GET", f"{PRODUCTS}/{product}?include=variants,options")
    assert [(row["sku"], row["price"], row["calculated_price"]) for row in read["variants"]] == [
        ("SHIRT-S", None, 20.0),
        ("SHIRT-M", 22.0, 22.0),
    ]
    assert "base_variant_id" not in read
    (size,) = read["options"]
    assert [row["label"] for row in size["option_values"]] == ["S", "M"]
    assert read["variants"][1]["option_values"][0]["id"] == size["option_values"][1]["id"]


def test_adding_options_creates_variants(harness: StoreHarness) -> None:
    (product,) = harness.seed("MUG", tracking="variant")
    path = f"{PRODUCTS}/{product}"
    option = harness.ask(
        "POST", f"{path}/options", {"display_name": "Colour", "type": "dropdown", "option_values": VALUES}
    )
    values = f"{path}/options/{option['id']}/values"
    red = harness.ask("POST", values, {"label": "Red", "sort_order": 0})
    body = {"sku": "MUG-RED", "option_values": [{"id": red["id"], "option_id": option["id"]}]}
    created = harness.ask("POST", f"{path}/variants", body)
    assert [row["sku"] for row in harness.ask("GET", f"{path}/variants")] == ["MUG-RED"]
    assert created["option_values"][0]["label"] == "Red"
    assert harness.refused("POST", PRODUCTS, {**TEA, "sku": "mug"})[0] == 409
    unknown = {"sku": "MUG-BLUE", "option_values": [{"id": 1, "option_id": 1}]}
    assert harness.refused("POST", f"{path}/variants", unknown)[0] == 422
    assert harness.call("DELETE", f"{path}/variants/{created['id']}").status == 204
    assert [row["sku"] for row in harness.ask("GET", f"{path}/variants")] == ["MUG"]


def test_variant_batches_hold_fifty_and_report_each_error(harness: StoreHarness) -> None:
    (product,) = harness.act("seed_products", [SHIRT])["ids"]
    small, medium = (row["id"] for row in harness.ask("GET", f"{PRODUCTS}/{product}/variants"))
    assert harness.refused("PUT", "/v3/catalog/variants", [{"id": small}] * 51)[0] == 413
    rows = [{"id": small, "price": 19}, {"id": 4711, "price": 1}, {"id": medium, "cost_price": 3}]
    answer = harness.call("PUT", "/v3/catalog/variants", rows)
    assert answer.status == 422
    assert [error["title"] for error in answer.body["batch_errors"]] == ["Variant 4711 was not found"]
    assert harness.ask("GET", f"{PRODUCTS}/{product}/variants/{small}")["price"] is None
    assert [row["id"] for row in harness.ask("PUT", "/v3/catalog/variants", [rows[0], rows[2]])] == [small, medium]
    assert harness.ask("GET", f"{PRODUCTS}/{product}/variants/{small}")["price"] == 19


def test_a_variant_inherits_the_products_price_again(harness: StoreHarness) -> None:
    (product,) = harness.act("seed_products", [SHIRT])["ids"]
    medium = harness.ask("GET", f"{PRODUCTS}/{product}/variants")[1]
    changed = harness.ask("PUT", f"{PRODUCTS}/{product}/variants/{medium['id']}", {"price": None, "sku": "SHIRT-L"})
    assert (changed["price"], changed["calculated_price"]) == (None, 20.0)
    assert harness.refused("PUT", f"{PRODUCTS}/{product}/variants/{medium['id']}", {"sku": "shirt-s"})[0] == 409
    assert harness.store.variant_by_sku("shirt-m") is None


def test_variants_are_listed_fifty_per_page(harness: StoreHarness) -> None:
    harness.seed(*(f"P{number}" for number in range(60)))
    assert len(harness.ask("GET", "/v3/catalog/variants")) == 50
    assert len(harness.ask("GET", "/v3/catalog/variants?limit=60")) == 60


def test_images_are_created_one_by_one_from_absolute_urls(harness: StoreHarness) -> None:
    (product,) = harness.seed("TEA")
    path = f"{PRODUCTS}/{product}/images"
    assert harness.refused("POST", path, {"image_url": "/pictures/tea.jpg"})[0] == 422
    first = harness.ask("POST", path, {"image_url": "https://pictures.example.com/1.jpg"})
    second = harness.ask("POST", path, {"image_url": "https://pictures.example.com/2.jpg", "is_thumbnail": True})
    assert [row["is_thumbnail"] for row in harness.ask("GET", path)] == [False, True]
    primary = harness.ask("GET", f"{PRODUCTS}/{product}?include=images,primary_image")["primary_image"]
    assert primary["id"] == second["id"]
    assert harness.call("DELETE", f"{path}/{first['id']}").status == 204
    harness.act("break_images", {"product_id": product})
    assert harness.ask("GET", path)[0]["url_standard"] == ""


def test_custom_fields_and_metafields_belong_to_a_product(harness: StoreHarness) -> None:
    (product,) = harness.seed("TEA")
    path = f"{PRODUCTS}/{product}"
    field = harness.ask("POST", f"{path}/custom-fields", {"name": "Origin", "value": "Assam"})
    harness.ask("PUT", path, {"custom_fields": [{"id": field["id"], "name": "Origin", "value": "Ceylon"}]})
    assert [row["value"] for row in harness.ask("GET", f"{path}/custom-fields")] == ["Ceylon"]
    meta = {"permission_set": "app_only", "namespace": "erp", "key": "id", "value": "42"}
    metafield = harness.ask("POST", f"{path}/metafields", meta)
    assert harness.refused("POST", f"{path}/metafields", meta)[0] == 409
    harness.ask("PUT", f"{path}/metafields/{metafield['id']}", {**meta, "value": "43"})
    assert [row["value"] for row in harness.ask("GET", f"{path}/metafields?namespace=erp")] == ["43"]
    variant = harness.ask("GET", f"{path}/variants")[0]["id"]
    variant_metafield = harness.ask("POST", f"{path}/variants/{variant}/metafields", meta)
    assert (variant_metafield["resource_type"], variant_metafield["resource_id"]) == ("variant", variant)


def test_product_without_channel_assignment_is_not_listed_there(harness: StoreHarness) -> None:
    tea, cup = harness.seed("TEA", "CUP")
    path = f"{PRODUCTS}/channel-assignments"
    assert len(harness.ask("GET", path)) == 2
    assert harness.call("DELETE", f"{path}?product_id:in={tea}").status == 204
    assert [row["product_id"] for row in harness.ask("GET", path)] == [cup]
    assert skus(harness, "channel_id:in=1") == ["CUP"]
    assert harness.call("PUT", path, [{"product_id": tea, "channel_id": 1}]).status == 204
    assert skus(harness, "channel_id:in=1") == ["TEA", "CUP"]


def test_staff_edits_leave_duplicate_and_blank_skus(harness: StoreHarness) -> None:
    (tea,) = harness.seed("TEA", inventory_level=4)
    copy = harness.act("duplicate_product", {"product_id": tea})["id"]
    assert harness.ask("GET", f"{PRODUCTS}/{copy}")["sku"] == "TEA-COPY"
    double = harness.act("duplicate_sku", {"sku": "TEA"})["id"]
    assert [row["id"] for row in harness.ask("GET", f"{PRODUCTS}?sku=TEA")] == [tea, double]
    harness.act("hide_product", {"product_id": copy})
    assert skus(harness, "is_visible=false") == ["TEA-COPY"]
    harness.act("blank_sku", {"sku": "TEA-COPY"})
    assert harness.ask("GET", f"{PRODUCTS}/{copy}")["sku"] == ""


def test_brand_name_creates_the_brand_only_once(harness: StoreHarness) -> None:
    first = harness.ask("POST", PRODUCTS, {**TEA, "brand_name": "Leaf"})
    second = harness.ask("POST", PRODUCTS, {**TEA, "name": "Cup", "sku": "CUP", "brand_name": "LEAF"})
    assert first["brand_id"] == second["brand_id"] != 0
    assert "brand_name" not in first


def test_product_writes_send_webhooks_except_for_a_changed_gtin(harness: StoreHarness) -> None:
    (product,) = harness.seed("TEA", inventory_level=1)
    harness.subscribe("store/product/*", "store/sku/*")
    harness.ask("PUT", f"{PRODUCTS}/{product}", {"gtin": "4006381333931"})
    assert harness.received_events() == []
    harness.ask("PUT", f"{PRODUCTS}/{product}", {"price": 9})
    assert harness.received_events() == [("store/product/updated", {"type": "product", "id": product})]
    variant = harness.ask("GET", f"{PRODUCTS}/{product}/variants")[0]["id"]
    harness.ask("PUT", "/v3/catalog/variants", [{"id": variant, "price": 8}])
    (sku, _) = harness.received_events()
    assert sku[0] == "store/sku/updated"
    assert sku[1]["sku"] == {"product_id": product, "variant_id": variant}
    assert sku[1]["id"] != variant


def test_catalogue_summary_has_counts_and_values(harness: StoreHarness) -> None:
    harness.seed("TEA", "CUP", inventory_level=2)
    data = harness.ask("GET", "/v3/catalog/summary")
    assert (data["variant_count"], data["inventory_count"], data["inventory_value"]) == (2, 4, 18.0)


def test_the_catalogue_survives_a_restart(harness: StoreHarness) -> None:
    harness.act("seed_products", [SHIRT])
    harness.ask("POST", "/v3/catalog/categories", {"name": "Clothes", "parent_id": 0})
    harness.ask("POST", f"{PRODUCTS}/77/images", {"image_url": "https://pictures.example.com/1.jpg"})
    restarted = StoreHarness()
    restarted.twin.restore(harness.saved())
    for path in (f"{PRODUCTS}?include=variants,images,options", "/v3/catalog/categories"):
        assert restarted.ask("GET", path) == harness.ask("GET", path)
    assert restarted.refused("POST", PRODUCTS, {**TEA, "sku": "shirt"})[0] == 409


def test_a_page_of_a_large_catalogue_is_quick(harness: StoreHarness) -> None:
    harness.act(
        "seed_products", [{"sku": f"W{number}", "name": f"N{number}", "price": "1"} for number in range(24_000)]
    )
    started = harness.cpu_seconds()
    page = harness.ask("GET", f"{PRODUCTS}?include=variants&limit=250&id:greater=20000&sort=id")
    assert (len(page), page[0]["id"]) == (250, 20_001)
    assert harness.cpu_seconds() - started < 1.0
