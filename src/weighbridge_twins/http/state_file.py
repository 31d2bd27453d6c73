"""Saves the twins' state to a file, so that a long trial can continue after a restart of the twins."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.http.call import Json, Platform
from weighbridge_twins.http.calls_log import render


class Baseline:
    """State and switches of a platform at one time, to be restored later."""

    def __init__(self, platform: Platform) -> None:
        # Stored as text, because the platform keeps changing the objects that it dumped.
        self._state = render(platform.dump())
        self._switches = copy.deepcopy(platform.switches)

    def put_back(self, platform: Platform) -> None:
        """Restores the saved state and switches to `platform`."""
        platform.restore(parse(self._state))
        platform.switches.clear()
        platform.switches.update(copy.deepcopy(self._switches))


def parse(text: bytes) -> Json:
    """Parses JSON; numbers with a decimal point become Decimal. Raises ValueError."""
    return json.loads(text, parse_float=Decimal)


def save(file: Path, clock: ScaledClock, platforms: Mapping[str, Platform]) -> None:
    """Writes clock, switches and state of all platforms; replaces the file atomically."""
    state: dict[str, Any] = {
        "clock": str(clock),
        "switches": {name: platform.switches for name, platform in platforms.items()},
        "platforms": {name: platform.dump() for name, platform in platforms.items()},
    }
    new_file = file.with_name(file.name + ".new")
    with new_file.open("wb") as out:
        out.write(render(state))
        out.flush()
        os.fsync(out.fileno())
    new_file.replace(file)


def load(file: Path) -> Json | None:
    """Reads a file that `save` wrote; None when it does not exist. Raises ValueError when it is damaged."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        state = parse(text)
        ScaledClock.parse(state["clock"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"state file {file} is damaged ({error}); move it away to start with a new state") from error
    return state


def put_back(state: Json, platforms: Mapping[str, Platform]) -> None:
    """Restores a state that `load` read."""
    for name, platform in platforms.items():
        platform.restore(state["platforms"][name])
        platform.switches.update(state["switches"][name])
