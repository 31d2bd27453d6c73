"""A small store for tests: the test moves its clock, and every exchange is checked against the vendor's documents."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.bigcommerce.catalog_actions import ACTIONS
from weighbridge_twins.bigcommerce.catalog_switches import SWITCHES
from weighbridge_twins.http.call import Answer, Call, Delivery
from weighbridge_twins.http.calls_log import render

SHARED = Path(__file__).parents[4] / "shared"
SPECS = SHARED / "specs"


@dataclass
class HandClock:
    """A clock that a test moves."""

    current_time: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 8, tzinfo=UTC))

    def now(self) -> datetime:
        return self.current_time

    def pass_seconds(self, seconds: float) -> None:
        self.current_time += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.pass_seconds(seconds)

    def wall_seconds(self, seconds: float) -> float:
        return seconds


class StoreHarness:
    """A store and the calls and actions of a test."""

    def __init__(self, **switches: Any) -> None:
        self.clock = HandClock()
        self.twin = BigCommerceTwin(self.clock, store_hash="shop", access_token="token", client_secret="secret")
        self.store = self.twin.store
        self.store.switches.update({switch.name: switch.default for switch in SWITCHES})
        self.store.switches.update({"requests_per_window": 100_000, **switches})
        self.violations: list[str] = []

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One exchange, with a path below the store; `path` may contain a query."""
        url = urlsplit(f"/stores/shop{path}")
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        raw = b"" if body is None else json.dumps(body).encode()
        call = Call(method, url.path, query, {"x-auth-token": "token"}, raw)
        answer = self.twin.check_access(call) or self.twin.answer(call)
        answer_body = None if answer.empty or answer.body is None else json.loads(render(answer.body))
        self.violations += _violations(method, url.path, query, body, answer.status, answer_body)
        return Answer(answer.status, answer_body, answer.headers, answer.text, answer.content_type, answer.empty)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body, or its `data` if there is an envelope. Fails unless the call succeeds."""
        answer = self.call(method, path, body)
        assert answer.status < 300, answer
        enveloped = isinstance(answer.body, dict) and "data" in answer.body
        return answer.body["data"] if enveloped else answer.body

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and title of a refusal. Fails if the call succeeds."""
        answer = self.call(method, path, body)
        assert answer.status >= 400, answer
        if isinstance(answer.body, list):
            return answer.status, answer.body[0]["message"]
        return answer.status, answer.body.get("title", "")

    def act(self, name: str, arguments: Any) -> Any:
        """Runs an action of people outside the API."""
        action = ACTIONS.get(name)
        return action(self.store, arguments) if action else self.twin.act(name, arguments)

    def seed(self, *skus: str, **more: Any) -> list[int]:
        """Creates a product per SKU and returns the ids; `more` applies to each product."""
        rows = [{"sku": sku, "name": f"Product {sku}", "price": "4.50", **more} for sku in skus]
        ids: list[int] = self.act("seed_products", rows)["ids"]
        return ids

    def subscribe(self, *scopes: str, destination: str = "https://connector.example.com/hooks") -> list[int]:
        """Creates a webhook per scope and returns the ids."""
        return [
            self.ask("POST", "/v3/hooks", {"scope": scope, "destination": destination, "is_active": True})["id"]
            for scope in scopes
        ]

    def delivered(self, status: int | None = 200) -> list[Delivery]:
        """Answers every due delivery with `status` and returns the deliveries."""
        due = self.twin.deliveries_due()
        for delivery in due:
            self.twin.delivered(delivery, status)
        return due

    def received_events(self) -> list[tuple[str, Any]]:
        """Scope and data of every due delivery, all answered with success."""
        bodies = [json.loads(delivery.raw) for delivery in self.delivered()]
        return [(body["scope"], body["data"]) for body in bodies]

    def expect_violations(self, fragment: str) -> None:
        """Removes violations that the test causes on purpose, or that the documents themselves cause."""
        expected = [violation for violation in self.violations if fragment in violation]
        assert expected or _speccheck() is None, f"nothing violated {fragment!r}: {self.violations}"
        self.violations = [violation for violation in self.violations if violation not in expected]

    def pass_seconds(self, seconds: float) -> None:
        self.clock.pass_seconds(seconds)

    def saved(self) -> Any:
        """The whole state as saved to a file."""
        return json.loads(render(self.twin.dump()))

    @staticmethod
    def cpu_seconds() -> float:
        """Processor time of this process."""
        return time.process_time()


def _violations(method: str, path: str, query: Any, request: Any, status: int, response: Any) -> Iterable[str]:
    check = _speccheck()
    return check("bigcommerce", method, path, query, request, status, response) if check else ()


@cache
def _speccheck() -> Any:
    """The check against the vendor's documents; None if they are not available."""
    if not (SPECS / "speccheck.py").exists():
        return None
    sys.path.insert(0, str(SPECS))
    try:
        import speccheck  # type: ignore[import-not-found]

        return speccheck.violations
    finally:
        sys.path.remove(str(SPECS))
