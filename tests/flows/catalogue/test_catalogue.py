"""Products and families are listed in the store; changes that nobody accepted are not written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, catalogue_harness, mug, shirts
from weighbridge.persistence.documents import CATALOGUE_PROPOSAL
from weighbridge.persistence.repositories.transfers import State


def test_nothing_is_written_before_the_first_proposal_is_accepted(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        trial.stock_up(mug())
        proposal = trial.sync(dry=True)
        assert (proposal.read(CATALOGUE_PROPOSAL).create, proposal.read(CATALOGUE_PROPOSAL).update) == (1, 0)
        held = trial.sync()
        assert (held.state, held.reason_kind) == (State.HELD, "catalogue_not_accepted")
        assert proposal.read(CATALOGUE_PROPOSAL).fingerprint in held.reason
        assert (trial.products(), trial.store_writes()) == ({}, [])


def test_product_is_listed_with_every_field_the_design_names(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        trial.stock_up(mug())
        trial.first_sync()
        product = trial.products()["MUG"]
        assert product["name"] == "Mug"
        assert product["price"] == Decimal("12.5")
        assert product["description"] == "<p>Holds tea.</p>"
        assert product["upc"] == "4006381333931"
        assert product["weight"] == Decimal("1.1023")
        measures = [product[name] for name in ("width", "height", "depth")]
        assert measures == [Decimal("3.1496"), Decimal("3.5433"), Decimal("3.9370")]
        assert product["is_visible"] is True
        assert product["inventory_tracking"] == "product"
        assert product["brand_id"]
        assert [image["description"] for image in product["_images"]] == ["mug.jpg"]
        assert trial.store_writes() == ["POST catalog/categories", "POST catalog/products"]


def test_second_run_writes_nothing(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL) as trial:
        trial.stock_up(mug(), *shirts()["products"], families=shirts()["families"])
        trial.first_sync()
        before = trial.store_writes()
        done = trial.sync()
        assert (done.state, done.read(CATALOGUE_PROPOSAL).unchanged) == (State.POSTED, 2)
        assert trial.store_writes() == before


def test_family_becomes_one_product_with_variants(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        family = shirts()
        trial.stock_up(*family["products"], families=family["families"])
        trial.first_sync()
        products = trial.products()
        assert list(products) == ["SHIRT"]
        assert (products["SHIRT"]["name"], products["SHIRT"]["inventory_tracking"]) == ("Shirt", "variant")
        variants = products["SHIRT"]["_variants"]
        assert {sku: variant["price"] for sku, variant in variants.items()} == {
            "SHIRT-S": Decimal(20),
            "SHIRT-M": Decimal(20),
            "SHIRT-L": Decimal(22),
        }
        options = [variant["options"][0] for variant in variants.values()]
        assert [(option["option_display_name"], option["label"]) for option in options] == [
            ("Size", "S"),
            ("Size", "M"),
            ("Size", "L"),
        ]


def test_stock_of_a_new_listing_is_published_by_the_stock_flow_only(tmp_path: Path) -> None:
    with catalogue_harness(tmp_path) as trial:
        trial.stock_up(mug(), stock=[{"sku": "MUG", "on_hand": 7}])
        trial.first_sync()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 0}
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 7}
        trial.stock_up(mug(tier_price="13.00"), stock=[{"sku": "MUG", "on_hand": 7}])
        trial.sync()
        assert trial.products()["MUG"]["price"] == 13
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 7}


def test_catalogue_is_synced_on_postgresql_too(tmp_path: Path, fresh_database: Callable[[str], str]) -> None:
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL, database=fresh_database("catalogue")) as trial:
        family = shirts()
        trial.stock_up(mug(), *family["products"], families=family["families"])
        trial.first_sync()
        before = trial.store_writes()
        assert trial.sync().read(CATALOGUE_PROPOSAL).unchanged == 2
        assert trial.store_writes() == before
