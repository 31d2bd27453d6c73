"""How lists of Cin7 Core are read, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, TypeVar

from weighbridge.domain.lanes import Lane
from weighbridge.platforms.http_client import BeforeSend, HttpClient

PAGE_SIZE = 1000
"""The largest page. Source: platform notes, cin7 1.3."""

Row = TypeVar("Row")


class Page(Protocol[Row]):
    """A page of a list: its rows, and how many rows the platform counts in the whole list."""

    total: int
    rows: list[Row]


class PagedClient:
    """Reads the lists of one company."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def close(self) -> None:
        await self._http.close()

    async def pages(
        self, path: str, model: type[Any], query: Mapping[str, str], lane: Lane, before_send: BeforeSend | None = None
    ) -> AsyncIterator[list[Any]]:
        """The rows of all pages."""
        async for page in self.envelopes(path, model, query, lane, PAGE_SIZE, before_send):
            yield page.rows

    async def envelopes(
        self,
        path: str,
        model: type[Any],
        query: Mapping[str, str],
        lane: Lane,
        size: int,
        before_send: BeforeSend | None = None,
    ) -> AsyncIterator[Page[Any]]:
        """All pages. Ends on an empty page, or once as many rows came as the platform counts. A short page does not end
        the list, since some lists have a lower limit than requested. Source: platform notes, cin7 1.3."""
        number, seen = 1, 0
        while True:
            page_query = {**query, "Page": str(number), "Limit": str(size)}
            page: Page[Any] = await self._http.read(path, model, lane=lane, query=page_query, before_send=before_send)
            if not page.rows:
                return
            yield page
            seen += len(page.rows)
            if seen >= page.total:
                return
            number += 1
