"""What a twin is asked and what it answers: plain values, so that a platform's rules need no web framework."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

Json = Any
"""Anything JSON can say. Money inside a twin is Decimal; it becomes text or a number when an answer is rendered."""


class MalformedBody(Exception):
    """The request's body is not JSON."""


@dataclass(frozen=True)
class Call:
    """One request as it reached a twin."""

    method: str
    path: str
    """Percent-decoded, with the leading slash, without the query."""
    query: Mapping[str, str]
    """Last value of each name; names keep their case as sent."""
    headers: Mapping[str, str]
    """Names in lower case."""
    raw: bytes = b""

    @cached_property
    def body(self) -> Json:
        """The parsed body, None when there is none; numbers with a point are Decimal. Raises MalformedBody."""
        if not self.raw.strip():
            return None
        try:
            from decimal import Decimal

            return json.loads(self.raw, parse_float=Decimal)
        except ValueError as error:
            raise MalformedBody(str(error)) from error


@dataclass(frozen=True)
class Answer:
    """One response of a twin: JSON in `body`, or `text` with its own content type, or nothing."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json"
    empty: bool = False
    """True for an answer without any body (HTTP 204)."""

    def with_headers(self, headers: Mapping[str, str]) -> Answer:
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class Delivery:
    """One webhook delivery that a twin wants made: the chassis posts it and reports the outcome back."""

    hook_id: str
    url: str
    headers: Mapping[str, str]
    raw: bytes
    attempt: int
    event_id: str


class Platform(Protocol):
    """The rules of one vendor. Every method is synchronous and touches only its own state in memory.

    The chassis (app.py) calls, in this order: `guard`, the faults that strike before, `answer`, the faults that
    strike after, `finish`. One call runs at a time, so `answer` is atomic: it commits all or nothing.
    """

    name: str
    """`bigcommerce` or `cin7`."""

    switches: dict[str, Any]
    """Open questions and vendor variants by name, with the reading in force; PUT /_twin/switches changes them."""

    def guard(self, call: Call) -> Answer | None:
        """Credentials, quota and concurrency: the answer that ends the call, or None. Counts the call."""
        ...

    def answer(self, call: Call) -> Answer:
        """Routes the call, commits its effect and answers."""
        ...

    def finish(self, call: Call, answer: Answer) -> Answer:
        """Adds what every answer carries (quota headers), after faults."""
        ...

    def throttled(self, style: str) -> Answer:
        """The vendor's throttle answer in one of its styles (fault switch `throttle`)."""
        ...

    def server_error(self) -> Answer:
        """The vendor's form of an unexpected server error."""
        ...

    def deliveries_due(self) -> list[Delivery]:
        """Webhook deliveries whose time has come on the twin's clock; each is handed out once."""
        ...

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        """Takes what the receiver answered, None when nothing came: retry ladder, blocklist, deactivation follow."""
        ...

    def quota(self) -> Json:
        """Quota counters for /_twin/quota, at least {"calls": n, "throttled": n, "peak_share": 0..1, "limit": n}."""
        ...

    def act(self, name: str, arguments: Json) -> Json:
        """POST /_twin/act/{name}: what people do beside the API. Raises KeyError and ValueError."""
        ...

    def dump(self) -> Json:
        """The whole state as JSON for /_twin/state and the state file."""
        ...

    def restore(self, state: Json) -> None:
        """Takes back what `dump` gave."""
        ...
