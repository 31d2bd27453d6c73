"""Lists of several pages that move while they are read: what falls between two pages is neither lost nor doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Rig, rig
from weighbridge.domain.lanes import Lane
from weighbridge.flows.context import Site, running
from weighbridge.flows.stock.read_levels import MOST_ASKED

FIRST_PAGE = 1000
"""Rows of Cin7's largest page."""
ORDERS_PAGE = 250


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as started:
        yield started


def stock_a_long_list(trial: Rig, sold: tuple[str, ...] = ("EDGE", "SEAM", "LAST")) -> None:
    """Mugs and tea come first in the list of stock; EDGE is the last row of its first page, SEAM the row after it.

    `sold` is what the shop offers of them.
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


def shown(trial: Rig) -> dict[str, int]:
    levels = trial.twins.act("bigcommerce", "stock_levels")
    return {sku: levels[sku] for sku in ("EDGE", "SEAM", "LAST")}


def drift(trial: Rig, platform: str, rows: int) -> None:
    """So many rows vanish between two pages; below zero, so many appear."""
    trial.twins.fault(platform, {"fault": "page_drift", "value": rows})


@pytest.mark.parametrize("rows", [1, -1])
def test_stock_rows_between_two_pages_keep_their_figure(trial: Rig, rows: int) -> None:
    """A row that was skipped is not sold out, a row that came twice is not there twice."""
    stock_a_long_list(trial)
    trial.push_stock()
    assert shown(trial) == {"EDGE": 7, "SEAM": 7, "LAST": 7}
    drift(trial, "cin7", rows)
    trial.push_stock()
    assert shown(trial) == {"EDGE": 7, "SEAM": 7, "LAST": 7}
    restocked = [{"sku": sku, "on_hand": 9} for sku in ("EDGE", "SEAM", "LAST")]
    trial.twins.act("cin7", "seed", {"stock": restocked})
    trial.push_stock()
    assert shown(trial) == {"EDGE": 9, "SEAM": 9, "LAST": 9}


def test_goods_that_just_sold_keep_their_figure_when_their_row_falls_between_two_pages(trial: Rig) -> None:
    """The shop shows something else than it was told: that makes them no goods that were never told."""
    stock_a_long_list(trial)
    trial.push_stock()
    trial.place(lines=[{"sku": "SEAM", "quantity": 2}])
    trial.run()
    trial.push_stock()
    drift(trial, "cin7", 1)
    trial.place(lines=[{"sku": "SEAM", "quantity": 1}])
    trial.run()
    trial.push_stock()
    assert shown(trial)["SEAM"] == 4


def test_kit_whose_part_fell_between_two_pages_can_still_be_built(trial: Rig) -> None:
    """The shop does not sell the part, so only the kit tells that there was some."""
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


def test_quiet_round_over_a_long_list_asks_for_nothing_twice(trial: Rig) -> None:
    """Also where some goods are sold out and have no row."""
    stock_a_long_list(trial)
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "SEAM", "on_hand": 0}]})
    trial.push_stock()
    trial.push_stock()
    calls = [call for call in trial.twins.calls("cin7") if "productavailability" in call["path"]]
    assert len(calls) == 3 * 2, "two pages; a second reading where everything rises, and one in the quiet round"


def test_long_list_that_was_told_is_read_back_page_by_page_and_what_differs_is_told_again(trial: Rig) -> None:
    stock_a_long_list(trial, sold=(*(f"F{number:04}" for number in range(200)), "EDGE"))
    trial.push_stock()
    for sku in ("F0003", "EDGE"):
        trial.twins.act("bigcommerce", "set_stock", {"sku": sku, "quantity": 9})
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert (levels["F0003"], levels["EDGE"]) == (7, 7)
    calls = [call for call in trial.twins.calls("bigcommerce") if "/inventory/items" in call["path"]]
    assert len(calls) == 2 + 1, "one page, one to see that it was the last, and the two SKUs before they are told again"


def test_stock_that_really_ended_in_a_long_list_is_told_at_once(trial: Rig) -> None:
    stock_a_long_list(trial)
    trial.push_stock()
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "SEAM", "on_hand": 0}]})
    trial.push_stock()
    assert shown(trial) == {"EDGE": 7, "SEAM": 0, "LAST": 7}


def test_many_goods_without_a_row_are_sold_out_once_two_full_readings_agree(trial: Rig) -> None:
    """More than can be asked for by themselves: a list that drifts far must not empty the shop."""
    many = [f"F{number:04}" for number in range(FIRST_PAGE - 3 - 60, FIRST_PAGE - 3)]
    stock_a_long_list(trial, sold=(*many, "EDGE", "SEAM", "LAST"))
    others = [f"G{number:04}" for number in range(90)]
    products = [{"sku": sku, "name": f"Product {sku}"} for sku in others]
    trial.twins.act("cin7", "seed", {"products": products, "stock": [{"sku": sku, "on_hand": 1} for sku in others]})
    trial.push_stock()
    trial.twins.act("cin7", "seed", {"stock": [{"sku": sku, "on_hand": 0} for sku in many]})
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert sum(levels[sku] == 0 for sku in many) == MOST_ASKED, (
        "those that were asked for; of the others nobody is sure"
    )
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert {levels[sku] for sku in many} == {0}
    assert shown(trial) == {"EDGE": 7, "SEAM": 7, "LAST": 7}


def test_goods_whose_rows_one_drifting_list_lost_keep_their_levels(trial: Rig) -> None:
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


async def read(trial: Rig, list_rows: Callable[[Site, datetime], AsyncIterator[list[Any]]]) -> list[Any]:
    """All rows of a list, as a working product reads it."""
    async with trial.service().working():
        site = running().sites["main"]
        return [row async for page in list_rows(site, running().clock.now() - timedelta(days=1)) for row in page]


@pytest.mark.parametrize("inclusive", [True, False])
def test_every_changed_order_is_seen_once_while_the_list_moves(tmp_path: Path, inclusive: bool) -> None:
    with rig(tmp_path, bigcommerce_switches={"page_drift": 3, "min_date_inclusive": inclusive}) as trial:
        placed = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(2 * ORDERS_PAGE + 20)]
        rows = asyncio.run(
            read(trial, lambda site, since: site.shop.orders(min_date_modified=since, lane=Lane.RECONCILIATION))
        )
        assert sorted(row.id for row in rows) == placed


def test_orders_that_all_changed_in_one_second_are_all_seen(tmp_path: Path) -> None:
    """What a bulk edit leaves behind: the moment of the last row is that of the first."""
    with rig(tmp_path) as trial:
        placed = [trial.place(lines=[{"sku": "TEA", "quantity": 1}]) for _ in range(2 * ORDERS_PAGE + 20)]
        trial.twins.run(lambda: _stamp_alike(trial))
        rows = asyncio.run(
            read(trial, lambda site, since: site.shop.orders(min_date_modified=since, lane=Lane.RECONCILIATION))
        )
        assert sorted(row.id for row in rows) == placed


@pytest.mark.parametrize("rows", [1, -1])
def test_every_changed_sale_is_seen_once_while_the_list_moves(trial: Rig, rows: int) -> None:
    order_id = trial.place()
    trial.run()
    own = trial.assert_one_sale(order_id)
    trial.twins.run(lambda: _copy_sale(trial, own["id"], FIRST_PAGE + 20))
    drift(trial, "cin7", rows)
    seen = asyncio.run(read(trial, lambda site, since: site.books.sale_list(updated_since=since, lane=Lane.FULFILMENT)))
    assert sorted(row.id for row in seen) == sorted(sale["id"] for sale in trial.sales())


def _copy_sale(trial: Rig, sale_id: str, copies: int) -> None:
    company = trial.twins.cin7.company
    for _ in range(copies):
        sale = company.sales[sale_id]
        company.add_sale(replace(sale, id=company.new_id(), number=company.next_number("SO"), allocations=[]))


def _stamp_alike(trial: Rig) -> None:
    orders = trial.twins.bigcommerce.shop.orders
    moment = max(order.modified for order in orders.values())
    for order in orders.values():
        orders.touch(order, moment)
