"""Serves a platform as an ASGI application: reads the request, applies faults, answers and logs the exchange."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from urllib.parse import parse_qsl

from weighbridge_twins.clock import Clock
from weighbridge_twins.faults import FaultInjector, FaultRule, ending_before, mutated
from weighbridge_twins.http.call import Answer, Call, MalformedBody, Platform
from weighbridge_twins.http.calls_log import CallsLog, Recorder, render

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONTROL_PREFIX = "/_twin/"

HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Please wait</title></head><body><h1>We'll be right back</h1></body></html>"
)

Control = Callable[[Call], Awaitable[Answer]]


@runtime_checkable
class AnswersMalformed(Protocol):
    """A platform with its own error response for a body that is not JSON."""

    def malformed(self, call: Call) -> Answer:
        """Returns the vendor's answer to a body that cannot be parsed."""
        ...


class TwinApp:
    """One twin as an ASGI application.

    Order of a call: `check_access`, the faults that fire before, `answer`, the faults that fire after, `finish`.
    Only `slow_before` waits between reading the request and computing the answer, so each call is atomic.
    """

    def __init__(
        self,
        platform: Platform,
        clock: Clock,
        *,
        faults: FaultInjector | None = None,
        log: CallsLog | None = None,
        recorder: Recorder | None = None,
        control: Control | None = None,
        base_url: str = "",
    ) -> None:
        self.platform = platform
        self.clock = clock
        self.faults = faults or FaultInjector()
        self.log = log or CallsLog()
        self.recorder = recorder
        self.control = control
        self.base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        call = await _read(scope, receive)
        if call is None:
            return
        if call.path.startswith(CONTROL_PREFIX):
            await _send(send, await self._controlled(call), call.method)
            return
        answer, fired_rules = await self._answered(call)
        names = ",".join(rule.fault for rule in fired_rules) or None
        now = self.clock.now()
        if answer is None:
            self._record_exchange(call, scope, None, b"", started, names, now)
            await _abort(receive)
            return
        # Render now: the body may hold the platform's own objects, which may change while a slow answer waits.
        raw = _payload(answer)
        if any(rule.fault == "malformed_json" for rule in fired_rules) and answer.text is None:
            raw = raw[: max(1, len(raw) // 2)]
        for rule in fired_rules:
            if rule.fault == "slow":
                await asyncio.sleep(_seconds(rule))
        self._record_exchange(call, scope, answer.status, raw, started, names, now)
        await _send(send, answer, call.method, raw)

    async def _controlled(self, call: Call) -> Answer:
        if self.control is None:
            return Answer(404, {"error": "this twin is served without a control surface"})
        return await self.control(call)

    async def _answered(self, call: Call) -> tuple[Answer | None, list[FaultRule]]:
        """Returns the answer and the fault rules that fired; an answer of None closes the connection."""
        refused = self.platform.check_access(call)
        if refused is not None:
            return self.platform.finish(call, refused), []
        fired_rules = self.faults.fire(call)
        for rule in fired_rules:
            if rule.fault == "slow_before":
                await asyncio.sleep(_seconds(rule))
        early = ending_before(fired_rules)
        answer = self._apply_faults(self._committed(call), fired_rules) if early is None else self._refused_early(early)
        if answer is None:
            return None, fired_rules
        return self.platform.finish(call, answer), fired_rules

    def _committed(self, call: Call) -> Answer:
        try:
            return self.platform.answer(call)
        except MalformedBody as error:
            if isinstance(self.platform, AnswersMalformed):
                return self.platform.malformed(call)
            return Answer(400, {"error": f"body: not valid JSON: {error}"})

    def _refused_early(self, rule: FaultRule) -> Answer | None:
        if rule.fault == "drop_before":
            return None
        if rule.fault == "throttle":
            return self.platform.throttled(str(rule.parameters.get("style", "")))
        if rule.fault == "error_before":
            return self._server_error(rule)
        return _html()

    def _apply_faults(self, answer: Answer, fired_rules: list[FaultRule]) -> Answer | None:
        after: Answer | None = answer
        for rule in fired_rules:
            if after is None or rule.fault == "drop_after":
                return None
            if rule.fault == "error_after":
                after = self._server_error(rule)
            elif rule.fault == "html_200":
                after = _html()
            elif rule.fault == "mutate" and not after.empty and after.text is None:
                after = replace(after, body=mutated(after.body, rule))
        return after

    def _server_error(self, rule: FaultRule) -> Answer:
        return replace(self.platform.server_error(), status=int(rule.parameters.get("status", 500)))

    def _record_exchange(
        self,
        call: Call,
        scope: Scope,
        status: int | None,
        raw: bytes,
        started: float,
        fault: str | None,
        at: datetime,
    ) -> None:
        self.log.add(at, call.method, call.path, call.query, status, time.perf_counter() - started, fault)
        if self.recorder is not None:
            query = scope["query_string"].decode("latin-1")
            url = f"{self.base_url}{call.path}" + (f"?{query}" if query else "")
            self.recorder.add(self.platform.name, at, call.method, url, call.raw, status, raw)


async def _read(scope: Scope, receive: Receive) -> Call | None:
    """Reads the whole request; returns None when the client disconnects before the request is complete."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(scope["method"], scope["path"], query, headers, b"".join(chunks))


def _payload(answer: Answer) -> bytes:
    if answer.empty:
        return b""
    return render(answer.body) if answer.text is None else answer.text.encode()


async def _send(send: Send, answer: Answer, method: str, raw: bytes | None = None) -> None:
    payload = _payload(answer) if raw is None else raw
    headers = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in answer.headers.items()]
    if not answer.empty:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
        headers.append((b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else payload})


async def _abort(receive: Receive) -> None:
    """Closes the connection without an answer, as a failing load balancer does."""
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise ConnectionAbortedError("this server cannot drop a connection; serve the twins with uvicorn")
    transport.abort()
    # The server answers 500 by itself until it has noticed the disconnect.
    while (await receive())["type"] != "http.disconnect":
        pass


def _html() -> Answer:
    return Answer(200, text=HTML_PAGE, content_type="text/html; charset=utf-8")


def _seconds(rule: FaultRule) -> float:
    return float(rule.parameters.get("seconds", 1.0))
