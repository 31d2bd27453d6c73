"""A grocer's whole assortment, 24,000 products with families and pictures, is listed in an empty store, once."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, CatalogueHarness, catalogue_harness
from weighbridge.persistence.documents import CATALOGUE_PROPOSAL
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.baskets import Product, read_products

PRODUCTS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "products-2017-10.csv.gz"
ROWS_PER_SEED = 2000


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whole_assortment_is_listed_once_and_a_second_run_writes_nothing(tmp_path: Path) -> None:
    if not PRODUCTS.exists():
        pytest.skip("shared documents are not beside this checkout, so there is no assortment to list")
    goods = read_products(PRODUCTS)
    families = _families(goods)
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL, speed=60.0) as trial:
        _stock_up(trial, goods, families)
        trial.first_sync()
        made = trial.products()
        in_families = sum(len(members) for members in families.values())
        listings = len(goods) - in_families + len(families)
        assert len(made) == listings
        assert sum(len(product["_variants"]) for product in made.values()) == len(goods)
        assert all(len(product["_images"]) >= 1 for product in made.values())
        assert trial.held() == {}
        writes = Counter(trial.store_writes())
        assert writes["POST catalog/products"] == listings
        assert set(writes) == {"POST catalog/products", "POST catalog/categories"}
        first_reads = [call for call in trial.twins.calls("bigcommerce") if call["method"] == "GET"]
        done = trial.sync()
        assert (done.state, done.read(CATALOGUE_PROPOSAL).unchanged) == (State.POSTED, listings)
        assert sum(Counter(trial.store_writes()).values()) == sum(writes.values())
        all_reads = [call for call in trial.twins.calls("bigcommerce") if call["method"] == "GET"]
        assert len(all_reads) - len(first_reads) <= listings / 250 + 10


def _families(goods: dict[str, Product]) -> dict[str, dict[str, str]]:
    """Products that differ only in their package, package by product id, under a SKU for each family."""
    alike: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for number, product in sorted(goods.items()):
        packages = alike[product.department, product.brand, product.category, product.kind]
        if product.package and product.package not in packages:
            packages[product.package] = number
    many = [packages for packages in alike.values() if len(packages) > 1]
    return {
        f"F{number:05}": {product_id: package for package, product_id in packages.items()}
        for number, packages in enumerate(many)
    }


def _stock_up(trial: CatalogueHarness, goods: dict[str, Product], families: dict[str, dict[str, str]]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "sku": f"P{number}", "name": row.name, "tier_price": "2.49", "category": row.category, "brand": row.brand,
            "description": f"<p>{row.kind}</p>", "weight": 12, "weight_unit": "oz", "pictures": [f"{number}.jpg"],
        }
        for number, row in goods.items()
    ]  # fmt: skip
    for start in range(0, len(rows), ROWS_PER_SEED):
        trial.stock_up(*rows[start : start + ROWS_PER_SEED])
    for sku, members in families.items():
        first = goods[next(iter(members))]
        family = {
            "sku": sku,
            "name": f"{first.kind} by {first.brand} ({sku})",
            "options": ["Package"],
            "category": first.category,
            "members": {f"P{number}": [package] for number, package in members.items()},
        }
        trial.stock_up(families=[family])
