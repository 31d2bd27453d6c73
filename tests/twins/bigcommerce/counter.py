"""A small shop for the tests: its clock moves by hand, and every exchange is held against the vendor's documents."""

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
from weighbridge_twins.bigcommerce.catalog_acts import ACTS
from weighbridge_twins.bigcommerce.catalog_switches import SWITCHES
from weighbridge_twins.call import Answer, Call, Delivery
from weighbridge_twins.calls_log import render

SHARED = Path(__file__).parents[4] / "shared"
SPECS = SHARED / "specs"


@dataclass
class HandClock:
    """A clock that a test moves."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 8, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def pass_seconds(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.pass_seconds(seconds)

    def wall_seconds(self, seconds: float) -> float:
        return seconds


class Counter:
    """Where a test asks the shop for things."""

    def __init__(self, **switches: Any) -> None:
        self.clock = HandClock()
        self.twin = BigCommerceTwin(self.clock, store_hash="shop", access_token="token", client_secret="secret")
        self.shop = self.twin.shop
        self.shop.switches.update({one.name: one.default for one in SWITCHES})
        self.shop.switches.update({"requests_per_window": 100_000, **switches})
        self.violations: list[str] = []

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One exchange, from the path below the store on; `path` may carry a query."""
        url = urlsplit(f"/stores/shop{path}")
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        raw = b"" if body is None else json.dumps(body).encode()
        call = Call(method, url.path, query, {"x-auth-token": "token"}, raw)
        answer = self.twin.guard(call) or self.twin.answer(call)
        shown = None if answer.empty or answer.body is None else json.loads(render(answer.body))
        self.violations += _violations(method, url.path, query, body, answer.status, shown)
        return Answer(answer.status, shown, answer.headers, answer.text, answer.content_type, answer.empty)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body, or its `data` where there is an envelope; the call has to succeed."""
        answer = self.call(method, path, body)
        assert answer.status < 300, answer
        enveloped = isinstance(answer.body, dict) and "data" in answer.body
        return answer.body["data"] if enveloped else answer.body

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and title of a refusal."""
        answer = self.call(method, path, body)
        assert answer.status >= 400, answer
        if isinstance(answer.body, list):
            return answer.status, answer.body[0]["message"]
        return answer.status, answer.body.get("title", "")

    def act(self, name: str, arguments: Any) -> Any:
        """What people do beside the API."""
        own = ACTS.get(name)
        return own(self.shop, arguments) if own else self.twin.act(name, arguments)

    def seed(self, *skus: str, **more: Any) -> list[int]:
        """Products of these SKUs; `more` holds for each."""
        rows = [{"sku": sku, "name": f"Product {sku}", "price": "4.50", **more} for sku in skus]
        ids: list[int] = self.act("seed_products", rows)["ids"]
        return ids

    def subscribe(self, *scopes: str, destination: str = "https://connector.example.com/hooks") -> list[int]:
        """Hooks for these scopes; their ids."""
        return [
            self.ask("POST", "/v3/hooks", {"scope": scope, "destination": destination, "is_active": True})["id"]
            for scope in scopes
        ]

    def delivered(self, status: int | None = 200) -> list[Delivery]:
        """Everything due, answered with `status`."""
        due = self.twin.deliveries_due()
        for delivery in due:
            self.twin.delivered(delivery, status)
        return due

    def heard(self) -> list[tuple[str, Any]]:
        """Scope and data of everything due, taken with success."""
        bodies = [json.loads(delivery.raw) for delivery in self.delivered()]
        return [(body["scope"], body["data"]) for body in bodies]

    def off_the_documents(self, fragment: str) -> None:
        """The test meant to leave the documents here, or they leave themselves: takes these violations away."""
        meant = [one for one in self.violations if fragment in one]
        assert meant or _speccheck() is None, f"nothing violated {fragment!r}: {self.violations}"
        self.violations = [one for one in self.violations if one not in meant]

    def pass_seconds(self, seconds: float) -> None:
        self.clock.pass_seconds(seconds)

    def saved(self) -> Any:
        """The whole state as a file would keep it."""
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
    """The vendor's documents as a check, None where they did not come with the source."""
    if not (SPECS / "speccheck.py").exists():
        return None
    sys.path.insert(0, str(SPECS))
    try:
        import speccheck  # type: ignore[import-not-found]

        return speccheck.violations
    finally:
        sys.path.remove(str(SPECS))
