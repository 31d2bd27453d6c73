"""Answer chains: an answer to a repeated read is stored as what changed since the previous answer of the same address.

A stock list of ten thousand rows is read every few minutes, and an order is read again after each change: nearly all of
it is the same every time. The first answer of each day (UTC) is stored whole, so that a chain never leaves its day and
the retention can remove whole days. Any answer can be reproduced byte for byte from the first one of its chain.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from weighbridge.persistence.types import Dictionary, compress, compress_changes, decompress

METHODS = frozenset({"GET", "PUT"})
"""Methods whose answer shows the object of the address."""
SHORTEST = 200
"""Bytes of an answer below which a reference to another costs more than it saves."""
LONG = 8 * 1024
"""Bytes of an answer from which on the SHA-256 of its exact bytes is stored with it."""
REFERENCE_BYTES = 64
"""What a reference to another exchange costs in a row."""
MOST_LINKS = 300
"""Answers in one chain: a reading every five minutes of a day. Each of them is decompressed to read the last one."""
MEMORY_BYTES = 64 * 1024 * 1024
"""The compressed answers that a process remembers; those not read for longest are forgotten first."""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT")


class RecordedExchange(Protocol):
    """A request and its answer, as the HTTP clients have them. Credentials are no part of it."""

    @property
    def connection(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def request(self) -> bytes: ...
    @property
    def status(self) -> int | None: ...
    @property
    def response(self) -> bytes: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def duration_ms(self) -> int: ...
    @property
    def outcome(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as its row stores it."""

    response: bytes
    previous_id: str | None
    """The exchange whose answer this one is stored as the changes of; None: it is stored whole."""
    digest: bytes | None
    whole: bytes
    """The whole answer, compressed."""


@dataclass(frozen=True, slots=True)
class _LatestAnswer:
    exchange_id: str
    whole: bytes
    """Compressed."""
    day: date
    links: int

    def may_precede(self, exchange: RecordedExchange) -> bool:
        """Whether the answer of `exchange` may be stored as the changes of this one."""
        return self.day == exchange.started_at.date() and self.links < MOST_LINKS


class AnswerChains:
    """The latest answers of this process. Nothing is lost with it: the next answer of each address is stored whole."""

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[str, str], _LatestAnswer] = OrderedDict()
        self._bytes = 0

    def store(self, exchange: RecordedExchange, dictionary: Dictionary) -> StoredAnswer:
        """How the answer of an exchange is to be stored."""
        answer = exchange.response
        whole = compress(answer, dictionary)
        digest = hashlib.sha256(answer).digest() if len(answer) >= LONG else None
        latest = self._latest.get(_key(exchange))
        if not _is_chained(exchange) or latest is None or not latest.may_precede(exchange):
            return StoredAnswer(whole, None, digest, whole)
        changes = compress_changes(answer, decompress(latest.whole))
        if len(changes) + REFERENCE_BYTES >= len(whole):
            return StoredAnswer(whole, None, digest, whole)
        return StoredAnswer(changes, latest.exchange_id, digest, whole)

    def remember(self, exchange_id: str, exchange: RecordedExchange, stored: StoredAnswer) -> None:
        """Lets the next answer of the same address refer to this one, whose row has been committed."""
        if not _is_chained(exchange):
            return
        before = self._latest.pop(_key(exchange), None)
        self._bytes -= len(before.whole) if before else 0
        links = before.links + 1 if before and stored.previous_id is not None else 1
        self._latest[_key(exchange)] = _LatestAnswer(exchange_id, stored.whole, exchange.started_at.date(), links)
        self._bytes += len(stored.whole)
        while self._bytes > MEMORY_BYTES:
            _, forgotten = self._latest.popitem(last=False)
            self._bytes -= len(forgotten.whole)


def _key(exchange: RecordedExchange) -> tuple[str, str]:
    return exchange.connection, address_of(exchange.url)


def address_of(url: str) -> str:
    """A URL without the timestamps in its query: a sweep asks the same list for what changed since its last run."""
    address, has_query, query = url.partition("?")
    if not has_query:
        return address
    lasting = [(name, value) for name, value in parse_qsl(query, True) if not _TIMESTAMP.match(value)]
    return f"{address}?{urlencode(lasting)}"


def _is_chained(exchange: RecordedExchange) -> bool:
    return exchange.method in METHODS and len(exchange.response) >= SHORTEST
