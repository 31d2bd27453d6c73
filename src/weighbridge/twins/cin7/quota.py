"""The quota: calls in any 60 seconds. Source: platform notes, cin7 1.2."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from weighbridge.twins.call import Answer
from weighbridge.twins.cin7.state import Company

WINDOW = timedelta(seconds=60)


class Quota:
    """A sliding window over the calls of the one application (or of the account, which is the same here)."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._calls: deque[float] = deque()
        self.calls = 0
        self.throttled = 0
        self.peak = 0
        self.by_endpoint: dict[str, int] = {}

    @property
    def limit(self) -> int:
        return int(self._company.switches["calls_per_minute"])

    def count(self, endpoint: str) -> bool:
        """Counts a call; False when it is one too many, which does not count against the window."""
        now = self._company.now().timestamp()
        while self._calls and self._calls[0] <= now - WINDOW.total_seconds():
            self._calls.popleft()
        self.calls += 1
        self.by_endpoint[endpoint] = self.by_endpoint.get(endpoint, 0) + 1
        if len(self._calls) >= self.limit:
            self.throttled += 1
            return False
        self._calls.append(now)
        self.peak = max(self.peak, len(self._calls))
        return True

    def used_by_others(self, calls: int) -> None:
        """Another consumer of the same quota."""
        now = self._company.now().timestamp()
        self._calls.extend([now] * calls)

    def refusal(self, style: str) -> Answer:
        """One of the three forms that were seen."""
        text = f"You have reached {self.limit} calls per 60 seconds API limit."
        if style == "400":
            return Answer(400, [{"ErrorCode": 400, "Exception": text}])
        if style == "503":
            return Answer(503, text=text, content_type="text/plain")
        return Answer(429, [{"ErrorCode": 429, "Exception": text}])

    def reset(self) -> None:
        self._calls.clear()
        self.calls = self.throttled = self.peak = 0
        self.by_endpoint = {}
