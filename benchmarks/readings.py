"""The storage of a day of stock readings: 10,005 rows, read every five minutes, one in a hundred changed each time.

The pages are those of Cin7's list of availability. They go through the HTTP log into a SQLite database; every page of
the day is read back and compared with what was recorded.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from weighbridge.common.clock import REAL_CLOCK
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.types import Dictionary, compress
from weighbridge.platforms.http_exchange import Exchange

ROWS, PAGE_ROWS, READINGS, CHANGED = 10_005, 1_000, 288, 100
MIDNIGHT = datetime(2026, 11, 30, tzinfo=UTC)
ADDRESS = "https://inventory.dearsystems.com/ExternalApi/v2/ref/productavailability?Page={}&Limit=1000"
LOCATIONS = ("Main Warehouse", "Overflow", "Returns Bay")


@dataclass(frozen=True, slots=True)
class Day:
    """One day of readings."""

    readings: int
    rows: int
    pages: int
    received_bytes: int
    whole_bytes: int
    """Each page compressed by itself."""
    stored_bytes: int
    """Responses as stored."""
    stored_whole: int
    """Pages that were stored whole."""
    reproduced: int
    """Pages that were read back byte for byte."""


def measure(readings: int = READINGS) -> Day:
    """Records and reads back `readings` readings of one day."""
    with TemporaryDirectory(prefix="weighbridge-bench-") as folder:
        return asyncio.run(_measure(Database(f"sqlite:///{folder}/weighbridge.db"), readings))


async def _measure(database: Database, readings: int) -> Day:
    await database.create_tables()
    http_log = Repositories.of(database, REAL_CLOCK).http_log
    digests: dict[tuple[str, datetime], bytes] = {}
    received = whole = 0
    for at, url, page in _pages(readings):
        await http_log.record(Exchange("cin7", "main", "GET", url, b"", 200, page, at, 40, "answered"))
        digests[url, at] = hashlib.sha256(page).digest()
        received += len(page)
        whole += len(compress(page, Dictionary.CIN7))
    of = http_exchanges.c
    query = sa.select(sa.func.sum(sa.func.length(of.response)), sa.func.count(of.id), sa.func.count(of.previous_id))
    async with database.reading() as reading:
        stored, pages, changes = (await reading.execute(query)).one()
    reproduced = 0
    for page_number in range(1, ROWS // PAGE_ROWS + 2):
        url = ADDRESS.format(page_number)
        ending = url.rpartition("/")[2]
        for exchange in await http_log.latest_calls("main", "cin7", "GET", ending, MIDNIGHT, readings):
            reproduced += hashlib.sha256(exchange.response).digest() == digests[url, exchange.started_at]
    await database.close()
    return Day(readings, ROWS, pages, received, whole, stored, pages - changes, reproduced)


def _pages(readings: int) -> Iterator[tuple[datetime, str, bytes]]:
    """Time, address and body of each page of each reading."""
    chosen = random.Random(1)
    rows = [_row(number, chosen) for number in range(ROWS)]
    for reading in range(readings):
        for number in chosen.sample(range(ROWS), CHANGED if reading else 0):
            rows[number] |= _levels(chosen)
        for start in range(0, ROWS, PAGE_ROWS):
            page: dict[str, Any] = {"Total": ROWS, "Page": start // PAGE_ROWS + 1}
            page["ProductAvailabilityList"] = rows[start : start + PAGE_ROWS]
            body = json.dumps(page, separators=(",", ":")).encode()
            yield MIDNIGHT + reading * timedelta(minutes=5), ADDRESS.format(page["Page"]), body


def _row(number: int, chosen: random.Random) -> dict[str, Any]:
    product = {
        "ID": str(uuid.UUID(int=chosen.getrandbits(128))),
        "SKU": f"SKU-{number:06}",
        "Name": f"Product SKU-{number:06}",
        "Barcode": "",
        "Location": LOCATIONS[number % len(LOCATIONS)],
        "Bin": "",
        "Batch": "",
        "ExpiryDate": None,
        "Category": "Other",
        "Allocated": 0.0,
        "OnOrder": 0.0,
        "InTransit": 0.0,
        "NextDeliveryDate": None,
    }
    return product | _levels(chosen)


def _levels(chosen: random.Random) -> dict[str, float]:
    units = float(chosen.randrange(100))
    return {"OnHand": units, "Available": units, "StockOnHand": round(chosen.random() * 1000, 4)}


def as_json(day: Day) -> dict[str, Any]:
    return asdict(day)


def table(day: Day) -> str:
    rows = [
        ("Readings, of rows each", f"{day.readings} of {day.rows:,}"),
        ("Pages, stored whole", f"{day.pages:,}, {day.stored_whole:,}"),
        ("Pages reproduced byte for byte", f"{day.reproduced:,}"),
        ("Bytes received", f"{day.received_bytes:,}"),
        ("Bytes if each page were compressed by itself", f"{day.whole_bytes:,}"),
        ("Bytes stored", f"{day.stored_bytes:,}"),
    ]
    return "\n".join(f"{label:<48}{value:>20}" for label, value in rows)
