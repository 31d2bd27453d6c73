"""Answers that hardly change are stored as their changes, and each is reproduced byte for byte."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.stored_responses import DamagedAnswer
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.platforms.http_exchange import Exchange

MORNING = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
PAGE = "https://inventory.dearsystems.com/ExternalApi/v2/ref/productavailability?Page=1&Limit=1000"
READINGS, ROWS, CHANGED = 12, 1000, 10


def _reading(body: bytes, at: datetime, url: str = PAGE, method: str = "GET") -> Exchange:
    return Exchange("cin7", "main", method, url, b"", 200, body, at, 40, "answered")


def _page(levels: list[int]) -> bytes:
    rows = [
        {"ID": f"{number:032x}", "SKU": f"SKU-{number:06}", "Location": "Main Warehouse", "Available": level}
        for number, level in enumerate(levels)
    ]
    return json.dumps({"Total": len(rows), "Page": 1, "ProductAvailabilityList": rows}).encode()


def _pages() -> list[bytes]:
    """Readings of a page of a thousand rows, of which one in a hundred changes from one to the next."""
    levels, pages = [number % 83 for number in range(ROWS)], []
    for reading in range(READINGS):
        pages.append(_page(levels))
        for change in range(CHANGED):
            levels[(reading * 37 + change * 101) % ROWS] += 1
    return pages


async def _recorded(harness: Harness) -> list[StoredExchange]:
    return await harness.repositories.http_log.latest_calls("main", "cin7", "GET", "Limit=1000", MORNING, 100)


async def _stored_bytes(harness: Harness) -> list[int]:
    query = sa.select(sa.func.length(http_exchanges.c.response)).order_by(http_exchanges.c.started_at)
    async with harness.database.reading() as reading:
        return list((await reading.execute(query)).scalars())


def test_a_reading_of_the_stock_is_stored_as_what_changed_and_reproduced_exactly(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        pages = _pages()
        for number, page in enumerate(pages):
            await harness.repositories.http_log.record(_reading(page, MORNING + number * timedelta(minutes=5)))
        first, *later = await _stored_bytes(harness)
        assert first < len(pages[0]) / 4
        assert max(later) < first / 10, "ten rows of a thousand"
        readings = list(reversed(await _recorded(harness)))
        assert [reading.response for reading in readings] == pages
        assert [bool(reading.previous_id) for reading in readings] == [False] + [True] * (READINGS - 1)
        assert len({reading.digest for reading in readings}) == READINGS, "the record names the SHA-256 of each whole"
        last = await harness.repositories.http_log.find(readings[-1].id)
        assert last is not None
        assert last.response == pages[-1]

    on_both_databases(work)


def test_each_day_begins_with_a_whole_answer(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        night = MORNING.replace(hour=23, minute=55)
        page, *_ = _pages()
        for at in (night, night + timedelta(minutes=4), night + timedelta(minutes=6)):
            await harness.repositories.http_log.record(_reading(page, at))
        readings = reversed(await _recorded(harness))
        assert [bool(reading.previous_id) for reading in readings] == [False, True, False]

    on_both_databases(work)


def test_an_equal_answer_is_not_stored_twice(on_both_databases: OnBothDatabases[None]) -> None:
    """Also when a sweep asks for the same list with another timestamp; never across methods that create objects."""
    order = json.dumps({"id": 7, "lines": [{"sku": f"SKU-{number}", "note": "x" * number} for number in range(30)]})
    sweep = "https://api.bigcommerce.com/stores/abc/v2/orders?min_date_modified=2026-11-30T06%3A0{}%3A00&page=1"

    async def work(harness: Harness) -> None:
        record = harness.repositories.http_log.record
        for minute in range(3):
            await record(_reading(order.encode(), MORNING + minute * timedelta(minutes=1), sweep.format(minute)))
        first, *again = await _stored_bytes(harness)
        assert max(again) < 40 < first

        await record(_reading(order.encode(), MORNING + timedelta(hours=1), sweep.format(0), "POST"))
        assert (await _stored_bytes(harness))[-1] == first

    on_both_databases(work)


def test_a_damaged_answer_is_refused(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        page, *_ = _pages()
        await harness.repositories.http_log.record(_reading(page, MORNING))
        await harness.database.execute(sa.update(http_exchanges).values(digest=b"\x00" * 32))
        with pytest.raises(DamagedAnswer, match="SHA-256"):
            await _recorded(harness)

    on_both_databases(work)


def test_an_exchange_that_comes_while_others_are_stored_is_stored_too(on_both_databases: OnBothDatabases[None]) -> None:
    """`record` returns when its own exchange is stored, not when another transaction has ended."""

    async def work(harness: Harness) -> None:
        async def record(number: int) -> None:
            await asyncio.sleep(number / 2000)
            url = f"https://inventory.dearsystems.com/ExternalApi/v2/sale?ID={number}"
            await harness.repositories.http_log.record(replace(_reading(b"{}", MORNING), url=url))
            assert await harness.repositories.http_log.latest_calls("main", "cin7", "GET", f"={number}", MORNING, 1), (
                url
            )

        await asyncio.gather(*(record(number) for number in range(60)))

    on_both_databases(work)
