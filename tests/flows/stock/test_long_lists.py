"""Lists of several pages that move while they are read: rows between two pages are neither lost nor doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, harness
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.stock.read_levels import MAX_SINGLE_READS

FIRST_PAGE = 1000
"""Rows of Cin7's largest page."""
ORDERS_PAGE = 250


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Harness]:
    with harness(tmp_path) as new_harness:
        yield new_harness


def stock_a_long_list(trial: Harness, sold: tuple[str, ...] = ("EDGE", "SEAM", "LAST")) -> None:
    """Mugs and tea come first in the stock list; EDGE is the last row of the first page, SEAM the row after it.

    `sold` are the SKUs that the store sells.
    """
    filler = [f"F{number:04}" for number in range(FIRST_PAGE - 3)]
    skus = [*filler, "EDGE", "SEAM", "LAST"]
    goods = [{"sku": sku, "name": sku, "price": "1.00", "tax_class_id": 0} for sku in sold]
    trial.twins.act("bigcommerce", "seed_products", goods)
    seed = {
        "products": [{"sku": sku, "name": f"Product {sku}"} for sku in skus],
        "stock": [{"sku": sku, "on_hand": 7} for sku in skus],
    }
    trial.twins.act("cin7", "seed", seed)


def store_levels(trial: Harness) -> dict[str, int]:
    levels = trial.twins.act("bigcommerce", "stock_levels")
    return {sku: levels[sku] for sku in ("EDGE", "SEAM", "LAST")}


def drift(trial: Harness, platform: str, rows: int) -> None:
    """Removes `rows` rows between two pages; a negative number adds rows."""
    trial.twins.fault(platform, {"fault": "page_drift", "value": rows})


@pytest.mark.parametrize("rows", [1, -1])
def test_stock_rows_between_two_pages_keep_their_level(trial: Harness, rows: int) -> None:
    """A skipped row does not mean sold out, and a row read twice does not count twice."""
    stock_a_long_list(trial)
    trial.push_stock()
    assert store_levels(trial) == {"EDGE": 7, "SEAM": 7, "LAST": 7}
    drift(trial, "cin7", rows)
    trial.push_stock()
    assert store_levels(trial) == {"EDGE": 7, "SEAM": 7, "LAST": 7}
    received = [{"sku": sku, "on_hand": 9} for sku in ("EDGE", "SEAM", "LAST")]
    trial.twins.act("cin7", "seed", {"stock": received})
    trial.push_stock()
    assert store_levels(trial) == {"EDGE": 9, "SEAM": 9, "LAST": 9}


def test_goods_that_just_sold_keep_their_level_when_their_row_drops_between_two_pages(trial: Harness) -> None:
    """The store's level differs from the published level, but the SKUs still count as published."""
    stock_a_long_list(trial)
    trial.push_stock()
    trial.place(lines=[{"sku": "SEAM", "quantity": 2}])
    trial.run()
    trial.push_stock()
    drift(trial, "cin7", 1)
    trial.place(lines=[{"sku": "SEAM", "quantity": 1}])
    trial.run()
    trial.push_stock()
    assert store_levels(trial)["SEAM"] == 4


def test_kit_whose_component_dropped_between_two_pages_can_still_be_built(trial: Harness) -> None:
    """The store does not sell the component itself, so only the kit shows that it was in stock."""
    stock_a_long_list(trial, sold=())
    crate = {"sku": "CRATE", "name": "Crate", "price": "9.00", "tax_class_id": 0}
    trial.twins.act("bigcommerce", "seed_products", [crate])
    bill = [{"sku": "SEAM", "quantity": 2}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": "CRATE", "name": "Crate", "bom": bill}]})
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels")["CRATE"] == 3
    drift(trial, "cin7", 1)
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels")["CRATE"] == 3


def test_run_without_changes_over_a_long_list_reads_nothing_twice(trial: Harness) -> None:
    """Also if some goods are sold out and have no row."""
    stock_a_long_list(trial)
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "SEAM", "on_hand": 0}]})
    trial.push_stock()
    trial.push_stock()
    calls = [call for call in trial.twins.calls("cin7") if "productavailability" in call["path"]]
    assert len(calls) == 3 * 2, "two pages: two readings because everything increases, then one without changes"


def test_published_long_list_is_read_back_page_by_page_and_differences_are_republished(trial: Harness) -> None:
    stock_a_long_list(trial, sold=(*(f"F{number:04}" for number in range(200)), "EDGE"))
    trial.push_stock()
    for sku in ("F0003", "EDGE"):
        trial.twins.act("bigcommerce", "set_stock", {"sku": sku, "quantity": 9})
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert (levels["F0003"], levels["EDGE"]) == (7, 7)
    calls = [call for call in trial.twins.calls("bigcommerce") if "/inventory/items" in call["path"]]
    assert len(calls) == 2 + 1, "one page, one to see that it is the last, and the two SKUs before republishing"


def test_sellout_in_a_long_list_is_published_at_once(trial: Harness) -> None:
    stock_a_long_list(trial)
    trial.push_stock()
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "SEAM", "on_hand": 0}]})
    trial.push_stock()
    assert store_levels(trial) == {"EDGE": 7, "SEAM": 0, "LAST": 7}


def test_many_goods_without_a_row_are_sold_out_once_two_full_readings_agree(trial: Harness) -> None:
    """More than are read one by one: a list that drifts far must not empty the store."""
    many = [f"F{number:04}" for number in range(FIRST_PAGE - 3 - 60, FIRST_PAGE - 3)]
    stock_a_long_list(trial, sold=(*many, "EDGE", "SEAM", "LAST"))
    others = [f"G{number:04}" for number in range(90)]
    products = [{"sku": sku, "name": f"Product {sku}"} for sku in others]
    trial.twins.act("cin7", "seed", {"products": products, "stock": [{"sku": sku, "on_hand": 1} for sku in others]})
    trial.push_stock()
    trial.twins.act("cin7", "seed", {"stock": [{"sku": sku, "on_hand": 0} for sku in many]})
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert sum(levels[sku] == 0 for sku in many) == MAX_SINGLE_READS, "the others wait for the next full reading"
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert {levels[sku] for sku in many} == {0}
    assert store_levels(trial) == {"EDGE": 7, "SEAM": 7, "LAST": 7}


def test_goods_whose_rows_one_drifting_list_lost_keep_their_levels(trial: Harness) -> None:
    many = [f"S{number:04}" for number in range(60)]
    stock_a_long_list(trial)
    goods = [{"sku": sku, "name": sku, "price": "1.00", "tax_class_id": 0} for sku in many]
    trial.twins.act("bigcommerce", "seed_products", goods)
    products = [{"sku": sku, "name": f"Product {sku}"} for sku in many]
    trial.twins.act("cin7", "seed", {"products": products, "stock": [{"sku": sku, "on_hand": 5} for sku in many]})
    trial.push_stock()
    drift(trial, "cin7", 60)
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert {levels[sku] for sku in many} == {5}


async def read(
    trial: Harness, list_rows: Callable[[ConnectionContext, datetime], AsyncIterator[list[Any]]]
) -> list[Any]:
    """All rows of a list, as a running worker reads it."""
    worker = trial.worker()
    async with worker.working():
        ctx = worker.contexts["main"]
        return [row async for page in list_rows(ctx, ctx.clock.now() - timedelta(days=1)) for row in page]


@pytest.mark.parametrize("inclusive", [True, False])
def test_every_changed_order_is_seen_once_while_the_list_moves(tmp_path: Path, inclusive: bool) -> None:
    with harness(tmp_path, bigcommerce_switches={"page_drift": 3, "min_date_inclusive": inclusive}) as trial:
        placed = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(2 * ORDERS_PAGE + 20)]
        rows = asyncio.run(read(trial, _changed_orders))
        assert sorted(row.id for row in rows) == placed


def test_orders_that_all_changed_in_one_second_are_all_seen(tmp_path: Path) -> None:
    """As after a bulk edit: the first and the last row have the same timestamp."""
    with harness(tmp_path) as trial:
        placed = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(2 * ORDERS_PAGE + 20)]
        trial.twins.run(lambda: _set_same_timestamp(trial))
        rows = asyncio.run(read(trial, _changed_orders))
        assert sorted(row.id for row in rows) == placed


@pytest.mark.parametrize("rows", [1, -1])
def test_every_changed_sale_is_seen_once_while_the_list_moves(trial: Harness, rows: int) -> None:
    order_id = trial.place()
    trial.run()
    sale = trial.assert_one_sale(order_id)
    trial.twins.run(lambda: _copy_sale(trial, sale["id"], FIRST_PAGE + 20))
    drift(trial, "cin7", rows)
    rows_read = asyncio.run(read(trial, _changed_sales))
    assert sorted(row.id for row in rows_read) == sorted(row["id"] for row in trial.sales())


def _changed_orders(ctx: ConnectionContext, since: datetime) -> AsyncIterator[list[Any]]:
    return ctx.bigcommerce.orders(min_date_modified=since, lane=Lane.RECONCILIATION)


def _changed_sales(ctx: ConnectionContext, since: datetime) -> AsyncIterator[list[Any]]:
    return ctx.cin7.sale_list(updated_since=since, lane=Lane.FULFILMENT)


def _copy_sale(trial: Harness, sale_id: str, copies: int) -> None:
    company = trial.twins.cin7.company
    for _ in range(copies):
        sale = company.sales[sale_id]
        company.add_sale(replace(sale, id=company.new_id(), number=company.next_number("SO"), allocations=[]))


def _set_same_timestamp(trial: Harness) -> None:
    orders = trial.twins.bigcommerce.store.orders
    timestamp = max(order.modified for order in orders.values())
    for order in orders.values():
        orders.touch(order, timestamp)
