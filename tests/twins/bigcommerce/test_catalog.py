"""Products and what belongs to them: made, read, changed in batches, refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.twins.bigcommerce.counter import SPECS, Counter

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


def skus(shop: Counter, query: str) -> list[str]:
    return [row["sku"] for row in shop.ask("GET", f"{PRODUCTS}?{query}")]


def test_the_vendors_documents_are_at_hand() -> None:
    if not SPECS.exists():
        pytest.skip("shared documents are not here")
    counter = Counter()
    counter.call("GET", f"{PRODUCTS}?no_such_filter=1")
    assert counter.violations == [
        "[products_catalog.v3 GET /catalog/products] query no_such_filter: not in the specification"
    ]


def test_a_product_is_made_read_changed_and_deleted(shop: Counter) -> None:
    made = shop.ask("POST", PRODUCTS, TEA)
    path = f"{PRODUCTS}/{made['id']}"
    shop.ask("PUT", path, {"price": 5.25, "is_visible": False, "inventory_tracking": "product", "inventory_level": 7})
    read = shop.ask("GET", f"{path}?include=variants")
    assert (read["price"], read["calculated_price"], read["is_visible"], read["inventory_level"]) == (
        5.25,
        5.25,
        False,
        7,
    )
    assert read["variants"][0]["id"] == read["base_variant_id"]
    assert shop.call("DELETE", path).status == 204
    assert shop.refused("GET", path)[0] == 404


def test_a_product_needs_name_type_weight_and_price() -> None:
    answer = Counter().call("POST", PRODUCTS, {"sku": "X"})
    assert answer.status == 422
    assert set(answer.body["errors"]) == {"name", "type", "weight", "price"}


def test_names_and_skus_are_unique_whatever_their_case(shop: Counter) -> None:
    shop.ask("POST", PRODUCTS, TEA)
    shop.act("seed_products", [SHIRT])
    assert shop.refused("POST", PRODUCTS, {**TEA, "name": "Other", "sku": "tea"})[0] == 409
    assert shop.refused("POST", PRODUCTS, {**TEA, "name": "TEA", "sku": "OTHER"})[0] == 409
    assert shop.refused("POST", PRODUCTS, {**TEA, "name": "Other", "sku": "shirt-m"})[0] == 409
    assert shop.refused("POST", PRODUCTS, {**TEA, "name": "Other", "sku": "shirt"})[0] == 409


def test_a_renamed_product_frees_its_name_and_sku(shop: Counter) -> None:
    made = shop.ask("POST", PRODUCTS, TEA)
    shop.ask("PUT", f"{PRODUCTS}/{made['id']}", {"name": "Green tea", "sku": "GREEN"})
    again = shop.ask("POST", PRODUCTS, TEA)
    assert shop.refused("PUT", f"{PRODUCTS}/{again['id']}", {"sku": "green"})[0] == 409
    assert skus(shop, "sku=green") == ["GREEN"]


def test_a_batch_holds_ten_and_is_written_whole_or_not_at_all(shop: Counter) -> None:
    ids = shop.seed(*(f"P{number}" for number in range(11)))
    assert shop.refused("PUT", PRODUCTS, [{"id": one, "weight": 2} for one in ids])[0] == 413
    assert shop.refused("PUT", PRODUCTS, [{"id": ids[0], "weight": 2}, {"id": ids[1], "sku": "P2"}])[0] == 409
    assert shop.refused("PUT", PRODUCTS, [{"id": ids[0], "weight": 2}, {"id": 4711, "weight": 2}])[0] == 404
    assert shop.ask("GET", f"{PRODUCTS}/{ids[0]}")["weight"] == 0
    assert [row["weight"] for row in shop.ask("PUT", PRODUCTS, [{"id": one, "weight": 2} for one in ids[:10]])] == [
        2
    ] * 10


def test_a_saved_product_whose_stock_was_not_saved_is_a_207(shop: Counter) -> None:
    (product,) = shop.seed("TEA", inventory_level=5)
    shop.shop.switches["catalog_stock_write"] = "fails"
    answer = shop.call("PUT", PRODUCTS, [{"id": product, "price": 9, "inventory_level": 8}])
    assert answer.status == 207
    assert answer.body["errors"]["errors"] == {"0.inventory_level": "The stock was not updated"}
    assert (answer.body["data"][0]["price"], answer.body["data"][0]["inventory_level"]) == (9, 5)


def test_deleting_many_wants_a_filter(shop: Counter) -> None:
    ids = shop.seed("TEA", "CUP", "POT")
    assert shop.refused("DELETE", PRODUCTS)[0] == 422
    assert shop.call("DELETE", f"{PRODUCTS}?id:in={ids[0]},{ids[2]}").status == 204
    assert skus(shop, "limit=250") == ["CUP"]


def test_filters_choose_products(shop: Counter) -> None:
    tea, cup, pot = shop.seed("TEA", "CUP", "POT", inventory_level=3)
    shop.ask(
        "PUT", f"{PRODUCTS}/{cup}", {"price": 9, "inventory_level": 0, "is_visible": False, "upc": "4006381333931"}
    )
    assert skus(shop, f"id:in={tea},{pot}") == ["TEA", "POT"]
    assert skus(shop, f"id:greater={tea}") == ["CUP", "POT"]
    assert skus(shop, f"id:not_in={tea}&id:less={pot}") == ["CUP"]
    assert skus(shop, "sku:in=cup,POT") == ["CUP", "POT"]
    assert skus(shop, "name=product%20tea") == ["TEA"]
    assert skus(shop, "inventory_level:min=1") == ["TEA", "POT"]
    assert skus(shop, "out_of_stock=1") == ["CUP"]
    assert skus(shop, "is_visible=false") == ["CUP"]
    assert skus(shop, "upc=4006381333931") == ["CUP"]
    assert skus(shop, "keyword=po") == ["POT"]
    assert skus(shop, "sort=price&direction=desc&limit=1") == ["CUP"]


def test_the_sku_filter_knows_only_the_products_own_sku(shop: Counter) -> None:
    shop.act("seed_products", [SHIRT])
    assert skus(shop, "sku=SHIRT") == ["SHIRT"]
    assert skus(shop, "sku=SHIRT-S") == []
    assert [row["sku"] for row in shop.ask("GET", "/v3/catalog/variants?sku=shirt-s")] == ["SHIRT-S"]


def test_one_category_hides_what_stands_in_two(shop: Counter) -> None:
    tea, cup = shop.seed("TEA", "CUP")
    first, second = (shop.ask("POST", "/v3/catalog/categories", {"name": name, "parent_id": 0})["id"] for name in "AB")
    shop.call("PUT", f"{PRODUCTS}/{tea}", {"categories": [first]})
    shop.call("PUT", f"{PRODUCTS}/{cup}", {"categories": [first, second]})
    assert skus(shop, f"categories={first}") == ["TEA"]
    assert skus(shop, f"categories:in={first}") == ["TEA", "CUP"]
    assert shop.call("DELETE", f"/v3/catalog/categories/{first}").status == 204
    assert shop.ask("GET", f"{PRODUCTS}/{tea}")["categories"] == []


def test_a_date_without_a_time_skips_the_morning(shop: Counter) -> None:
    shop.seed("TEA")
    shop.pass_seconds(timedelta(hours=4).total_seconds())
    shop.seed("CUP")
    assert skus(shop, "date_modified:min=2026-01-05") == ["CUP"]
    assert skus(shop, "date_modified:min=2026-01-05T00:00:00Z") == ["TEA", "CUP"]


def test_a_filter_that_is_not_documented_is_ignored_or_rejected() -> None:
    counter = Counter()
    counter.seed("TEA")
    assert [row["sku"] for row in counter.ask("GET", "/v3/catalog/variants?sku:in=CUP")] == ["TEA"]
    counter.shop.switches["unknown_filters"] = "rejected"
    assert counter.refused("GET", "/v3/catalog/variants?sku:in=CUP")[0] == 422
    assert counter.refused("GET", f"{PRODUCTS}?colour=red")[0] == 422


def test_options_shrink_the_page_to_ten(shop: Counter) -> None:
    shop.seed(*(f"P{number}" for number in range(12)))
    assert len(shop.ask("GET", f"{PRODUCTS}?limit=250")) == 12
    assert len(shop.ask("GET", f"{PRODUCTS}?limit=250&include=options")) == 10
    assert len(shop.ask("GET", f"{PRODUCTS}?limit=250&include=modifiers,variants&page=2")) == 2


def test_chosen_fields_come_with_the_gift_wrapping_nobody_asked_for(shop: Counter) -> None:
    shop.seed("TEA")
    (row,) = shop.ask("GET", f"{PRODUCTS}?include_fields=sku")
    assert set(row) == {"id", "sku", "gift_wrapping_options_type", "gift_wrapping_options_list"}
    assert "description" not in shop.ask("GET", f"{PRODUCTS}?exclude_fields=description")[0]


def test_a_product_with_variants_lists_their_skus_prices_and_options(shop: Counter) -> None:
    (product,) = shop.act("seed_products", [SHIRT])["ids"]
    read = shop.ask("GET", f"{PRODUCTS}/{product}?include=variants,options")
    assert [(one["sku"], one["price"], one["calculated_price"]) for one in read["variants"]] == [
        ("SHIRT-S", None, 20.0),
        ("SHIRT-M", 22.0, 22.0),
    ]
    assert "base_variant_id" not in read
    (size,) = read["options"]
    assert [one["label"] for one in size["option_values"]] == ["S", "M"]
    assert read["variants"][1]["option_values"][0]["id"] == size["option_values"][1]["id"]


def test_a_product_grows_variants_through_its_options(shop: Counter) -> None:
    (product,) = shop.seed("MUG", tracking="variant")
    path = f"{PRODUCTS}/{product}"
    option = shop.ask(
        "POST", f"{path}/options", {"display_name": "Colour", "type": "dropdown", "option_values": VALUES}
    )
    values = f"{path}/options/{option['id']}/values"
    red = shop.ask("POST", values, {"label": "Red", "sort_order": 0})
    body = {"sku": "MUG-RED", "option_values": [{"id": red["id"], "option_id": option["id"]}]}
    made = shop.ask("POST", f"{path}/variants", body)
    assert [one["sku"] for one in shop.ask("GET", f"{path}/variants")] == ["MUG-RED"]
    assert made["option_values"][0]["label"] == "Red"
    assert shop.refused("POST", PRODUCTS, {**TEA, "sku": "mug"})[0] == 409
    unknown = {"sku": "MUG-BLUE", "option_values": [{"id": 1, "option_id": 1}]}
    assert shop.refused("POST", f"{path}/variants", unknown)[0] == 422
    assert shop.call("DELETE", f"{path}/variants/{made['id']}").status == 204
    assert [one["sku"] for one in shop.ask("GET", f"{path}/variants")] == ["MUG"]


def test_variants_change_in_batches_of_fifty_and_tell_each_fault(shop: Counter) -> None:
    (product,) = shop.act("seed_products", [SHIRT])["ids"]
    small, medium = (one["id"] for one in shop.ask("GET", f"{PRODUCTS}/{product}/variants"))
    assert shop.refused("PUT", "/v3/catalog/variants", [{"id": small}] * 51)[0] == 413
    rows = [{"id": small, "price": 19}, {"id": 4711, "price": 1}, {"id": medium, "cost_price": 3}]
    answer = shop.call("PUT", "/v3/catalog/variants", rows)
    assert answer.status == 422
    assert [error["title"] for error in answer.body["batch_errors"]] == ["Variant 4711 was not found"]
    assert shop.ask("GET", f"{PRODUCTS}/{product}/variants/{small}")["price"] is None
    assert [one["id"] for one in shop.ask("PUT", "/v3/catalog/variants", [rows[0], rows[2]])] == [small, medium]
    assert shop.ask("GET", f"{PRODUCTS}/{product}/variants/{small}")["price"] == 19


def test_a_variants_price_goes_back_to_the_products(shop: Counter) -> None:
    (product,) = shop.act("seed_products", [SHIRT])["ids"]
    medium = shop.ask("GET", f"{PRODUCTS}/{product}/variants")[1]
    changed = shop.ask("PUT", f"{PRODUCTS}/{product}/variants/{medium['id']}", {"price": None, "sku": "SHIRT-L"})
    assert (changed["price"], changed["calculated_price"]) == (None, 20.0)
    assert shop.refused("PUT", f"{PRODUCTS}/{product}/variants/{medium['id']}", {"sku": "shirt-s"})[0] == 409
    assert shop.shop.variant_by_sku("shirt-m") is None


def test_variants_come_fifty_at_a_time(shop: Counter) -> None:
    shop.seed(*(f"P{number}" for number in range(60)))
    assert len(shop.ask("GET", "/v3/catalog/variants")) == 50
    assert len(shop.ask("GET", "/v3/catalog/variants?limit=60")) == 60


def test_images_come_one_by_one_from_absolute_addresses(shop: Counter) -> None:
    (product,) = shop.seed("TEA")
    path = f"{PRODUCTS}/{product}/images"
    assert shop.refused("POST", path, {"image_url": "/pictures/tea.jpg"})[0] == 422
    first = shop.ask("POST", path, {"image_url": "https://pictures.example.com/1.jpg"})
    second = shop.ask("POST", path, {"image_url": "https://pictures.example.com/2.jpg", "is_thumbnail": True})
    assert [one["is_thumbnail"] for one in shop.ask("GET", path)] == [False, True]
    primary = shop.ask("GET", f"{PRODUCTS}/{product}?include=images,primary_image")["primary_image"]
    assert primary["id"] == second["id"]
    assert shop.call("DELETE", f"{path}/{first['id']}").status == 204
    shop.act("break_images", {"product_id": product})
    assert shop.ask("GET", path)[0]["url_standard"] == ""


def test_custom_fields_and_metafields_belong_to_a_product(shop: Counter) -> None:
    (product,) = shop.seed("TEA")
    path = f"{PRODUCTS}/{product}"
    field = shop.ask("POST", f"{path}/custom-fields", {"name": "Origin", "value": "Assam"})
    shop.ask("PUT", path, {"custom_fields": [{"id": field["id"], "name": "Origin", "value": "Ceylon"}]})
    assert [one["value"] for one in shop.ask("GET", f"{path}/custom-fields")] == ["Ceylon"]
    meta = {"permission_set": "app_only", "namespace": "erp", "key": "id", "value": "42"}
    made = shop.ask("POST", f"{path}/metafields", meta)
    assert shop.refused("POST", f"{path}/metafields", meta)[0] == 409
    shop.ask("PUT", f"{path}/metafields/{made['id']}", {**meta, "value": "43"})
    assert [one["value"] for one in shop.ask("GET", f"{path}/metafields?namespace=erp")] == ["43"]
    variant = shop.ask("GET", f"{path}/variants")[0]["id"]
    own = shop.ask("POST", f"{path}/variants/{variant}/metafields", meta)
    assert (own["resource_type"], own["resource_id"]) == ("variant", variant)


def test_a_product_without_its_channel_is_not_on_it(shop: Counter) -> None:
    tea, cup = shop.seed("TEA", "CUP")
    path = f"{PRODUCTS}/channel-assignments"
    assert len(shop.ask("GET", path)) == 2
    assert shop.call("DELETE", f"{path}?product_id:in={tea}").status == 204
    assert [one["product_id"] for one in shop.ask("GET", path)] == [cup]
    assert skus(shop, "channel_id:in=1") == ["CUP"]
    assert shop.call("PUT", path, [{"product_id": tea, "channel_id": 1}]).status == 204
    assert skus(shop, "channel_id:in=1") == ["TEA", "CUP"]


def test_people_leave_doubles_and_blanks_behind(shop: Counter) -> None:
    (tea,) = shop.seed("TEA", inventory_level=4)
    copy = shop.act("duplicate_product", {"product_id": tea})["id"]
    assert shop.ask("GET", f"{PRODUCTS}/{copy}")["sku"] == "TEA-COPY"
    double = shop.act("duplicate_sku", {"sku": "TEA"})["id"]
    assert [row["id"] for row in shop.ask("GET", f"{PRODUCTS}?sku=TEA")] == [tea, double]
    shop.act("hide_product", {"product_id": copy})
    assert skus(shop, "is_visible=false") == ["TEA-COPY"]
    shop.act("blank_sku", {"sku": "TEA-COPY"})
    assert shop.ask("GET", f"{PRODUCTS}/{copy}")["sku"] == ""


def test_a_brand_is_made_by_its_name_once(shop: Counter) -> None:
    first = shop.ask("POST", PRODUCTS, {**TEA, "brand_name": "Leaf"})
    second = shop.ask("POST", PRODUCTS, {**TEA, "name": "Cup", "sku": "CUP", "brand_name": "LEAF"})
    assert first["brand_id"] == second["brand_id"] != 0
    assert "brand_name" not in first


def test_writes_fire_hooks_but_not_for_a_changed_gtin(shop: Counter) -> None:
    (product,) = shop.seed("TEA", inventory_level=1)
    shop.subscribe("store/product/*", "store/sku/*")
    shop.ask("PUT", f"{PRODUCTS}/{product}", {"gtin": "4006381333931"})
    assert shop.heard() == []
    shop.ask("PUT", f"{PRODUCTS}/{product}", {"price": 9})
    assert shop.heard() == [("store/product/updated", {"type": "product", "id": product})]
    variant = shop.ask("GET", f"{PRODUCTS}/{product}/variants")[0]["id"]
    shop.ask("PUT", "/v3/catalog/variants", [{"id": variant, "price": 8}])
    (sku, _) = shop.heard()
    assert sku[0] == "store/sku/updated"
    assert sku[1]["sku"] == {"product_id": product, "variant_id": variant}
    assert sku[1]["id"] != variant


def test_the_catalogue_sums_up(shop: Counter) -> None:
    shop.seed("TEA", "CUP", inventory_level=2)
    data = shop.ask("GET", "/v3/catalog/summary")
    assert (data["variant_count"], data["inventory_count"], data["inventory_value"]) == (2, 4, 18.0)


def test_the_catalogue_survives_a_restart(shop: Counter) -> None:
    shop.act("seed_products", [SHIRT])
    shop.ask("POST", "/v3/catalog/categories", {"name": "Clothes", "parent_id": 0})
    shop.ask("POST", f"{PRODUCTS}/77/images", {"image_url": "https://pictures.example.com/1.jpg"})
    other = Counter()
    other.twin.restore(shop.saved())
    for path in (f"{PRODUCTS}?include=variants,images,options", "/v3/catalog/categories"):
        assert other.ask("GET", path) == shop.ask("GET", path)
    assert other.refused("POST", PRODUCTS, {**TEA, "sku": "shirt"})[0] == 409


def test_a_page_of_a_large_catalogue_is_quick(shop: Counter) -> None:
    shop.act("seed_products", [{"sku": f"W{number}", "name": f"N{number}", "price": "1"} for number in range(24_000)])
    started = shop.cpu_seconds()
    page = shop.ask("GET", f"{PRODUCTS}?include=variants&limit=250&id:greater=20000&sort=id")
    assert (len(page), page[0]["id"]) == (250, 20_001)
    assert shop.cpu_seconds() - started < 1.0
