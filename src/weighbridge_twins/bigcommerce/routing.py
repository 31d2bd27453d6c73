"""Maps paths below /stores/{store_hash} to handlers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from weighbridge_twins.http.call import Answer

Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The handler of a call and the parameters in its path."""

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
    """The routes of one module; `merge` combines them in the twin."""

    def __init__(self) -> None:
        self._table: dict[tuple[int, str], list[_Route]] = {}

    def __len__(self) -> int:
        return sum(len(routes) for routes in self._table.values())

    def on(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Registers a handler `(store, call, **path parameters)`."""

        def register(handler: Handler) -> Handler:
            pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$")
            self._add(_shape(template), _Route(method, template, pattern, handler))
            return handler

        return register

    def merge(self, module_routes: Routes) -> None:
        """Adds the routes of another module; existing routes keep their handlers."""
        for shape, routes in module_routes._table.items():
            for route in routes:
                self._add(shape, route)

    def templates(self) -> list[tuple[str, str]]:
        """Method and path template of every route."""
        return sorted((route.method, route.template) for routes in self._table.values() for route in routes)

    def find(self, method: str, path: str) -> RouteMatch | frozenset[str]:
        """The matching route; otherwise the methods that the path supports, none if the path does not exist."""
        verbs = set()
        for route in self._table.get(_shape(path), ()):
            match = route.pattern.match(path)
            if match is None:
                continue
            if route.method == method:
                return RouteMatch(route.template, route.handler, match.groupdict())
            verbs.add(route.method)
        return frozenset(verbs)

    def _add(self, shape: tuple[int, str], route: _Route) -> None:
        routes = self._table.setdefault(shape, [])
        if all((other.method, other.template) != (route.method, route.template) for other in routes):
            routes.append(route)
            # Literal paths are matched before paths with parameters.
            routes.sort(key=lambda entry: entry.template.count("{"))


def _shape(path: str) -> tuple[int, str]:
    """Depth and resource of a path, the key of the route table: few routes share both."""
    segments = path.split("/", 3)
    return path.count("/"), "/".join(segments[1:3])
