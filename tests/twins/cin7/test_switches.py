"""The table of switches is complete, and the code reads every switch."""

from __future__ import annotations

from pathlib import Path

from tests.twins.cin7.bench import Bench
from weighbridge_twins.cin7 import switches


def test_every_switch_starts_with_one_of_its_readings_and_states_its_question() -> None:
    for switch in switches.SWITCHES:
        assert not switch.readings or switch.default in switch.readings, switch.name
        assert switch.question.endswith("?"), switch.name
        assert switch.source[0].isdigit(), switch.name
    assert list(switches.BY_NAME) == [switch.name for switch in switches.SWITCHES]
    assert Bench().twin.switches == switches.defaults()


def test_every_switch_is_used_by_the_code() -> None:
    folder = Path(switches.__file__).parent
    code = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py") if file.name != "switches.py")
    assert [name for name in switches.BY_NAME if f'switches["{name}"]' not in code] == []
