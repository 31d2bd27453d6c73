"""Lists of several pages that move while they are read: what falls between two pages is neither lost nor doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.rig import Rig, rig
from weighbridge.flows.runtime import Site, running
from weighbridge.platforms.lanes import Lane

ORDERS_PAGE = 250


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


def _stamp_alike(trial: Rig) -> None:
    orders = trial.twins.bigcommerce.shop.orders
    moment = max(order.modified for order in orders.values())
    for order in orders.values():
        orders.touch(order, moment)
