"""After the first round: what changes in the books changes at the shop, and nothing else does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, catalogue_rig, mug, shirts
from weighbridge.persistence.repositories.transfers import State

REVIEW_ALWAYS = 'review = "always"\n'
PRICE_LISTS = """
[connections.main.design.catalogue.price_lists]
"Tier 2" = { price_list = "Wholesale", customer_group = "Trade" }
"""
LENIENT = 'sku_match = "ignore_case_and_space"\n'


def at_shop(sku: str, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "name": f"Shop {sku}", "price": "5.00", "tax_class_id": 0, "inventory_level": 9} | more


def test_a_price_travels_and_what_the_shop_made_its_own_stays(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug())
        trial.travel()
        trial.edit("MUG", name="The famous mug", description="Ours", warranty="Two years")
        trial.stock_up(mug(name="Mug, large", tier_price="13.75"))
        before = len(trial.shop_writes())
        assert trial.sync().state is State.POSTED
        product = trial.products()["MUG"]
        assert (product["price"], product["name"]) == (Decimal("13.75"), "The famous mug")
        assert (product["description"], product["warranty"]) == ("Ours", "Two years")
        assert trial.shop_writes()[before:] == ["PUT catalog/products"]


def test_an_edit_of_what_cin7_owns_is_shown_and_overwritten(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug())
        trial.travel()
        trial.edit("MUG", price=Decimal("9.99"))
        proposal = trial.sync(dry=True)
        assert proposal.content["notes"] == {"shop_edit_overwritten": 1}
        ((line,),) = [one.lines for one in trial.proposed()]
        assert (line.field, line.before, line.after, line.overwrites) == ("price", "9.99", "12.5", True)
        trial.sync()
        assert trial.products()["MUG"]["price"] == Decimal("12.50")


def test_a_deprecated_product_is_hidden_and_never_deleted(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug(), mug(sku="CUP", name="Cup", status="Deprecated"))
        trial.travel()
        assert list(trial.products()) == ["MUG"], "what is out of sale is not made"
        trial.stock_up(mug(status="Deprecated"))
        assert trial.sync(dry=True).content["hide"] == 1
        trial.sync()
        assert trial.products()["MUG"]["is_visible"] is False
        trial.stock_up(mug())
        trial.sync()
        assert trial.products()["MUG"]["is_visible"] is True


def test_variants_are_changed_added_and_barred_from_purchase(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        family = shirts()
        trial.stock_up(*family["products"], families=family["families"])
        trial.travel()
        product = trial.products()["SHIRT"]
        extra = {"sku": "SHIRT-XL", "name": "Shirt XL", "tier_price": "24.00"}
        changed = {"sku": "SHIRT-S", "name": "Shirt S", "tier_price": "21.00"}
        gone = {"sku": "SHIRT-M", "name": "Shirt M", "tier_price": "20.00", "sellable": False}
        bigger = family["families"][0] | {"members": family["families"][0]["members"] | {"SHIRT-XL": ["XL"]}}
        trial.stock_up(extra, changed, gone, families=[bigger])
        assert trial.sync().state is State.POSTED
        after = trial.products()["SHIRT"]
        assert after["id"] == product["id"]
        assert after["_variants"]["SHIRT-S"]["price"] == 21
        assert after["_variants"]["SHIRT-M"]["purchasing_disabled"] is True
        assert after["_variants"]["SHIRT-XL"]["price"] == 24
        assert after["_variants"]["SHIRT-XL"]["options"][0]["label"] == "XL"
        before = trial.shop_writes()
        trial.sync()
        assert trial.shop_writes() == before


def test_an_existing_shop_is_matched_and_nothing_is_made_twice(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.twins.act("bigcommerce", "seed_products", [at_shop("MUG"), at_shop("tea"), at_shop("VASE-1")])
        trial.stock_up(mug(), mug(sku="TEA", name="Tea"), mug(sku="VASE 1", name="Vase"))
        trial.travel()
        assert trial.products()["MUG"]["price"] == Decimal("12.50")
        assert trial.products()["MUG"]["name"] == "Shop MUG"
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 9, "tea": 9, "VASE-1": 9}
        assert sorted(trial.held().values()) == ["sku_differs_in_form", "sku_nearly_matches", "sku_unknown"]


def test_the_shops_sku_is_rewritten_where_the_design_ignores_case(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design=LENIENT) as trial:
        trial.twins.act("bigcommerce", "seed_products", [at_shop(" tea")])
        trial.stock_up(mug(sku="TEA", name="Tea"))
        trial.travel()
        assert list(trial.products()) == ["TEA"]
        assert trial.held() == {}


def test_what_is_put_right_is_closed_by_the_next_round(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.twins.act("bigcommerce", "seed_products", [at_shop("mug")])
        trial.stock_up(mug())
        trial.sync()
        assert list(trial.held().values()) == ["sku_differs_in_form"]
        trial.twins.run(lambda: trial.twins.bigcommerce.shop.products.clear())
        trial.twins.run(lambda: trial.twins.bigcommerce.shop.sku_index.clear())
        trial.travel()
        assert trial.held() == {}


def test_a_product_that_was_deleted_at_the_shop_is_not_made_again(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug())
        trial.travel()
        trial.twins.act("bigcommerce", "delete_product", {"product_id": trial.products()["MUG"]["id"]})
        trial.sync()
        assert (trial.products(), list(trial.held().values())) == ({}, ["listing_gone"])


def test_pictures_come_and_go_with_the_books_and_the_shops_own_stay(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design=CIN7_MASTERS_ALL) as trial:
        trial.stock_up(mug())
        trial.travel()
        own = {"image_url": "https://files.example.com/own.jpg", "description": "own"}
        trial.twins.run(lambda: _add_image(trial, own))
        trial.twins.run(lambda: trial.twins.cin7.company.attachments.clear())
        trial.stock_up(mug(pictures=["front.jpg"]))
        trial.sync()
        images = trial.products()["MUG"]["_images"]
        assert [one["description"] for one in images] == ["own", "front.jpg"]


def _add_image(trial: Any, own: dict[str, str]) -> None:
    product = next(iter(trial.twins.bigcommerce.shop.products.values()))
    product.fields["_images"].append({**own, "id": 9999, "is_thumbnail": False})


def test_a_review_of_every_round_waits_each_time_for_what_is_new(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design=REVIEW_ALWAYS) as trial:
        trial.stock_up(mug())
        trial.travel()
        trial.stock_up(mug(tier_price="14.00"))
        assert trial.sync().reason_kind == "catalogue_not_accepted"
        assert trial.products()["MUG"]["price"] == Decimal("12.50")
        assert trial.sync(accept=True).state is State.POSTED
        assert trial.products()["MUG"]["price"] == 14


def test_what_changed_after_it_was_accepted_waits_again(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug(), mug(sku="CUP", name="Cup"))
        trial.sync(dry=True)
        trial.stock_up(mug(tier_price="99.00"))
        held = trial.sync(accept=True)
        assert (held.state, held.reason_kind) == (State.HELD, "catalogue_not_accepted")
        assert list(trial.products()) == ["CUP"]


def test_a_price_tier_fills_a_price_list_for_its_group(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design=PRICE_LISTS) as trial:
        trial.twins.run(lambda: trial.twins.bigcommerce.shop.groups.update({4: {"id": 4, "name": "Trade"}}))
        family = shirts()
        goods = [one | {"tier_prices": {"2": "15.00"}} for one in family["products"]]
        trial.stock_up(mug(tier_prices={"2": "10.00"}), *goods, families=family["families"])
        trial.travel()
        ((records),) = trial.twins.run(lambda: list(trial.twins.bigcommerce.shop.price_lists.values()))
        assert {row["sku"]: row["price"] for row in records} == {
            "MUG": 10, "SHIRT-S": 15, "SHIRT-M": 15, "SHIRT-L": 15,
        }  # fmt: skip
        assigned = trial.twins.run(lambda: trial.twins.bigcommerce.shop.settings["price_list_assignments"])
        assert [(one["price_list_id"], one["customer_group_id"]) for one in assigned] == [(1, 4)]
        before = trial.shop_writes()
        trial.sync()
        assert trial.shop_writes() == before
        trial.stock_up(mug(tier_prices={"2": "0"}))
        trial.sync()
        assert "MUG" not in {row["sku"] for row in trial.twins.run(lambda: trial.twins.bigcommerce.shop.price_lists[1])}


def test_an_unknown_customer_group_is_named(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design=PRICE_LISTS) as trial:
        trial.stock_up(mug(tier_prices={"2": "10.00"}))
        trial.travel()
        assert trial.held() == {"price list Wholesale": "customer_group_unknown"}


def test_prices_are_not_compared_across_tax_terms(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        trial.stock_up(mug())
        trial.twins.run(lambda: trial.twins.bigcommerce.shop.settings.update(prices_include_tax=True))
        held = trial.sync(dry=True)
        assert (held.state, held.reason_kind, held.owner) == (State.HELD, "price_terms_differ", "finance")


def test_a_price_tier_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design='price_tier = "Retail"\n') as trial:
        held = trial.sync(dry=True)
        assert held.reason_kind == "price_tier_unknown"
        assert "Tier 1" in held.reason


def test_stock_is_right_again_after_catalogue_and_stock_were_written_at_once(tmp_path: Path) -> None:
    """Bulk writes that overlap may leave wrong stock at the shop; it is read back and told again."""
    with catalogue_rig(tmp_path, bigcommerce_switches={"bulk_overlap": "wrong_result"}) as trial:
        trial.stock_up(mug(), stock=[{"sku": "MUG", "on_hand": 7}])
        trial.travel()
        trial.push_stock()
        trial.stock_up(mug(tier_price="13.00"), stock=[{"sku": "MUG", "on_hand": 5}])
        trial.push_stock()
        trial.sync()
        for _ in range(3):
            trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 5}
        assert trial.products()["MUG"]["price"] == 13
