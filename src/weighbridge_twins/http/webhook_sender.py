"""Posts the webhook deliveries that are due and reports the receivers' answers to the platform."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from itertools import count
from typing import Final

import httpx2

from weighbridge_twins.clock import Clock
from weighbridge_twins.faults import FaultInjector, FaultRule
from weighbridge_twins.http.call import Delivery, Platform

POLL_SECONDS: Final = 0.02
"""Wall seconds between two checks for due deliveries."""

DEACTIVATE_ACTION: Final = "deactivate_webhook"
"""The user action that deactivates a webhook of a platform, with {"webhook_id": ...}."""


class WebhookSender:
    """Sends the webhooks of one platform; the receiver must answer within `timeout` wall seconds.

    Deliveries that are due together are sent concurrently, so their order is undefined, as with both vendors.
    """

    def __init__(
        self, platform: Platform, clock: Clock, faults: FaultInjector, *, timeout: float = 10.0, in_flight: int = 20
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._faults = faults
        self._timeout = timeout
        self._in_flight = asyncio.Semaphore(in_flight)
        self._tasks: set[asyncio.Task[None]] = set()
        self._delayed: list[tuple[float, int, Delivery]] = []
        self._order = count()

    async def run(self) -> None:
        """Sends until cancelled."""
        # A local receiver may have a self-signed certificate, and a twin sends nothing secret.
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
        timestamp = self._clock.now().timestamp()
        while self._delayed and self._delayed[0][0] <= timestamp:
            self._dispatch(client, heapq.heappop(self._delayed)[2], 1)

    def _start(self, client: httpx2.AsyncClient, delivery: Delivery) -> None:
        copies, wait = 1, 0.0
        for rule in self._faults.fire_for_delivery(delivery):
            if rule.fault == "webhook_deactivated":
                self._deactivate(delivery)
            if rule.fault in ("webhook_lost", "webhook_deactivated"):
                copies = 0
            elif rule.fault == "webhook_duplicate":
                copies *= int(rule.parameters.get("copies", 2))
            else:
                wait += _delay_seconds(rule)
        if copies == 0:
            self._platform.delivered(delivery, 200)
        elif wait:
            timestamp = self._clock.now().timestamp() + wait
            for _ in range(copies):
                heapq.heappush(self._delayed, (timestamp, next(self._order), delivery))
        else:
            self._dispatch(client, delivery, copies)

    def _deactivate(self, delivery: Delivery) -> None:
        # The webhook may have been deleted while the delivery was due.
        with contextlib.suppress(KeyError):
            self._platform.act(DEACTIVATE_ACTION, {"webhook_id": delivery.webhook_id})

    def _dispatch(self, client: httpx2.AsyncClient, delivery: Delivery, copies: int) -> None:
        for copy_number in range(copies):
            task = asyncio.create_task(self._post(client, delivery, report=copy_number == 0))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _post(self, client: httpx2.AsyncClient, delivery: Delivery, *, report: bool) -> None:
        status: int | None = None
        async with self._in_flight:
            try:
                answer = await client.post(delivery.url, content=delivery.raw, headers=dict(delivery.headers))
                status = answer.status_code
            except (httpx2.HTTPError, httpx2.InvalidURL):
                status = None
        # The vendor counts a delivery once, even when the receiver gets it several times.
        if report:
            self._platform.delivered(delivery, status)


def _delay_seconds(rule: FaultRule) -> float:
    if rule.fault == "webhook_reorder":
        return rule.rng.uniform(0.0, float(rule.parameters.get("seconds", 30.0)))
    return float(rule.parameters.get("seconds", 60.0))
