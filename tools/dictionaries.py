"""`python -m tools.dictionaries DATABASE_URL FOLDER` makes compression dictionaries from an installation's HTTP log.

The dictionaries of the repository were made from the demo, whose baskets and names are sample data:

    weighbridge demo --orders 240 --seed 7 --post invoice_and_payment --database postgresql://...

A new dictionary gets a new id, in `Dictionary` and in its file name; the old ones stay, because rows name them.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path

import sqlalchemy as sa
import zstandard

from weighbridge.common.clock import REAL_CLOCK
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.http_log import DICTIONARIES
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import intents
from weighbridge.persistence.types import SMALL_LEVEL, Dictionary, decompress

SIZE = 16 * 1024
"""Bytes of a dictionary; twice as many save three per cent more."""
SHORTEST, LONGEST, MOST = 40, 20_000, 4_000
"""Bytes of a sample, and the number of samples of each kind."""


async def samples_of(database: Database) -> dict[Dictionary, list[bytes]]:
    """The texts that an installation has stored, by the dictionary that compresses them."""
    http_log = Repositories.of(database, REAL_CLOCK).http_log
    samples: dict[Dictionary, list[bytes]] = {dictionary: [] for dictionary in Dictionary}
    async with database.reading() as reading:
        ids = list((await reading.execute(sa.select(http_exchanges.c.id))).scalars())
        documents = list((await reading.execute(sa.select(transfers.c.content))).scalars())
        requests = list((await reading.execute(sa.select(intents.c.request))).scalars())
    for exchange_id in ids:
        exchange = await http_log.find(exchange_id)
        if exchange is not None:
            samples[DICTIONARIES[exchange.platform]] += [exchange.request, exchange.response]
    samples[Dictionary.DOCUMENTS] = [decompress(document.frame) for document in documents if document is not None]
    samples[Dictionary.DOCUMENTS] += [
        json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode() for request in requests
    ]
    return samples


def main(url: str, folder: Path) -> None:
    """Writes one file for each dictionary into `folder`."""
    samples, chosen = asyncio.run(samples_of(Database(url))), random.Random(1)
    for dictionary, texts in samples.items():
        usable = [text for text in texts if SHORTEST < len(text) < LONGEST]
        sampled = chosen.sample(usable, min(MOST, len(usable)))
        trained = zstandard.train_dictionary(SIZE, [*sampled], dict_id=int(dictionary), level=SMALL_LEVEL)
        (folder / f"{dictionary}.zdict").write_bytes(trained.as_bytes())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
