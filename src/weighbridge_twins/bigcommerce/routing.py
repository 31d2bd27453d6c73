"""Which handler answers which path; paths stand below /stores/{store_hash}."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from weighbridge_twins.call import Answer

Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Found:
    """The handler of a call and what its path names."""

    template: str
    handler: Handler
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler


class Routes:
    """The routes of one module; `merge` joins them in the twin."""

    def __init__(self) -> None:
        self._table: dict[tuple[int, str], list[_Route]] = {}

    def __len__(self) -> int:
        return sum(len(routes) for routes in self._table.values())

    def on(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Registers a handler `(shop, call, **path parameters)`."""

        def register(handler: Handler) -> Handler:
            pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$")
            self._add(_shape(template), _Route(method, template, pattern, handler))
            return handler

        return register

    def merge(self, other: Routes) -> None:
        """Takes in the routes of another module; a path and verb that are known already keep their handler."""
        for shape, routes in other._table.items():
            for route in routes:
                self._add(shape, route)

    def templates(self) -> list[tuple[str, str]]:
        """Verb and path of every route."""
        return sorted((route.method, route.template) for routes in self._table.values() for route in routes)

    def find(self, method: str, path: str) -> Found | frozenset[str]:
        """The route of a call; else the verbs that the path knows, none of them when there is no such path."""
        verbs = set()
        for route in self._table.get(_shape(path), ()):
            match = route.pattern.match(path)
            if match is None:
                continue
            if route.method == method:
                return Found(route.template, route.handler, match.groupdict())
            verbs.add(route.method)
        return frozenset(verbs)

    def _add(self, shape: tuple[int, str], route: _Route) -> None:
        routes = self._table.setdefault(shape, [])
        if all((one.method, one.template) != (route.method, route.template) for one in routes):
            routes.append(route)
            # A path that names a thing outright goes before one that takes any id.
            routes.sort(key=lambda one: one.template.count("{"))


def _shape(path: str) -> tuple[int, str]:
    """How deep the path goes and which resource it is about: few routes share both."""
    parts = path.split("/", 3)
    return path.count("/"), "/".join(parts[1:3])
