"""The quota: calls in any 60 seconds. Source: platform notes, cin7 1.2."""

from __future__ import annotations

from collections import deque

from weighbridge_twins.cin7.state import Company
from weighbridge_twins.http.call import Answer

WINDOW_SECONDS = 60.0


class Quota:
    """A sliding window over the calls of one application, or of the whole account by the switch `throttle_scope`."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._window: deque[tuple[float, bool]] = deque()
        self.calls = 0
        self.throttled = 0
        self.peak = 0
        self.by_endpoint: dict[str, int] = {}

    @property
    def limit(self) -> int:
        return int(self._company.switches["calls_per_minute"])

    def count(self, endpoint: str) -> bool:
        """Counts a call; returns False when it exceeds the quota, in which case it does not enter the window."""
        now = self._company.now().timestamp()
        self.calls += 1
        self.by_endpoint[endpoint] = self.by_endpoint.get(endpoint, 0) + 1
        used = self._used(now)
        if used >= self.limit:
            self.throttled += 1
            return False
        self._window.append((now, True))
        self.peak = max(self.peak, used + 1)
        return True

    def used_by_others(self, calls: int, *, same_application: bool = True) -> None:
        """Counts calls of another program, under the same key or under another key of the account."""
        now = self._company.now().timestamp()
        self._window.extend([(now, same_application)] * calls)

    def refusal(self, style: str) -> Answer:
        """Returns the throttle answer in one of the three observed forms. Source: platform notes, cin7 1.2."""
        text = f"You have reached {self.limit} calls per 60 seconds API limit."
        wait = int(self._company.switches["retry_after_seconds"])
        headers = {"Retry-After": str(wait)} if wait else {}
        if style in ("400", "400-array"):
            return Answer(400, [{"ErrorCode": 400, "Exception": text}], headers)
        if style == "503":
            return Answer(503, text=text, headers=headers, content_type="text/plain; charset=utf-8")
        return Answer(429, [{"ErrorCode": 429, "Exception": text}], headers)

    def reset(self) -> None:
        self._window.clear()
        self.calls = self.throttled = self.peak = 0
        self.by_endpoint = {}

    def _used(self, now: float) -> int:
        while self._window and self._window[0][0] <= now - WINDOW_SECONDS:
            self._window.popleft()
        if self._company.switches["throttle_scope"] == "account":
            return len(self._window)
        return sum(own for _, own in self._window)
