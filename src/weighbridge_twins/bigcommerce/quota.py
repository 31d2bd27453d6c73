"""The store's API quota, shared by all apps, and limits on concurrent calls. Source: notes, bigcommerce 1.3."""

from __future__ import annotations

import weakref
from collections import deque
from math import ceil
from typing import Final

from weighbridge_twins.bigcommerce.errors import TYPE
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Answer, Call

WINDOW_SECONDS: Final = 30.0
QUOTA_LEFT: Final = 35
"""Requests left in the documented sample of a 429."""
CONCURRENT: Final = {
    "PUT /v3/customers": 3,
    "POST /v3/customers/addresses": 10,
    "PUT /v3/customers/addresses": 3,
    "GET /v2/customer_groups": 40,
    "GET /v3/inventory/locations": 50,
    "PUT /v3/pricelists/{list_id}/records": 1,
}
"""Maximum number of concurrent calls per endpoint."""


class Quota:
    """One quota for the store: a window of 30 seconds that starts with its first request, or a sliding window."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._began = 0.0
        self._used = 0
        self._recent: deque[float] = deque()
        self._open: dict[int, tuple[str, weakref.ref[Call]]] = {}
        self.calls = 0
        self.throttled = 0
        self.peak = 0
        self.by_endpoint: dict[str, int] = {}

    @property
    def limit(self) -> int:
        """Requests per window, less the share of other active apps."""
        switches = self._store.switches
        return max(1, int(switches["requests_per_window"]) - int(switches["others_use"]))

    def count(self, call: Call, endpoint: str) -> bool:
        """Counts a request. False if the window is used up or too many calls are open."""
        now = self._now()
        self.calls += 1
        self.by_endpoint[endpoint] = self.by_endpoint.get(endpoint, 0) + 1
        if self._spent(now) >= self.limit or self._crowded(endpoint):
            self.throttled += 1
            return False
        self._used += 1
        self._recent.append(now)
        key = id(call)
        # A call with a dropped connection is never finished; it is closed when it is garbage-collected.
        self._open[key] = (endpoint, weakref.ref(call, lambda _: self._open.pop(key, None)))
        self.peak = max(self.peak, self._spent(now))
        return True

    def close(self, call: Call) -> None:
        """Marks a call as answered."""
        self._open.pop(id(call), None)

    def headers(self, quota_left: int | None = None) -> dict[str, str]:
        """The rate limit headers of an answer."""
        now = self._now()
        remaining = max(0, self.limit - self._spent(now)) if quota_left is None else quota_left
        return {
            "x-rate-limit-time-window-ms": str(int(WINDOW_SECONDS * 1000)),
            "x-rate-limit-time-reset-ms": str(int(self._reset(now) * 1000)),
            "x-rate-limit-requests-quota": str(self.limit),
            "x-rate-limit-requests-left": str(remaining),
        }

    def refusal(self, form: str) -> Answer:
        """A throttle answer: `headers`, `bare`, `quota_left` (although there is quota) or `500`."""
        body = {"status": 429, "title": "Too many requests", "type": TYPE, "errors": {}}
        if form == "500":
            return Answer(500, {"status": 500, "title": "Internal server error", "type": TYPE})
        if form == "bare":
            return Answer(429, body)
        headers = self.headers(QUOTA_LEFT if form == "quota_left" else None)
        seconds = ceil(float(self._store.switches["retry_after_seconds"]))
        return Answer(429, body, {**headers, **({"x-retry-after": str(seconds)} if seconds else {})})

    def reset(self) -> None:
        """Starts a new window and clears the counts, as after a restart."""
        self._began, self._used = 0.0, 0
        self._recent.clear()
        self._open.clear()
        self.calls = self.throttled = self.peak = 0
        self.by_endpoint = {}

    def _spent(self, now: float) -> int:
        others = int(self._store.switches["used_by_other_apps"])
        if now - self._began >= WINDOW_SECONDS:
            self._began, self._used = now, 0
        while self._recent and now - self._recent[0] >= WINDOW_SECONDS:
            self._recent.popleft()
        used = len(self._recent) if self._store.switches["quota_window"] == "sliding" else self._used
        return used + others

    def _reset(self, now: float) -> float:
        began = self._began
        if self._store.switches["quota_window"] == "sliding":
            began = self._recent[0] if self._recent else now
        return max(0.0, WINDOW_SECONDS - (now - began))

    def _crowded(self, endpoint: str) -> bool:
        most = int(self._store.switches["concurrent_requests"])
        open_calls = sum(1 for name, _ in self._open.values() if name == endpoint)
        return bool(most and len(self._open) >= most) or open_calls >= CONCURRENT.get(endpoint, 10**6)

    def _now(self) -> float:
        return self._store.now().timestamp()
