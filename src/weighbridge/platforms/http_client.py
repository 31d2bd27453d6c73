"""The way to a platform: pooled, patient, recorded. Reads are retried here; writes never are."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, cast

import httpx2
from pydantic import BaseModel, ValidationError

from weighbridge.common.certificates import trusted
from weighbridge.common.clock import Clock
from weighbridge.domain.lanes import Lane
from weighbridge.platforms.api_profile import Dialect
from weighbridge.platforms.call_slot import Permit, Quota
from weighbridge.platforms.http_exchange import (
    AnswerLost,
    CredentialsRefused,
    Exchange,
    Malformed,
    NotFound,
    PlatformError,
    Recorder,
    Refused,
    Throttled,
    Unreachable,
)
from weighbridge.platforms.json_encoding import dump
from weighbridge.platforms.parsing import is_json, parsed, problems_of

T = TypeVar("T")
BeforeSend = Callable[[], Awaitable[None]]

READ_ATTEMPTS = 4
NEVER_LEFT = "unreachable"
TIMED_OUT = 408
"""Comes from gateways too, which may have passed the request on: no refusal."""


class PermitEnded(Exception):
    """Permission to call ran out before the request left."""


NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, PermitEnded)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds of the machine's time that a call may take."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 60.0
    """Authorising a long order is slow; a short time-out would make its outcome uncertain. Source: notes, cin7 1.6."""


class SlotGiver(Protocol):
    """Gives permission for one call at a time. See budget.py."""

    def slot(self, lane: Lane) -> AbstractAsyncContextManager[Permit]: ...

    async def throttled(self, retry_after_seconds: float | None) -> None: ...

    async def learned(self, told: Quota) -> None: ...

    async def close(self) -> None: ...


class Transport:
    """All calls of one connection to one platform."""

    def __init__(
        self,
        dialect: Dialect,
        base_url: str,
        headers: Mapping[str, str],
        *,
        connection: str,
        clock: Clock,
        budget: SlotGiver,
        recorder: Recorder,
        timeouts: Timeouts = Timeouts(),
    ) -> None:
        self._dialect = dialect
        self._base = base_url.rstrip("/")
        self._connection = connection
        self._clock = clock
        self._budget = budget
        self._recorder = recorder
        self._timeouts = timeouts
        self._jitter = random.Random()
        self._client = httpx2.AsyncClient(
            headers=dict(headers),
            follow_redirects=False,
            verify=trusted(),
            limits=httpx2.Limits(max_connections=20, max_keepalive_connections=10),
        )

    async def close(self) -> None:
        await self._client.aclose()
        await self._budget.close()

    async def read(
        self,
        path: str,
        model: type[T] | Any,
        *,
        lane: Lane,
        query: Mapping[str, str] | None = None,
        before_send: BeforeSend | None = None,
    ) -> T:
        """A GET, parsed as `model`; tried again when the answer is lost or the quota used up. `before_send` runs before
        each try, once it has its turn.

        Raises Refused, Throttled, Unreachable, AnswerLost or Malformed.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                exchange = await self._exchange("GET", path, query, b"", lane, before_send)
                return cast("T", self._parsed(exchange, model))
            except Throttled:
                if attempt >= READ_ATTEMPTS:
                    raise
            except (AnswerLost, Unreachable):
                if attempt >= READ_ATTEMPTS:
                    raise
                await self._clock.sleep(2**attempt * (0.5 + self._jitter.random()))

    async def write(
        self,
        method: str,
        path: str,
        body: BaseModel | list[Any] | dict[str, Any] | None,
        model: type[T] | Any,
        *,
        lane: Lane,
        query: Mapping[str, str] | None = None,
        before_send: BeforeSend | None = None,
    ) -> T:
        """One POST, PUT or DELETE, sent at most once. `before_send` runs when nothing but the sending is left to do.

        Raises Refused, Throttled and Unreachable when nothing was written, AnswerLost when that is not known.
        An answer that cannot be parsed after a write counts as lost: the write happened.
        """
        raw = b"" if body is None else dump(body)
        exchange = await self._exchange(method, path, query, raw, lane, before_send)
        try:
            return cast("T", self._parsed(exchange, model))
        except Malformed as error:
            raise AnswerLost(exchange, str(error)) from error

    async def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        raw: bytes,
        lane: Lane,
        before_send: BeforeSend | None,
    ) -> Exchange:
        async with self._budget.slot(lane) as permit:
            if before_send is not None:
                try:
                    await before_send()
                except BaseException:
                    permit.give_back()
                    raise
            return await self._send(permit, method, path, query, raw)

    async def _send(
        self, permit: Permit, method: str, path: str, query: Mapping[str, str] | None, raw: bytes
    ) -> Exchange:
        """One call, judged and recorded. Raises PlatformError for every answer that cannot be used."""
        request = self._request(method, path, query, raw)
        started_at, began = self._clock.now(), time.perf_counter()
        answer: httpx2.Response | None = None
        outcome = "answered"
        try:
            # A call that outlives its slot would count at the platform and no more in our book.
            left = permit.seconds_left()
            if left <= 0:
                raise PermitEnded
            async with asyncio.timeout(left):
                answer = await self._client.send(request)
        except NEVER_SENT as cause:
            permit.give_back()
            outcome = f"{NEVER_LEFT}: {type(cause).__name__}"
        except (httpx2.HTTPError, TimeoutError) as cause:
            outcome = f"answer lost: {type(cause).__name__}"
        done = Exchange(
            self._dialect.name,
            self._connection,
            method,
            str(request.url),
            raw,
            None if answer is None else answer.status_code,
            b"" if answer is None else answer.content,
            started_at,
            int((time.perf_counter() - began) * 1000),
            outcome[:32],
        )
        error = self._failed(done) if answer is None else self._judge(done, answer.headers)
        await self._record(done, path, outcome if answer is None else _verdict(error))
        if answer is not None and (told := self._dialect.quota(answer.headers)) is not None:
            await self._budget.learned(told)
        if isinstance(error, Throttled):
            await self._budget.throttled(error.retry_after_seconds)
        if error is not None:
            raise error
        return done

    def _request(self, method: str, path: str, query: Mapping[str, str] | None, raw: bytes) -> httpx2.Request:
        seconds = self._timeouts.read if method == "GET" else self._timeouts.write
        return self._client.build_request(
            method,
            f"{self._base}/{path.lstrip('/')}",
            params=dict(query) if query else None,
            content=raw or None,
            headers={"accept": "application/json"} | ({"content-type": "application/json"} if raw else {}),
            timeout=httpx2.Timeout(seconds, connect=self._timeouts.connect),
        )

    async def _record(self, exchange: Exchange, path: str, outcome: str) -> None:
        shown = self._dialect.without_secrets
        await self._recorder.record(
            replace(
                exchange,
                request=shown(path, exchange.request),
                response=shown(path, exchange.response),
                outcome=outcome[:32],
            )
        )

    def _failed(self, exchange: Exchange) -> PlatformError:
        kind = Unreachable if exchange.outcome.startswith(NEVER_LEFT) else AnswerLost
        return kind(exchange, exchange.outcome)

    def _judge(self, exchange: Exchange, headers: Mapping[str, str]) -> PlatformError | None:
        """What a status says; None when the answer can be read."""
        status = exchange.status or 0
        if self._dialect.is_throttle(status, exchange.response):
            return Throttled(exchange, self._dialect.retry_after(headers))
        if status in (401, 403):
            return CredentialsRefused(exchange, self._dialect.messages(exchange.response))
        if status == 404:
            return NotFound(exchange, self._dialect.messages(exchange.response))
        if 400 <= status < 500 and status != TIMED_OUT:
            return Refused(exchange, self._dialect.messages(exchange.response))
        if status >= 500 or 300 <= status < 400 or status == TIMED_OUT:
            return AnswerLost(exchange, f"HTTP {status}")
        if exchange.response.strip() and not is_json(headers, exchange.response):
            return AnswerLost(exchange, "the answer is not JSON")
        return None

    def _parsed(self, exchange: Exchange, model: Any) -> Any:
        if model is None:
            return None
        try:
            return parsed(exchange.response, model)
        except ValidationError as error:
            raise Malformed(exchange, problems_of(error)) from error
        except ValueError as error:
            raise AnswerLost(exchange, f"the answer is cut short: {error}") from error


def _verdict(error: PlatformError | None) -> str:
    return "answered" if error is None else type(error).__name__.lower()
