"""Error answers of BigCommerce: an array in v2, a titled object in v3. Source: platform notes, bigcommerce 1.5."""

from __future__ import annotations

from typing import Any

from weighbridge_twins.http.call import Answer

TYPE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


class Refusal(Exception):
    """A request that the vendor refuses; `errors` has a message for each field."""

    def __init__(self, status: int, title: str, errors: dict[str, str] | None = None, body: Any = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = errors or {}
        self.body = body

    def answer(self, path: str) -> Answer:
        if self.body is not None:
            return Answer(self.status, self.body)
        if path.startswith("/v2"):
            return Answer(self.status, [{"status": self.status, "message": self.title, "details": dict(self.errors)}])
        body = {"status": self.status, "title": self.title, "type": TYPE, "errors": dict(self.errors)}
        kind = "application/problem+json" if path.startswith("/v3/inventory") else "application/json"
        return Answer(self.status, body, content_type=kind)


def not_found() -> Refusal:
    return Refusal(404, "The requested resource was not found.")
