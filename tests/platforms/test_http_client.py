"""The HTTP client: reads are retried, writes never are, and recorded exchanges hold no secret."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from tests.platforms.scripted_server import HANG_UP, Reply, ScriptedServer, scripted
from weighbridge.common.clock import ScaledClock
from weighbridge.domain.lanes import Lane
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.types import decompress
from weighbridge.platforms.api_profile import ApiProfile
from weighbridge.platforms.bigcommerce.api_profile import BigCommerceApiProfile
from weighbridge.platforms.budget import Budget
from weighbridge.platforms.cin7.api_profile import Cin7ApiProfile
from weighbridge.platforms.http_client import HttpClient
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

TOKEN = "token-that-must-stay-secret"
FAST = ScaledClock.starting_now(2000.0)
Answer = TypeVar("Answer")


class Item(BaseModel):
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
class ClientHarness:
    """An HTTP client with a real budget, database and recorder."""

    http: HttpClient
    budget: Budget
    database: Database
    clock: ScaledClock

    async def outcomes(self) -> list[str]:
        """How each exchange was recorded, oldest first."""
        return [row.outcome for row in await self.recorded()]

    async def recorded(self) -> list[sa.Row[Any]]:
        async with self.database.reading() as reading:
            return list((await reading.execute(sa.select(http_exchanges).order_by(http_exchanges.c.started_at))).all())


def run_with_client(
    folder: Path,
    url: str,
    work: Callable[[ClientHarness], Awaitable[Answer]],
    *,
    api_profile: ApiProfile | None = None,
    clock: ScaledClock = FAST,
    call_timeout_wall_seconds: float = 75.0,
) -> Awaitable[Answer]:
    async def running() -> Answer:
        database = Database(f"sqlite:///{folder}/weighbridge.db")
        await database.create_tables()
        budget = Budget(database, clock, "test", call_timeout_wall_seconds=call_timeout_wall_seconds)
        http = HttpClient(
            api_profile or Cin7ApiProfile(),
            url,
            {"api-auth-applicationkey": TOKEN},
            connection="main",
            clock=clock,
            budget=budget,
            recorder=Repositories.of(database, clock).http_log,
        )
        try:
            return await work(ClientHarness(http, budget, database, clock))
        finally:
            await http.close()
            await database.close()

    return running()


def _run(
    folder: Path, work: Callable[[ClientHarness], Awaitable[Answer]], *replies: Reply, **options: Any
) -> tuple[Answer, ScriptedServer]:
    """The result of `work` against a server that gives `replies`, and the server."""

    async def running() -> tuple[Answer, ScriptedServer]:
        async with scripted(*replies) as server:
            return await run_with_client(folder, server.url, work, **options), server

    return asyncio.run(running())


async def _read(harness: ClientHarness) -> Item:
    item: Item = await harness.http.read("thing", Item, lane=Lane.ORDERS)
    return item


async def _write(harness: ClientHarness) -> Item:
    item: Item = await harness.http.write("POST", "thing", {"name": "new"}, Item, lane=Lane.ORDERS)
    return item


def _refusal(
    work: Callable[[ClientHarness], Awaitable[Item]], kind: type[PlatformError]
) -> Callable[[ClientHarness], Any]:
    async def refused(harness: ClientHarness) -> PlatformError:
        with pytest.raises(kind) as raised:
            await work(harness)
        assert type(raised.value) is kind
        return raised.value

    return refused


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_read_whose_answer_is_lost_is_retried(tmp_path: Path, lost: Reply) -> None:
    item, server = _run(tmp_path, _read, lost, lost, GOOD)
    assert item == Item(id=7, price=Decimal("19.99"))
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/thing")] * 3, (
        "no redirect is followed"
    )


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_write_whose_answer_is_lost_is_sent_once_and_counts_as_uncertain(tmp_path: Path, lost: Reply) -> None:
    _, server = _run(tmp_path, _refusal(_write, AnswerLost), lost, GOOD)
    assert [(request.method, request.path, request.body) for request in server.requests] == [
        ("POST", "/thing", b'{"name":"new"}')
    ]


def test_read_gives_up_after_four_tries(tmp_path: Path) -> None:
    _, server = _run(tmp_path, _refusal(_read, AnswerLost), HANG_UP)
    assert len(server.requests) == 4


def test_write_that_was_answered_in_another_shape_counts_as_lost_since_it_happened(tmp_path: Path) -> None:
    _, server = _run(tmp_path, _refusal(_write, AnswerLost), Reply(200, b'{"id": "seven"}'))
    assert len(server.requests) == 1


def test_read_answered_in_another_shape_names_what_is_wrong_and_is_not_repeated(tmp_path: Path) -> None:
    error, server = _run(tmp_path, _refusal(_read, Malformed), Reply(200, b'{"id": "seven"}'))
    assert [(field, value) for field, value, _ in error.problems] == [("id", "'seven'")]
    assert len(server.requests) == 1


def test_write_on_a_connection_closed_without_notice_is_sent_at_most_once(tmp_path: Path) -> None:
    async def twice(harness: ClientHarness) -> bool:
        await _read(harness)
        try:
            await _write(harness)
        except AnswerLost:
            return False
        return True

    is_answered, server = _run(tmp_path, twice, Reply(200, b'{"id": 1}', closes_after=True), GOOD)
    assert [request.method for request in server.requests].count("POST") == (1 if is_answered else 0)


REFUSALS = [(400, Refused), (401, CredentialsRefused), (403, CredentialsRefused), (404, NotFound), (422, Refused)]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
@pytest.mark.parametrize("work", [_read, _write])
def test_refusal_is_final_and_keeps_the_platforms_message(
    tmp_path: Path, work: Callable[[ClientHarness], Awaitable[Item]], status: int, kind: type[Refused]
) -> None:
    body = b'[{"ErrorCode": 400, "Exception": "Location was not found"}]'
    error, server = _run(tmp_path, _refusal(work, kind), Reply(status, body), GOOD)
    assert error.messages == ("Location was not found",)
    assert len(server.requests) == 1


THROTTLES: dict[str, tuple[ApiProfile, Reply, float | None]] = {
    "Cin7 429": (Cin7ApiProfile(), Reply(429, b"", {"retry-after": "7"}), 7.0),
    "Cin7 503": (Cin7ApiProfile(), Reply(503, b""), None),
    "Cin7 400 in words": (Cin7ApiProfile(), Reply(400, b"You have reached 60 calls per 60 seconds API limit."), None),
    "BigCommerce 429": (BigCommerceApiProfile(), Reply(429, b"", {"X-Rate-Limit-Time-Reset-Ms": "4500"}), 4.5),
    "BigCommerce 429 in seconds": (BigCommerceApiProfile(), Reply(429, b"", {"X-Retry-After": "9"}), 9.0),
}


@pytest.mark.parametrize(("api_profile", "reply", "wait"), THROTTLES.values(), ids=THROTTLES.keys())
def test_throttled_write_is_not_repeated_and_pauses_every_worker(
    tmp_path: Path, api_profile: ApiProfile, reply: Reply, wait: float | None
) -> None:
    async def write_and_measure(harness: ClientHarness) -> tuple[Throttled, int, float]:
        before = harness.clock.now()
        with pytest.raises(Throttled) as raised:
            await _write(harness)
        usage = await harness.budget.usage()
        async with harness.budget.call_slot(Lane.ORDERS):
            paused = (harness.clock.now() - before).total_seconds()
        return raised.value, usage.throttles, paused

    (error, throttles, paused), server = _run(tmp_path, write_and_measure, reply, GOOD, api_profile=api_profile)
    assert error.retry_after_seconds == wait
    assert throttles == 1
    assert paused >= (wait or 10.0)
    assert len(server.requests) == 1


def test_throttled_read_waits_and_is_retried(tmp_path: Path) -> None:
    item, server = _run(tmp_path, _read, Reply(429, b""), Reply(503, b""), GOOD)
    assert item.id == 7
    assert len(server.requests) == 3


def test_unreachable_platform_costs_no_calls(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"

        async def reach(harness: ClientHarness) -> tuple[int, list[str]]:
            with pytest.raises(Unreachable, match=r"unreachable: 127\.0\.0\.1:\d+ refuses the connection"):
                await _write(harness)
            return (await harness.budget.usage()).in_window, await harness.outcomes()

        in_window, outcomes = asyncio.run(_awaited(run_with_client(tmp_path, closed, reach)))
    assert in_window == 0, "a request that was never sent releases its slot"
    assert outcomes == ["unreachable: refused"]


async def _awaited(waiting: Awaitable[Answer]) -> Answer:
    return await waiting


def test_call_that_outlives_its_slot_is_cut_off_and_counts(tmp_path: Path) -> None:
    """A call that outlived its slot would count at the platform, but no longer in the budget."""

    async def write_and_count(harness: ClientHarness) -> int:
        with pytest.raises(AnswerLost):
            await _write(harness)
        return (await harness.budget.usage()).in_window

    slow = Reply(200, b'{"id": 7}', wall_seconds=5.0)
    clock = ScaledClock.starting_now(1.0)
    in_window, server = _run(tmp_path, write_and_count, slow, clock=clock, call_timeout_wall_seconds=0.3)
    assert in_window == 1
    assert len(server.requests) == 1


def test_call_slot_that_expired_before_sending_sends_nothing(tmp_path: Path) -> None:
    """Storing the intent took too long: nothing was sent, so the write may be sent again."""

    async def store_slowly() -> None:
        await asyncio.sleep(0.4)

    async def write_late(harness: ClientHarness) -> list[str]:
        with pytest.raises(Unreachable):
            await harness.http.write("POST", "thing", {}, Item, lane=Lane.ORDERS, before_send=store_slowly)
        return await harness.outcomes()

    clock = ScaledClock.starting_now(1.0)
    outcomes, server = _run(tmp_path, write_late, GOOD, clock=clock, call_timeout_wall_seconds=0.2)
    assert server.requests == []
    assert outcomes == ["not sent: CallSlotExpired"]


def test_write_whose_intent_cannot_be_stored_is_not_sent_and_costs_no_call(tmp_path: Path) -> None:
    class LeaseTaken(Exception):
        """Another run holds the transfer."""

    async def refuse() -> None:
        raise LeaseTaken

    async def write_and_count(harness: ClientHarness) -> int:
        with pytest.raises(LeaseTaken):
            await harness.http.write("POST", "thing", {}, Item, lane=Lane.ORDERS, before_send=refuse)
        return (await harness.budget.usage()).in_window

    in_window, server = _run(tmp_path, write_and_count, GOOD)
    assert server.requests == []
    assert in_window == 0


def test_every_exchange_is_recorded_byte_for_byte_and_without_credentials(tmp_path: Path) -> None:
    async def talk(harness: ClientHarness) -> list[sa.Row[Any]]:
        await _read(harness)
        await harness.http.write("PUT", "thing", {"price": Decimal("0.10")}, Item, lane=Lane.ORDERS)
        return await harness.recorded()

    rows, server = _run(tmp_path, talk, HANG_UP, GOOD, Reply(body=b'{ "id" : 7 }'))
    assert all(request.headers["api-auth-applicationkey"] == TOKEN for request in server.requests)
    assert [(row.method, row.status, row.outcome) for row in rows] == [
        ("GET", None, "answer lost: RemoteProtocolError"),
        ("GET", 200, "answered"),
        ("PUT", 200, "answered"),
    ]
    assert decompress(rows[2].request) == server.requests[2].body == b'{"price":0.10}'
    assert decompress(rows[2].response) == b'{ "id" : 7 }'
    assert TOKEN not in _everything(rows)


WEBHOOKS: dict[str, tuple[ApiProfile, str, bytes]] = {
    "BigCommerce": (
        BigCommerceApiProfile(),
        "v3/hooks",
        b'{"destination": "https://example.com/webhooks/bigcommerce/main/SECRET", "headers": {"x-secret": "SECRET"}}',
    ),
    "Cin7": (
        Cin7ApiProfile(),
        "webhooks",
        b'{"ExternalURL": "https://example.com/webhooks/cin7/main/SECRET", "ExternalBearerToken": "SECRET", '
        b'"ExternalHeaders": [{"Key": "x-secret", "Value": "SECRET"}], "ExternalPassword": "SECRET"}',
    ),
}


@pytest.mark.parametrize(("api_profile", "path", "webhook"), WEBHOOKS.values(), ids=WEBHOOKS.keys())
def test_webhook_secrets_are_sent_and_never_recorded(
    tmp_path: Path, api_profile: ApiProfile, path: str, webhook: bytes
) -> None:
    """In both directions: requests, the list that the platform answers, and refusals that repeat it."""

    async def register(harness: ClientHarness) -> list[sa.Row[Any]]:
        body = json.loads(webhook)
        await harness.http.write("POST", path, body, None, lane=Lane.ORDERS)
        with pytest.raises(Refused):
            await harness.http.write("PUT", path, body, None, lane=Lane.ORDERS)
        return await harness.recorded()

    rows, server = _run(
        tmp_path, register, Reply(body=b"[" + webhook + b"]"), Reply(422, webhook), api_profile=api_profile
    )
    assert all(b"SECRET" in request.body for request in server.requests)
    assert len(rows) == 2
    assert "SECRET" not in _everything(rows)
    assert "example.com" in _everything(rows), "the rest stays readable"


def _everything(rows: list[sa.Row[Any]]) -> str:
    return " ".join(
        f"{row.path} {row.outcome} {decompress(row.request)!r} {decompress(row.response)!r}" for row in rows
    )
