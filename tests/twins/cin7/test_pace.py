"""Calls stay fast in large companies: lookups use indexes, and lists render only the rows of the page."""

from __future__ import annotations

import time

import pytest

from tests.twins.cin7.bench import Bench

PRODUCTS, SALES = 24_000, 5_000


@pytest.mark.slow
def test_thousands_of_sales_and_products_stay_fast() -> None:
    bench = Bench()
    started = time.process_time()
    products = [{"sku": f"P{n:05d}", "tier_price": "1.00"} for n in range(PRODUCTS)]
    stock = [{"sku": f"P{n:05d}", "location": "Main Warehouse", "on_hand": 1000} for n in range(PRODUCTS)]
    bench.twin.seed(products=products, stock=stock)
    seeded = time.process_time()
    for n in range(SALES):
        lines = [bench.line(f"P{(n * 7 + line) % PRODUCTS:05d}", 1, "1.00") for line in range(3)]
        sale = bench.ordered(*lines, header={"ExternalID": f"bc:shop:{n}"}, AdditionalCharges=[bench.charge()])
        bench.exchanges.clear()
        if n % 10 == 0:
            bench.twin.pick_pack_ship(sale)
    sold = time.process_time()
    for n in range(200):
        assert bench.ok("GET", "/saleList", ExternalID=f"bc:shop:{n}", Page=1, Limit=1000)["Total"] == 1
    probed = time.process_time()
    shipped = bench.ok("GET", "/saleList", CombinedShippingStatus="SHIPPED", Page=1, Limit=1000)["Total"]
    pages = [bench.ok("GET", "/ref/productavailability", Page=page, Limit=1000) for page in range(1, 26)]
    read = time.process_time()
    assert shipped == SALES // 10
    assert sum(len(page["ProductAvailabilityList"]) for page in pages) == PRODUCTS + 4
    # Generous for a busy machine; scanning all products or sales in each call would take minutes.
    assert seeded - started < 15
    assert (sold - seeded) / SALES < 0.01
    assert (probed - sold) / 200 < 0.02
    assert read - probed < 15
