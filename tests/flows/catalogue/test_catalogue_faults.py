"""Lost answers, refusals and crashes: every listing is created once, and a refused product stops no other."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, CatalogueHarness, catalogue_harness, mug, shirts
from weighbridge.persistence.documents import CATALOGUE_PROPOSAL
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


def counts(trial: CatalogueHarness) -> tuple[int, int, int]:
    """The numbers of products, variants and pictures in the store."""
    products = trial.products().values()
    return (
        len(products),
        sum(len(product["_variants"]) for product in products),
        sum(len(product.get("_images", [])) for product in products),
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_during_creation_leaves_each_listing_once(tmp_path: Path, fault: str) -> None:
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL + PRICE_LISTS) as trial:
        for path in ("products$", "categories$", "pricelists$"):
            rule = {"fault": fault, **FAULTS[fault], "match": {"method": "POST", "path": path}, "times": 1}
            trial.twins.fault("bigcommerce", rule)
        family = shirts()
        trial.stock_up(mug(tier_prices={"2": "9.00"}), *family["products"], families=family["families"])
        trial.first_sync()
        assert counts(trial) == (2, 4, 1)
        assert [rule["fired"] for rule in trial.twins.faults("bigcommerce")] == [1, 1, 1]
        lists = trial.twins.run(lambda: trial.twins.bigcommerce.store.settings["price_lists"])
        assert [price_list["name"] for price_list in lists] == ["Wholesale"]
        assert trial.held() == {}
        before = trial.store_writes()
        assert trial.sync().read(CATALOGUE_PROPOSAL).unchanged == 2
        assert trial.store_writes() == before


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_during_updates_leaves_listings_equal_to_cin7(tmp_path: Path, fault: str) -> None:
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL) as trial:
        family = shirts()
        trial.stock_up(mug(), *family["products"], families=family["families"])
        trial.first_sync()
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
        before = trial.store_writes()
        trial.sync()
        assert trial.store_writes() == before


def test_refused_product_alone_is_held_until_it_is_corrected(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        rule = {"fault": "error_before", "status": 422, "match": {"method": "POST", "path": "products$"}, "times": 1}
        trial.twins.fault("bigcommerce", rule)
        trial.stock_up(*(mug(sku=f"MUG-{n}", name=f"Mug {n}", brand="") for n in range(4)))
        trial.first_sync()
        assert len(trial.products()) == 3
        assert list(trial.held().values()) == ["refused_by_bigcommerce"]
        assert trial.sync().state is State.POSTED
        assert (len(trial.products()), trial.held()) == (4, {})


def test_one_bad_change_of_a_batch_stops_no_other(tmp_path: Path) -> None:
    """The store refuses a batch as a whole and does not say which product was wrong."""
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL) as trial:
        trial.stock_up(*(mug(sku=f"MUG-{n}", name=f"Mug {n}") for n in range(10)))
        trial.first_sync()
        trial.twins.run(lambda: trial.twins.bigcommerce.store.product_names.update({"taken": 4711}))
        renamed = {3: "Taken"}
        trial.stock_up(*(mug(sku=f"MUG-{n}", name=renamed.get(n, f"Mug {n}"), tier_price="15.00") for n in range(10)))
        trial.sync()
        prices = {sku: product["price"] for sku, product in trial.products().items()}
        assert [sku for sku, price in prices.items() if price != 15] == ["MUG-3"]
        assert len(trial.held()) == 1


def test_listing_that_vanished_after_a_lost_answer_is_created_by_the_next_run(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        rule = {"fault": "drop_before", "match": {"method": "POST", "path": "products$"}, "times": 2}
        trial.twins.fault("bigcommerce", rule)
        trial.stock_up(mug())
        trial.first_sync()
        assert counts(trial) == (1, 1, 1)


def test_prices_that_the_store_refuses_are_written_one_by_one(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path, design=PRICE_LISTS) as trial:
        goods = [mug(sku=f"MUG-{n}", name=f"Mug {n}", tier_prices={"2": "9.00"}) for n in range(4)]
        trial.stock_up(*goods)
        rule = {"fault": "error_before", "status": 422, "match": {"method": "PUT", "path": "records$"}, "times": 3}
        trial.twins.fault("bigcommerce", rule)
        trial.first_sync()
        assert trial.held() == {"price list Wholesale": "refused_by_bigcommerce"}
        trial.sync()
        (records,) = trial.twins.run(lambda: list(trial.twins.bigcommerce.store.price_lists.values()))
        assert {row["sku"]: row["price"] for row in records} == dict.fromkeys(
            [product["sku"] for product in goods], Decimal(9)
        )
        assert trial.held() == {}
