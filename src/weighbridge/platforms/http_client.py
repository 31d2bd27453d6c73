"""The HTTP client of a platform: pools connections and records exchanges. It retries reads, never writes."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol, TypeVar, cast

import httpx2
from pydantic import BaseModel, ValidationError

from weighbridge.common.certificates import ssl_context
from weighbridge.common.clock import Clock, machine_time, seconds_between
from weighbridge.common.connection_failure import failure_of, failure_reason
from weighbridge.domain.lanes import Lane
from weighbridge.platforms.api_profile import ApiProfile
from weighbridge.platforms.call_slots import CallSlot, Quota
from weighbridge.platforms.clock_offsets import ANSWERS, DatedAnswer
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
from weighbridge.platforms.json_bodies import dump, is_json, parsed, problems_of

T = TypeVar("T")
BeforeSend = Callable[[], Awaitable[None]]

READ_ATTEMPTS = 4
UNREACHABLE, ANSWER_LOST, NOT_SENT = "unreachable", "answer lost", "not sent"
"""How the outcome of an exchange without an answer begins in the HTTP log; the cause follows in a few words."""
TIMED_OUT = 408
"""Gateways answer with it too, and may have passed the request on, so it does not count as refused."""


class CallSlotExpired(Exception):
    """The call slot expired before the request was sent."""


NO_CONNECTION = (httpx2.ConnectError, httpx2.ConnectTimeout)
NOT_TRIED = (httpx2.PoolTimeout, CallSlotExpired)
"""Reasons of our own for not sending a request; they say nothing about the platform."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a call may take, in the machine's seconds."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 60.0
    """Authorising a long order is slow; a short time-out would make its outcome uncertain. Source: notes, cin7 1.6."""


class CallBudget(Protocol):
    """Grants slots for calls. See budget.py."""

    def call_slot(self, lane: Lane) -> AbstractAsyncContextManager[CallSlot]: ...

    async def record_throttle(self, retry_after_seconds: float | None) -> None: ...

    async def record_quota(self, quota: Quota) -> None: ...

    async def close(self) -> None: ...


class HttpClient:
    """All calls of one connection to one platform."""

    def __init__(
        self,
        api_profile: ApiProfile,
        base_url: str,
        headers: Mapping[str, str],
        *,
        connection: str,
        clock: Clock,
        budget: CallBudget,
        recorder: Recorder,
        timeouts: Timeouts = Timeouts(),
        dated_answers: deque[DatedAnswer] | None = None,
    ) -> None:
        self._api_profile = api_profile
        self._base = base_url.rstrip("/")
        self._connection = connection
        self._clock = clock
        self._budget = budget
        self._recorder = recorder
        self._timeouts = timeouts
        self._dated_answers = deque(maxlen=ANSWERS) if dated_answers is None else dated_answers
        self._jitter = random.Random()
        self._client = httpx2.AsyncClient(
            headers=dict(headers),
            follow_redirects=False,
            verify=ssl_context(),
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
        """A GET, parsed as `model`; retried when the answer is lost or the quota is used up. `before_send` runs before
        each try, once it has a call slot.

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
        """One POST, PUT or DELETE, sent at most once. `before_send` runs immediately before the sending.

        Raises Refused, Throttled or Unreachable when nothing was written, AnswerLost when that is unknown.
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
        async with self._budget.call_slot(lane) as call_slot:
            if before_send is not None:
                try:
                    await before_send()
                except BaseException:
                    call_slot.release()
                    raise
            return await self._send(call_slot, method, path, query, raw)

    async def _send(
        self, call_slot: CallSlot, method: str, path: str, query: Mapping[str, str] | None, raw: bytes
    ) -> Exchange:
        """One call, recorded. Raises PlatformError for every answer that cannot be used."""
        request = self._request(method, path, query, raw)
        started_at, began = self._clock.now(), time.perf_counter()
        answer: httpx2.Response | None = None
        outcome, reason = "answered", ""
        try:
            # A call that outlives its slot would count at the platform, but no longer in the budget.
            left = self._clock.wall_seconds(seconds_between(self._clock.now(), call_slot.ends_at))
            if left <= 0:
                raise CallSlotExpired
            async with asyncio.timeout(left):
                answer = await self._client.send(request)
            if (date := answer.headers.get("date")) and "age" not in answer.headers:
                taken = timedelta(seconds=time.perf_counter() - began)
                self._dated_answers.append(DatedAnswer(date, machine_time(), taken))
        except NO_CONNECTION as cause:
            call_slot.release()
            outcome = f"{UNREACHABLE}: {failure_of(cause)}"
            reason = f"{UNREACHABLE}: {failure_reason(cause, request.url.netloc.decode())}"
        except NOT_TRIED as cause:
            call_slot.release()
            outcome = reason = f"{NOT_SENT}: {type(cause).__name__}"
        except (httpx2.HTTPError, TimeoutError) as cause:
            outcome = f"{ANSWER_LOST}: {type(cause).__name__}"
            reason = f"{ANSWER_LOST}: {_why_lost(cause)}"
        done = Exchange(
            self._api_profile.name,
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
        error = _error_without_answer(done, reason) if answer is None else self._error_for_status(done, answer.headers)
        await self._record(done, path, outcome if answer is None else _outcome_of(error))
        if answer is not None and (quota := self._api_profile.quota(answer.headers)) is not None:
            await self._budget.record_quota(quota)
        if isinstance(error, Throttled):
            await self._budget.record_throttle(error.retry_after_seconds)
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
        redacted = self._api_profile.without_secrets
        await self._recorder.record(
            replace(
                exchange,
                request=redacted(path, exchange.request),
                response=redacted(path, exchange.response),
                outcome=outcome[:32],
            )
        )

    def _error_for_status(self, exchange: Exchange, headers: Mapping[str, str]) -> PlatformError | None:
        """The error for a status; None when the answer is usable."""
        status = exchange.status or 0
        if self._api_profile.is_throttle(status, exchange.response):
            return Throttled(exchange, self._api_profile.retry_after(headers))
        if status in (401, 403):
            return CredentialsRefused(exchange, self._api_profile.messages(exchange.response))
        if status == 404:
            return NotFound(exchange, self._api_profile.messages(exchange.response))
        if 400 <= status < 500 and status != TIMED_OUT:
            return Refused(exchange, self._api_profile.messages(exchange.response))
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


def _error_without_answer(exchange: Exchange, reason: str) -> PlatformError:
    kind = AnswerLost if exchange.outcome.startswith(ANSWER_LOST) else Unreachable
    return kind(exchange, reason)


def _why_lost(cause: Exception) -> str:
    """Why a request that was sent has no answer."""
    if isinstance(cause, TimeoutError | httpx2.TimeoutException):
        return f"no answer in time ({type(cause).__name__})"
    return " ".join(str(cause).split())[:200] or type(cause).__name__


def _outcome_of(error: PlatformError | None) -> str:
    return "answered" if error is None else type(error).__name__.lower()
