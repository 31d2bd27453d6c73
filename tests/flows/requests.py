"""Tells whether a twin ever asked for the reading of a switch: a reading that nobody asked for was not played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.flows.harness import Rig

Readings = Mapping[str, Any]


class Asked(dict[str, Any]):
    """A twin's switches that remember which of them were asked for."""

    def __init__(self, switches: Readings) -> None:
        super().__init__(switches)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@contextmanager
def every_reading_asked(trial: Rig, cin7: Readings, bigcommerce: Readings) -> Iterator[None]:
    """Asserts at the end that the twins asked for each of these switches meanwhile."""
    books, shop = trial.twins.cin7, trial.twins.bigcommerce

    def replace() -> tuple[Asked, Asked]:
        books.switches = books.company.switches = of_books = Asked(books.switches)
        shop.switches = shop.shop.switches = of_shop = Asked(shop.switches)
        return of_books, of_shop

    of_books, of_shop = trial.twins.run(replace)
    yield
    silent = (set(cin7) - of_books.names) | (set(bigcommerce) - of_shop.names)
    assert not silent, f"the story never came to where {', '.join(sorted(silent))} matter"
