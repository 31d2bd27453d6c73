"""Generates the tables of the twins' documentation from the code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Protocol

from weighbridge_twins.faults import FAULTS
from weighbridge_twins.world.options import WorldOptions


class NamedSwitch(Protocol):
    """The documented attributes of a platform's switch."""

    @property
    def name(self) -> str:
        """The name for PUT /_twin/switches."""
        ...

    @property
    def default(self) -> Any:
        """The reading at the start."""
        ...

    @property
    def readings(self) -> tuple[Any, ...]:
        """The available readings; empty for a number."""
        ...

    @property
    def question(self) -> str:
        """The question that the vendor's documents leave open."""
        ...


def filled(text: str, tables: Mapping[str, str]) -> str:
    """Puts each table between its marks `<!-- name -->` and `<!-- /name -->`. Raises KeyError for a missing mark."""
    for name, table in tables.items():
        opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(opening)
        _, closed, after = rest.partition(closing)
        if not closed:
            raise KeyError(f"marks <!-- {name} --> and <!-- /{name} --> are missing")
        text = f"{before}{opening}{table}\n{closing}{after}"
    return text


def fault_table() -> str:
    """Returns a Markdown table of all faults."""
    return _table(("fault", "effect"), ((f"`{name}`", text) for name, text in FAULTS.items()))


def switch_table(switches: Iterable[NamedSwitch]) -> str:
    """Returns a Markdown table of a platform's switches."""
    rows = (
        (
            f"`{switch.name}`",
            f"`{_text(switch.default)}`",
            ", ".join(f"`{_text(reading)}`" for reading in switch.readings) or "a number",
            switch.question,
        )
        for switch in sorted(switches, key=lambda switch: switch.name)
    )
    return _table(("switch", "default", "readings", "open question"), rows)


def world_table() -> str:
    """Returns a Markdown table of the world's options and defaults."""
    defaults = WorldOptions()
    rows = ((f"`{field.name}`", f"`{_text(getattr(defaults, field.name))}`") for field in fields(WorldOptions))
    return _table(("option", "default"), ((name, value) for name, value in rows if "csv" not in value))


def _text(value: Any) -> str:
    return json.dumps(value, default=str)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
