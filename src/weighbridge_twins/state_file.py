"""The twins' state on disk, so that a long trial survives a restart of the twins."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from weighbridge_twins.call import Json, Platform
from weighbridge_twins.calls_log import render
from weighbridge_twins.clock import ScaledClock


class Baseline:
    """A platform as it was at one moment, to be put back."""

    def __init__(self, platform: Platform) -> None:
        # Text and not the value: the platform goes on changing the objects that it dumped.
        self._state = render(platform.dump())
        self._switches = copy.deepcopy(platform.switches)

    def put_back(self, platform: Platform) -> None:
        """Gives `platform` the state and the switches of that moment."""
        platform.restore(parse(self._state))
        platform.switches.clear()
        platform.switches.update(copy.deepcopy(self._switches))


def parse(text: bytes) -> Json:
    """JSON as the twins keep it: numbers with a point are Decimal. Raises ValueError."""
    return json.loads(text, parse_float=Decimal)


def save(file: Path, clock: ScaledClock, platforms: Mapping[str, Platform]) -> None:
    """Writes clock, switches and state of all platforms; a reader sees the former file or the whole new one."""
    state: dict[str, Any] = {
        "clock": str(clock),
        "switches": {name: platform.switches for name, platform in platforms.items()},
        "platforms": {name: platform.dump() for name, platform in platforms.items()},
    }
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as out:
        out.write(render(state))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def load(file: Path) -> Json | None:
    """What `save` wrote, None when there is no file yet. Raises ValueError when it is damaged."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        state = parse(text)
        ScaledClock.parse(state["clock"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"state file {file} is damaged ({error}); move it away to start afresh") from error
    return state


def put_back(state: Json, platforms: Mapping[str, Platform]) -> None:
    """Gives the platforms what `load` read."""
    for name, platform in platforms.items():
        platform.restore(state["platforms"][name])
        platform.switches.update(state["switches"][name])
