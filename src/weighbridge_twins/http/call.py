"""Requests, answers and webhook deliveries as plain values, so that a platform's rules need no web framework."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

Json = Any
"""Any JSON value. Money inside a twin is Decimal; it becomes text or a number when an answer is rendered."""


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
        """The parsed body, None for an empty body; numbers with a decimal point are Decimal. Raises MalformedBody."""
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
        """Returns a copy with `headers` added."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class Delivery:
    """One webhook delivery that is due: `WebhookSender` posts it and reports the outcome to the platform."""

    webhook_id: str
    url: str
    headers: Mapping[str, str]
    raw: bytes
    attempt: int
    event_id: str


class Platform(Protocol):
    """The rules of one vendor. Every method is synchronous and touches only its own state in memory.

    `TwinApp` runs a call in this order: `check_access`, the faults that fire before, `answer`, the faults that fire
    after, `finish`. One call runs at a time, so `answer` is atomic: it commits all or nothing.
    """

    name: str
    """`bigcommerce` or `cin7`."""

    switches: dict[str, Any]
    """Open questions and vendor variants by name, each with the current reading; PUT /_twin/switches changes them."""

    def check_access(self, call: Call) -> Answer | None:
        """Counts the call and checks credentials, quota and concurrency. Returns the refusal, or None to go on."""
        ...

    def answer(self, call: Call) -> Answer:
        """Routes the call, commits its effect and answers."""
        ...

    def finish(self, call: Call, answer: Answer) -> Answer:
        """Adds the headers that every answer carries (quota headers); runs after the faults."""
        ...

    def throttled(self, style: str) -> Answer:
        """Returns the vendor's throttle answer in one of its styles (fault `throttle`)."""
        ...

    def server_error(self) -> Answer:
        """Returns the vendor's form of an unexpected server error."""
        ...

    def deliveries_due(self) -> list[Delivery]:
        """Returns the webhook deliveries that are due on the twin's clock; each is returned once."""
        ...

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        """Records the receiver's status (None: no answer); drives retries, the blocklist and deactivation."""
        ...

    def quota(self) -> Json:
        """Returns counters for /_twin/quota, at least {"calls": n, "throttled": n, "peak_share": 0..1, "limit": n}."""
        ...

    def act(self, name: str, arguments: Json) -> Json:
        """Carries out a user action of POST /_twin/act/{name}. Raises KeyError and ValueError."""
        ...

    def dump(self) -> Json:
        """Returns the whole state as JSON for /_twin/state and the state file."""
        ...

    def restore(self, state: Json) -> None:
        """Restores a state that `dump` returned."""
        ...
