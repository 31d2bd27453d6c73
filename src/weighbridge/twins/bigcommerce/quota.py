"""The store's quota, shared by all its apps. Source: platform notes, bigcommerce 1.3."""

from __future__ import annotations

from weighbridge.twins.bigcommerce.errors import TYPE
from weighbridge.twins.bigcommerce.state import Shop
from weighbridge.twins.call import Answer

WINDOW_SECONDS = 30.0


class Quota:
    """A window of 30 seconds that begins with its first request."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._began = 0.0
        self._used = 0
        self.calls = 0
        self.throttled = 0
        self.peak = 0
        self.by_endpoint: dict[str, int] = {}

    @property
    def limit(self) -> int:
        return int(self._shop.switches["requests_per_window"])

    def count(self, endpoint: str) -> bool:
        """Counts a request; False when the window is used up."""
        now = self._shop.now().timestamp()
        if now - self._began >= WINDOW_SECONDS:
            self._began, self._used = now, int(self._shop.switches["used_by_other_apps"])
        self.calls += 1
        self.by_endpoint[endpoint] = self.by_endpoint.get(endpoint, 0) + 1
        if self._used >= self.limit:
            self.throttled += 1
            return False
        self._used += 1
        self.peak = max(self.peak, self._used)
        return True

    def headers(self) -> dict[str, str]:
        now = self._shop.now().timestamp()
        left = max(0.0, WINDOW_SECONDS - (now - self._began))
        return {
            "x-rate-limit-time-window-ms": str(int(WINDOW_SECONDS * 1000)),
            "x-rate-limit-time-reset-ms": str(int(left * 1000)),
            "x-rate-limit-requests-quota": str(self.limit),
            "x-rate-limit-requests-left": str(max(0, self.limit - self._used)),
        }

    def refusal(self, form: str) -> Answer:
        body = {"status": 429, "title": "Too many requests", "type": TYPE, "errors": {}}
        if form == "500":
            return Answer(500, {"status": 500, "title": "Internal server error", "type": TYPE})
        if form == "bare":
            return Answer(429, body)
        return Answer(429, body, {**self.headers(), "x-retry-after": str(int(WINDOW_SECONDS / 10))})

    def reset(self) -> None:
        self._began, self._used = 0.0, 0
        self.calls = self.throttled = self.peak = 0
        self.by_endpoint = {}
