"""Makes the webhook deliveries that a twin wants made, and tells it what the receiver answered."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from itertools import count
from typing import Final

import httpx2

from weighbridge_twins.call import Delivery, Platform
from weighbridge_twins.clock import Clock
from weighbridge_twins.faults import FaultBook, FaultRule

POLL_SECONDS: Final = 0.02
"""Wall seconds between two looks at what is due."""

DEACTIVATING_ACT: Final = "deactivate_hook"
"""The act by which a platform switches one of its hooks off, {"hook_id": ...}."""


class HookSender:
    """Sends one platform's webhooks; the receiver has `timeout` wall seconds for each.

    Deliveries that are due together go out together, so a receiver sees no order among them, as with both vendors.
    """

    def __init__(
        self, platform: Platform, clock: Clock, faults: FaultBook, *, timeout: float = 10.0, in_flight: int = 20
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._faults = faults
        self._timeout = timeout
        self._slots = asyncio.Semaphore(in_flight)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[float, int, Delivery]] = []
        self._order = count()

    async def run(self) -> None:
        """Sends until cancelled."""
        # A local receiver's certificate is self-made; what a twin sends is no secret.
        async with httpx2.AsyncClient(timeout=self._timeout, verify=False, trust_env=False) as client:
            try:
                while True:
                    self._send_due(client)
                    await asyncio.sleep(POLL_SECONDS)
            finally:
                for task in self._tasks:
                    task.cancel()

    def _send_due(self, client: httpx2.AsyncClient) -> None:
        for delivery in self._platform.deliveries_due():
            self._start(client, delivery)
        moment = self._clock.now().timestamp()
        while self._held and self._held[0][0] <= moment:
            self._dispatch(client, heapq.heappop(self._held)[2], 1)

    def _start(self, client: httpx2.AsyncClient, delivery: Delivery) -> None:
        copies, wait = 1, 0.0
        for rule in self._faults.strike_delivery(delivery):
            if rule.fault == "hook_deactivated":
                self._silence(delivery)
            if rule.fault in ("hook_lost", "hook_deactivated"):
                copies = 0
            elif rule.fault == "hook_duplicate":
                copies *= int(rule.parameters.get("copies", 2))
            else:
                wait += _waiting(rule)
        if copies == 0:
            self._platform.delivered(delivery, 200)
        elif wait:
            moment = self._clock.now().timestamp() + wait
            for _ in range(copies):
                heapq.heappush(self._held, (moment, next(self._order), delivery))
        else:
            self._dispatch(client, delivery, copies)

    def _silence(self, delivery: Delivery) -> None:
        # Its owner may have deleted the hook while the delivery was due.
        with contextlib.suppress(KeyError):
            self._platform.act(DEACTIVATING_ACT, {"hook_id": delivery.hook_id})

    def _dispatch(self, client: httpx2.AsyncClient, delivery: Delivery, copies: int) -> None:
        for copy_number in range(copies):
            task = asyncio.create_task(self._post(client, delivery, report=copy_number == 0))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _post(self, client: httpx2.AsyncClient, delivery: Delivery, *, report: bool) -> None:
        status: int | None = None
        async with self._slots:
            try:
                answer = await client.post(delivery.url, content=delivery.raw, headers=dict(delivery.headers))
                status = answer.status_code
            except (httpx2.HTTPError, httpx2.InvalidURL):
                status = None
        # The vendor counts a delivery once, however often it reached the receiver.
        if report:
            self._platform.delivered(delivery, status)


def _waiting(rule: FaultRule) -> float:
    if rule.fault == "hook_reorder":
        return rule.rng.uniform(0.0, float(rule.parameters.get("seconds", 30.0)))
    return float(rule.parameters.get("seconds", 60.0))
