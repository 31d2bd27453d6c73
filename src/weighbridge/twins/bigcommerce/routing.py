"""Which handler answers which path; paths stand below /stores/{store_hash}."""

from __future__ import annotations

import re
from collections.abc import Callable

from weighbridge.twins.call import Answer

Handler = Callable[..., Answer]


class Routes:
    """The routes of one module; `merge` joins them in the twin."""

    def __init__(self) -> None:
        self._table: list[tuple[str, str, re.Pattern[str], Handler]] = []

    def on(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Registers a handler `(shop, call, **path parameters)`."""

        def register(handler: Handler) -> Handler:
            pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$")
            self._table.append((method, template, pattern, handler))
            return handler

        return register

    def merge(self, other: Routes) -> None:
        self._table += other._table
        self._table.sort(key=lambda row: row[1].count("{"))

    def find(self, method: str, path: str) -> tuple[str, Handler, dict[str, str]] | bool | None:
        """(template, handler, parameters); False when the path exists with other verbs; None when it does not."""
        known = False
        for verb, template, pattern, handler in self._table:
            match = pattern.match(path)
            if match and verb == method:
                return template, handler, match.groupdict()
            known = known or match is not None
        return False if known else None
