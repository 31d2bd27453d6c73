"""Asserts that a twin read its switches: a reading that no twin asked for was not tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.flows.harness import Harness

Readings = Mapping[str, Any]


class RecordingSwitches(dict[str, Any]):
    """A twin's switches that record which of them were read."""

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
def every_switch_read(trial: Harness, cin7: Readings, bigcommerce: Readings) -> Iterator[None]:
    """Asserts at the end that the twins read each of these switches meanwhile."""
    cin7_twin, store_twin = trial.twins.cin7, trial.twins.bigcommerce

    def replace() -> tuple[RecordingSwitches, RecordingSwitches]:
        cin7_twin.switches = cin7_twin.company.switches = of_cin7 = RecordingSwitches(cin7_twin.switches)
        store_twin.switches = store_twin.store.switches = of_store = RecordingSwitches(store_twin.switches)
        return of_cin7, of_store

    of_cin7, of_store = trial.twins.run(replace)
    yield
    unread = (set(cin7) - of_cin7.names) | (set(bigcommerce) - of_store.names)
    assert not unread, f"the story never reached the code where {', '.join(sorted(unread))} matter"
