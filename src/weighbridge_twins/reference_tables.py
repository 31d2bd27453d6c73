"""The tables of the twins' documentation, made from the code so that they cannot lie."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Protocol

from weighbridge_twins.faults import FAULTS
from weighbridge_twins.world_options import WorldOptions


class NamedSwitch(Protocol):
    """What a platform's switch tells about itself."""

    @property
    def name(self) -> str:
        """The name for PUT /_twin/switches."""
        ...

    @property
    def default(self) -> Any:
        """The reading in force at the start."""
        ...

    @property
    def readings(self) -> tuple[Any, ...]:
        """The readings on offer, empty for a number."""
        ...

    @property
    def question(self) -> str:
        """What the vendor's documents leave open."""
        ...


def filled(text: str, tables: Mapping[str, str]) -> str:
    """`text` with each table between its marks `<!-- name -->` and `<!-- /name -->`. Raises KeyError on lost marks."""
    for name, table in tables.items():
        opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(opening)
        _, closed, after = rest.partition(closing)
        if not closed:
            raise KeyError(f"the marks of {name} are missing")
        text = f"{before}{opening}{table}\n{closing}{after}"
    return text


def fault_table() -> str:
    """Every fault and what it does, as a Markdown table."""
    return _table(("fault", "what happens"), ((f"`{name}`", text) for name, text in FAULTS.items()))


def switch_table(switches: Iterable[NamedSwitch]) -> str:
    """The switches of a platform, as a Markdown table."""
    rows = (
        (
            f"`{one.name}`",
            f"`{_text(one.default)}`",
            ", ".join(f"`{_text(reading)}`" for reading in one.readings) or "a number",
            one.question,
        )
        for one in sorted(switches, key=lambda switch: switch.name)
    )
    return _table(("switch", "at the start", "readings", "question that the vendor leaves open"), rows)


def world_table() -> str:
    """The options of the world with their defaults, as a Markdown table."""
    ordinary = WorldOptions()
    rows = ((f"`{one.name}`", f"`{_text(getattr(ordinary, one.name))}`") for one in fields(WorldOptions))
    return _table(("option", "default"), ((name, value) for name, value in rows if "csv" not in value))


def _text(value: Any) -> str:
    return json.dumps(value, default=str)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
