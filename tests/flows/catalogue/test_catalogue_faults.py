"""Lost answers, refusals and crashes: every listing stands at the shop once, and one bad product stops no other."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, CatalogueRig, catalogue_rig, mug, shirts
from weighbridge.persistence.repositories.transfers import State

FAULTS: dict[str, dict[str, Any]] = {
    "drop_after": {},
    "drop_before": {},
    "error_after": {"status": 500},
    "error_before": {"status": 502},
    "throttle": {"style": "headers"},
    "html_200": {"commit": True},
    "malformed_json": {},
}
PRICE_LISTS = """
[connections.main.design.catalogue.price_lists]
"Tier 2" = { price_list = "Wholesale" }
"""


def counts(trial: CatalogueRig) -> tuple[int, int, int]:
    """Products, variants and pictures at the shop."""
    products = trial.products().values()
    return (
        len(products),
        sum(len(one["_variants"]) for one in products),
        sum(len(one.get("_images", [])) for one in products),
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_while_listings_are_made_leaves_each_of_them_once(tmp_path: Path, fault: str) -> None:
    with catalogue_rig(tmp_path, design=CIN7_MASTERS_ALL + PRICE_LISTS) as trial:
        for path in ("products$", "categories$", "pricelists$"):
            rule = {"fault": fault, **FAULTS[fault], "match": {"method": "POST", "path": path}, "times": 1}
            trial.twins.fault("bigcommerce", rule)
        family = shirts()
        trial.stock_up(mug(tier_prices={"2": "9.00"}), *family["products"], families=family["families"])
        trial.travel()
        assert counts(trial) == (2, 4, 1)
        assert [rule["fired"] for rule in trial.twins.faults("bigcommerce")] == [1, 1, 1]
        lists = trial.twins.run(lambda: trial.twins.bigcommerce.shop.settings["price_lists"])
        assert [one["name"] for one in lists] == ["Wholesale"]
        assert trial.held() == {}
        before = trial.shop_writes()
        assert trial.sync().content["unchanged"] == 2
        assert trial.shop_writes() == before


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_while_listings_change_leaves_them_as_the_books_want(tmp_path: Path, fault: str) -> None:
    with catalogue_rig(tmp_path, design=CIN7_MASTERS_ALL) as trial:
        family = shirts()
        trial.stock_up(mug(), *family["products"], families=family["families"])
        trial.travel()
        for method, path in (("PUT", "products$"), ("PUT", "variants$"), ("POST", "variants$"), ("POST", "images$")):
            rule = {"fault": fault, **FAULTS[fault], "match": {"method": method, "path": path}, "times": 1}
            trial.twins.fault("bigcommerce", rule)
        bigger = family["families"][0] | {"members": family["families"][0]["members"] | {"SHIRT-XL": ["XL"]}}
        trial.stock_up(
            mug(tier_price="14.00", pictures=["side.jpg"]),
            {"sku": "SHIRT-S", "name": "Shirt S", "tier_price": "21.00"},
            {"sku": "SHIRT-XL", "name": "Shirt XL", "tier_price": "25.00"},
            families=[bigger],
        )
        done = trial.sync()
        assert done.state is State.POSTED, done.reason
        assert counts(trial) == (2, 5, 2)
        assert [rule["fired"] for rule in trial.twins.faults("bigcommerce")] == [1, 1, 1, 1]
        products = trial.products()
        assert products["MUG"]["price"] == 14
        assert products["SHIRT"]["_variants"]["SHIRT-S"]["price"] == 21
        before = trial.shop_writes()
        trial.sync()
        assert trial.shop_writes() == before


def test_a_refused_product_is_held_alone_and_heals_when_it_is_put_right(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        rule = {"fault": "error_before", "status": 422, "match": {"method": "POST", "path": "products$"}, "times": 1}
        trial.twins.fault("bigcommerce", rule)
        trial.stock_up(*(mug(sku=f"MUG-{n}", name=f"Mug {n}", brand="") for n in range(4)))
        trial.travel()
        assert len(trial.products()) == 3
        assert list(trial.held().values()) == ["refused_by_bigcommerce"]
        assert trial.sync().state is State.POSTED
        assert (len(trial.products()), trial.held()) == (4, {})


def test_one_bad_change_of_a_batch_stops_no_other(tmp_path: Path) -> None:
    """The shop refuses a batch whole and does not say which product was wrong."""
    with catalogue_rig(tmp_path, design=CIN7_MASTERS_ALL) as trial:
        trial.stock_up(*(mug(sku=f"MUG-{n}", name=f"Mug {n}") for n in range(10)))
        trial.travel()
        trial.twins.run(lambda: trial.twins.bigcommerce.shop.product_names.update({"taken": 4711}))
        renamed = {3: "Taken"}
        trial.stock_up(*(mug(sku=f"MUG-{n}", name=renamed.get(n, f"Mug {n}"), tier_price="15.00") for n in range(10)))
        trial.sync()
        prices = {sku: one["price"] for sku, one in trial.products().items()}
        assert [sku for sku, price in prices.items() if price != 15] == ["MUG-3"]
        assert len(trial.held()) == 1


def test_a_listing_that_vanished_after_its_answer_was_lost_is_made_by_the_next_look(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path) as trial:
        rule = {"fault": "drop_before", "match": {"method": "POST", "path": "products$"}, "times": 2}
        trial.twins.fault("bigcommerce", rule)
        trial.stock_up(mug())
        trial.travel()
        assert counts(trial) == (1, 1, 1)


def test_prices_that_the_shop_refuses_are_told_one_by_one(tmp_path: Path) -> None:
    with catalogue_rig(tmp_path, design=PRICE_LISTS) as trial:
        goods = [mug(sku=f"MUG-{n}", name=f"Mug {n}", tier_prices={"2": "9.00"}) for n in range(4)]
        trial.stock_up(*goods)
        rule = {"fault": "error_before", "status": 422, "match": {"method": "PUT", "path": "records$"}, "times": 3}
        trial.twins.fault("bigcommerce", rule)
        trial.travel()
        assert trial.held() == {"price list Wholesale": "refused_by_bigcommerce"}
        trial.sync()
        (records,) = trial.twins.run(lambda: list(trial.twins.bigcommerce.shop.price_lists.values()))
        assert {row["sku"]: row["price"] for row in records} == dict.fromkeys([one["sku"] for one in goods], Decimal(9))
        assert trial.held() == {}
