"""Stored responses: the exact bytes of each, reproduced from the first response of its chain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.types import decompress, decompress_changes

_BEFORE = http_exchanges.alias("earlier")
_CHAIN = (
    sa.select(http_exchanges.c.id, http_exchanges.c.previous_id)
    .where(http_exchanges.c.id.in_(sa.bindparam("ids", expanding=True)))
    .cte("chain", recursive=True)
)
_WHOLE_CHAIN = _CHAIN.union(
    sa.select(_BEFORE.c.id, _BEFORE.c.previous_id).join(_CHAIN, _BEFORE.c.id == _CHAIN.c.previous_id)
)
CHAINS = sa.select(
    http_exchanges.c.id, http_exchanges.c.response, http_exchanges.c.previous_id, http_exchanges.c.digest
).join(_WHOLE_CHAIN, _WHOLE_CHAIN.c.id == http_exchanges.c.id)
"""The exchanges `ids`, and all those that their responses are stored as the changes of."""


class DamagedAnswer(Exception):
    """A stored response is not the one that was received."""


async def read_responses(reading: AsyncConnection, rows: Sequence[sa.Row[Any]]) -> dict[str, bytes]:
    """The exact bytes of the responses of these rows, by their ids; those that the retention has removed are missing.

    Each row has id, response, previous_id and digest. Raises DamagedAnswer when a response does not have its digest.
    """
    stored = {row.id: row for row in rows}
    if missing := sorted({row.previous_id for row in rows if row.previous_id} - stored.keys()):
        stored |= {row.id: row for row in (await reading.execute(CHAINS, {"ids": missing})).all()}
    responses: dict[str, bytes] = {}
    for row in rows:
        _reproduce(row.id, stored, responses)
    return {row.id: responses[row.id] for row in rows if row.id in responses}


def _reproduce(exchange_id: str, stored: Mapping[str, sa.Row[Any]], responses: dict[str, bytes]) -> None:
    """Adds the response of an exchange and those before it in its chain, first to last, to `responses`."""
    links: list[sa.Row[Any]] = []
    link = stored.get(exchange_id)
    while link is not None and link.id not in responses:
        links.append(link)
        link = stored.get(link.previous_id) if link.previous_id else None
    for row in reversed(links):
        if row.response is None or (row.previous_id and row.previous_id not in responses):
            continue
        body = (
            decompress_changes(row.response, responses[row.previous_id])
            if row.previous_id
            else decompress(row.response)
        )
        if row.digest and hashlib.sha256(body).digest() != row.digest:
            raise DamagedAnswer(f"exchange {row.id}: its stored response does not have the SHA-256 {row.digest.hex()}")
        responses[row.id] = body
