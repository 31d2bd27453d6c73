"""The way to a platform: reads are tried again, writes never are, and what is recorded carries no secret."""

from __future__ import annotations

import asyncio
import json
import socket
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from tests.platforms.scripted_server import HANG_UP, Reply, ScriptedServer, scripted
from weighbridge.app.client_factory import JournalRecorder
from weighbridge.common.clock import ScaledClock
from weighbridge.domain.lanes import Lane
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.tables.http_log import exchanges
from weighbridge.platforms.api_profile import Dialect
from weighbridge.platforms.bigcommerce.api_profile import BigCommerceDialect
from weighbridge.platforms.budget import Budget
from weighbridge.platforms.cin7.api_profile import Cin7Dialect
from weighbridge.platforms.http_client import Transport
from weighbridge.platforms.http_exchange import (
    AnswerLost,
    CredentialsRefused,
    Malformed,
    NotFound,
    PlatformError,
    Refused,
    Throttled,
    Unreachable,
)

TOKEN = "token-that-nobody-may-see"
FAST = ScaledClock.starting_now(2000.0)
Answer = TypeVar("Answer")


class Thing(BaseModel):
    id: int
    price: Decimal = Decimal(0)


GOOD = Reply(body=b'{"id": 7, "price": 19.99}')
HTML = {"content-type": "text/html"}
LOST = {
    "hung up on": HANG_UP,
    "server error": Reply(500, b'{"error": "oops"}'),
    "bad gateway": Reply(502, b"<html>bad gateway</html>", HTML),
    "request timed out": Reply(408, b""),
    "HTML with status 200": Reply(200, b"<html>we are back soon</html>", HTML),
    "HTML that says it is JSON": Reply(200, b"<html>we are back soon</html>"),
    "cut short": Reply(200, b'{"id": 7, "price": 19.99}', cut_to=9),
    "half of a document": Reply(200, b'{"id": 7, "pri'),
    "sent elsewhere": Reply(302, b"", {"location": "/elsewhere"}),
}


@dataclass
class Way:
    """A transport with everything real around it."""

    transport: Transport
    budget: Budget
    database: Database
    clock: ScaledClock

    async def outcomes(self) -> list[str]:
        """How each exchange was recorded, oldest first."""
        return [row.outcome for row in await self.recorded()]

    async def recorded(self) -> list[sa.Row[Any]]:
        async with self.database.reading() as reading:
            return list((await reading.execute(sa.select(exchanges).order_by(exchanges.c.started_at))).all())


def travel(
    folder: Path,
    url: str,
    work: Callable[[Way], Awaitable[Answer]],
    *,
    dialect: Dialect | None = None,
    clock: ScaledClock = FAST,
    call_timeout_wall_seconds: float = 75.0,
) -> Awaitable[Answer]:
    async def travelling() -> Answer:
        database = Database(f"sqlite:///{folder}/way.db")
        await database.create_tables()
        budget = Budget(database, clock, "test", call_timeout_wall_seconds=call_timeout_wall_seconds)
        transport = Transport(
            dialect or Cin7Dialect(),
            url,
            {"api-auth-applicationkey": TOKEN},
            connection="main",
            clock=clock,
            budget=budget,
            recorder=JournalRecorder(Journal.of(database, clock)),
        )
        try:
            return await work(Way(transport, budget, database, clock))
        finally:
            await transport.close()
            await database.close()

    return travelling()


def _run(
    folder: Path, work: Callable[[Way], Awaitable[Answer]], *replies: Reply, **options: Any
) -> tuple[Answer, ScriptedServer]:
    """What `work` answered over a server that gives `replies`, and the server."""

    async def running() -> tuple[Answer, ScriptedServer]:
        async with scripted(*replies) as server:
            return await travel(folder, server.url, work, **options), server

    return asyncio.run(running())


async def _read(way: Way) -> Thing:
    found: Thing = await way.transport.read("thing", Thing, lane=Lane.ORDERS)
    return found


async def _write(way: Way) -> Thing:
    made: Thing = await way.transport.write("POST", "thing", {"name": "new"}, Thing, lane=Lane.ORDERS)
    return made


def _refusal(work: Callable[[Way], Awaitable[Thing]], kind: type[PlatformError]) -> Callable[[Way], Any]:
    async def refused(way: Way) -> PlatformError:
        with pytest.raises(kind) as raised:
            await work(way)
        assert type(raised.value) is kind
        return raised.value

    return refused


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_read_whose_answer_is_lost_is_asked_again(tmp_path: Path, lost: Reply) -> None:
    found, server = _run(tmp_path, _read, lost, lost, GOOD)
    assert found == Thing(id=7, price=Decimal("19.99"))
    assert [(one.method, one.path) for one in server.asked] == [("GET", "/thing")] * 3, "no redirect is followed"


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_write_whose_answer_is_lost_arrives_once_and_counts_as_uncertain(tmp_path: Path, lost: Reply) -> None:
    _, server = _run(tmp_path, _refusal(_write, AnswerLost), lost, GOOD)
    assert [(one.method, one.path, one.body) for one in server.asked] == [("POST", "/thing", b'{"name":"new"}')]


def test_read_gives_up_after_four_tries(tmp_path: Path) -> None:
    _, server = _run(tmp_path, _refusal(_read, AnswerLost), HANG_UP)
    assert len(server.asked) == 4


def test_write_that_was_answered_in_another_shape_counts_as_lost_since_it_happened(tmp_path: Path) -> None:
    _, server = _run(tmp_path, _refusal(_write, AnswerLost), Reply(200, b'{"id": "seven"}'))
    assert len(server.asked) == 1


def test_read_answered_in_another_shape_names_what_is_wrong_and_is_not_repeated(tmp_path: Path) -> None:
    error, server = _run(tmp_path, _refusal(_read, Malformed), Reply(200, b'{"id": "seven"}'))
    assert [(field, value) for field, value, _ in error.problems] == [("id", "'seven'")]
    assert len(server.asked) == 1


def test_write_on_a_connection_that_the_platform_closed_in_silence_arrives_once(tmp_path: Path) -> None:
    async def twice(way: Way) -> bool:
        await _read(way)
        try:
            await _write(way)
        except AnswerLost:
            return False
        return True

    certain, server = _run(tmp_path, twice, Reply(200, b'{"id": 1}', closes_after=True), GOOD)
    assert [one.method for one in server.asked].count("POST") == (1 if certain else 0)


REFUSALS = [(400, Refused), (401, CredentialsRefused), (403, CredentialsRefused), (404, NotFound), (422, Refused)]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
@pytest.mark.parametrize("work", [_read, _write])
def test_refusal_is_final_and_keeps_the_platforms_words(
    tmp_path: Path, work: Callable[[Way], Awaitable[Thing]], status: int, kind: type[Refused]
) -> None:
    body = b'[{"ErrorCode": 400, "Exception": "Location was not found"}]'
    error, server = _run(tmp_path, _refusal(work, kind), Reply(status, body), GOOD)
    assert error.messages == ("Location was not found",)
    assert len(server.asked) == 1


THROTTLES: dict[str, tuple[Dialect, Reply, float | None]] = {
    "Cin7 429": (Cin7Dialect(), Reply(429, b"", {"retry-after": "7"}), 7.0),
    "Cin7 503": (Cin7Dialect(), Reply(503, b""), None),
    "Cin7 400 in words": (Cin7Dialect(), Reply(400, b"You have reached 60 calls per 60 seconds API limit."), None),
    "BigCommerce 429": (BigCommerceDialect(), Reply(429, b"", {"X-Rate-Limit-Time-Reset-Ms": "4500"}), 4.5),
    "BigCommerce 429 in seconds": (BigCommerceDialect(), Reply(429, b"", {"X-Retry-After": "9"}), 9.0),
}


@pytest.mark.parametrize(("dialect", "reply", "wait"), THROTTLES.values(), ids=THROTTLES.keys())
def test_throttled_write_is_not_repeated_and_pauses_every_worker(
    tmp_path: Path, dialect: Dialect, reply: Reply, wait: float | None
) -> None:
    async def write_and_look(way: Way) -> tuple[Throttled, int, float]:
        before = way.clock.now()
        with pytest.raises(Throttled) as raised:
            await _write(way)
        usage = await way.budget.usage()
        async with way.budget.slot(Lane.ORDERS):
            paused = (way.clock.now() - before).total_seconds()
        return raised.value, usage.throttles, paused

    (error, throttles, paused), server = _run(tmp_path, write_and_look, reply, GOOD, dialect=dialect)
    assert error.retry_after_seconds == wait
    assert throttles == 1
    assert paused >= (wait or 10.0)
    assert len(server.asked) == 1


def test_throttled_read_waits_and_is_asked_again(tmp_path: Path) -> None:
    found, server = _run(tmp_path, _read, Reply(429, b""), Reply(503, b""), GOOD)
    assert found.id == 7
    assert len(server.asked) == 3


def test_platform_that_nobody_reaches_costs_no_calls(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def reach(way: Way) -> tuple[int, list[str]]:
            with pytest.raises(Unreachable):
                await _write(way)
            return (await way.budget.usage()).in_window, await way.outcomes()

        in_window, outcomes = asyncio.run(_awaited(travel(tmp_path, closed, reach)))
    assert in_window == 0, "what never left gives its slot back"
    assert outcomes == ["unreachable: ConnectError"]


async def _awaited(waiting: Awaitable[Answer]) -> Answer:
    return await waiting


def test_call_that_outlives_its_permit_is_cut_off_and_counts(tmp_path: Path) -> None:
    """Its slot ends with the permit; a call that went on would count at the platform and no more in our book."""

    async def write_and_look(way: Way) -> int:
        with pytest.raises(AnswerLost):
            await _write(way)
        return (await way.budget.usage()).in_window

    slow = Reply(200, b'{"id": 7}', wall_seconds=5.0)
    clock = ScaledClock.starting_now(1.0)
    in_window, server = _run(tmp_path, write_and_look, slow, clock=clock, call_timeout_wall_seconds=0.3)
    assert in_window == 1
    assert len(server.asked) == 1


def test_permit_that_ended_before_the_sending_sends_nothing_and_says_so(tmp_path: Path) -> None:
    """Storing the intent took too long: nothing left, so the write is free to be sent afresh."""

    async def store_slowly() -> None:
        await asyncio.sleep(0.4)

    async def write_late(way: Way) -> list[str]:
        with pytest.raises(Unreachable):
            await way.transport.write("POST", "thing", {}, Thing, lane=Lane.ORDERS, before_send=store_slowly)
        return await way.outcomes()

    clock = ScaledClock.starting_now(1.0)
    outcomes, server = _run(tmp_path, write_late, GOOD, clock=clock, call_timeout_wall_seconds=0.2)
    assert server.asked == []
    assert outcomes == ["unreachable: PermitEnded"]


def test_write_whose_intent_cannot_be_stored_never_leaves_and_costs_no_call(tmp_path: Path) -> None:
    class Taken(Exception):
        """Another run holds the transfer."""

    async def refuse() -> None:
        raise Taken

    async def write_and_look(way: Way) -> int:
        with pytest.raises(Taken):
            await way.transport.write("POST", "thing", {}, Thing, lane=Lane.ORDERS, before_send=refuse)
        return (await way.budget.usage()).in_window

    in_window, server = _run(tmp_path, write_and_look, GOOD)
    assert server.asked == []
    assert in_window == 0


def test_every_exchange_is_recorded_byte_for_byte_and_without_credentials(tmp_path: Path) -> None:
    async def talk(way: Way) -> list[sa.Row[Any]]:
        await _read(way)
        await way.transport.write("PUT", "thing", {"price": Decimal("0.10")}, Thing, lane=Lane.ORDERS)
        return await way.recorded()

    rows, server = _run(tmp_path, talk, HANG_UP, GOOD, Reply(body=b'{ "id" : 7 }'))
    assert all(one.headers["api-auth-applicationkey"] == TOKEN for one in server.asked)
    told = [(row.method, row.status, row.outcome) for row in rows]
    assert told == [
        ("GET", None, "answer lost: RemoteProtocolError"),
        ("GET", 200, "answered"),
        ("PUT", 200, "answered"),
    ]
    assert zlib.decompress(rows[2].request) == server.asked[2].body == b'{"price":0.10}'
    assert zlib.decompress(rows[2].response) == b'{ "id" : 7 }'
    assert TOKEN not in _everything(rows)


HOOKS: dict[str, tuple[Dialect, str, bytes]] = {
    "BigCommerce": (
        BigCommerceDialect(),
        "v3/hooks",
        b'{"destination": "https://example.com/hooks/bigcommerce/main/SECRET", "headers": {"x-secret": "SECRET"}}',
    ),
    "Cin7": (
        Cin7Dialect(),
        "webhooks",
        b'{"ExternalURL": "https://example.com/hooks/cin7/main/SECRET", "ExternalBearerToken": "SECRET", '
        b'"ExternalHeaders": [{"Key": "x-secret", "Value": "SECRET"}], "ExternalPassword": "SECRET"}',
    ),
}


@pytest.mark.parametrize(("dialect", "path", "hook"), HOOKS.values(), ids=HOOKS.keys())
def test_secrets_of_hooks_are_sent_and_never_recorded(tmp_path: Path, dialect: Dialect, path: str, hook: bytes) -> None:
    """Both directions: what we send, and the list that the platform answers; refusals that repeat it too."""

    async def arm(way: Way) -> list[sa.Row[Any]]:
        body = json.loads(hook)
        await way.transport.write("POST", path, body, None, lane=Lane.ORDERS)
        with pytest.raises(Refused):
            await way.transport.write("PUT", path, body, None, lane=Lane.ORDERS)
        return await way.recorded()

    rows, server = _run(tmp_path, arm, Reply(body=b"[" + hook + b"]"), Reply(422, hook), dialect=dialect)
    assert all(b"SECRET" in one.body for one in server.asked)
    assert len(rows) == 2
    assert "SECRET" not in _everything(rows)
    assert "example.com" in _everything(rows), "the rest stays readable"


def _everything(rows: list[sa.Row[Any]]) -> str:
    return " ".join(
        f"{row.url} {row.outcome} {zlib.decompress(row.request)!r} {zlib.decompress(row.response)!r}" for row in rows
    )
