"""A worker's clock follows the database server's, however wrong the machine's is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from weighbridge.common import clock as clock_module
from weighbridge.common.clock import CorrectedClock, ScaledClock, ServerTime

SERVER_TIME = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def machine_ahead(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """How many seconds the machine is ahead of the server, whose clock stands still; a test may change it."""
    ahead = {"seconds": 0.0}
    monkeypatch.setattr(clock_module.time, "time", lambda: SERVER_TIME.timestamp() + ahead["seconds"])
    return ahead


def _reading(asked: float, answered: float) -> ServerTime:
    """The server's time, read between these seconds of the machine, counted from the server's."""
    return ServerTime(SERVER_TIME, SERVER_TIME + timedelta(seconds=asked), SERVER_TIME + timedelta(seconds=answered))


@pytest.mark.parametrize("seconds", [-60.0, -20.0, 20.0, 60.0])
@pytest.mark.parametrize("speed", [1.0, 600.0])
def test_corrected_clock_shows_the_servers_time(machine_ahead: dict[str, float], seconds: float, speed: float) -> None:
    server = ScaledClock(speed, SERVER_TIME.timestamp(), SERVER_TIME.timestamp())
    clock = CorrectedClock(server)
    machine_ahead["seconds"] = seconds
    clock.correct(_reading(seconds, seconds + 0.01))
    assert abs(clock.now() - SERVER_TIME) < timedelta(seconds=0.01 * speed)


def test_slow_answer_is_not_taken_for_a_wrong_clock(machine_ahead: dict[str, float]) -> None:
    clock = CorrectedClock(ScaledClock())
    clock.correct(_reading(-25.0, 5.0))
    assert clock.now() == SERVER_TIME


def test_correction_ends_when_the_machine_is_right_again(machine_ahead: dict[str, float]) -> None:
    clock = CorrectedClock(ScaledClock())
    clock.correct(_reading(3600.0, 3600.0))
    machine_ahead["seconds"] = 3600.0
    assert clock.now() == SERVER_TIME
    machine_ahead["seconds"] = 0.0
    clock.correct(_reading(0.0, 0.0))
    assert clock.now() == SERVER_TIME
