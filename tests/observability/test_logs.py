"""Every event of the process has one form, its connection and its time; one cause writes one traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from weighbridge.observability.logs import OWN_LOGGER, configure_logs

log = structlog.get_logger()


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The configuration of logs as it was before the test."""
    root, own = logging.getLogger(), logging.getLogger(OWN_LOGGER)
    handlers, levels, raises = list(root.handlers), (root.level, own.level), logging.raiseExceptions
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])
    logging.raiseExceptions = raises


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_events_of_ours_and_of_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json", "worker-1")
    with bound_contextvars(connection="main"):
        log.info("order_posted", order="100")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    ours, theirs = _lines(capsys)
    for event, level in ((ours, "info"), (theirs, "warning")):
        assert datetime.fromisoformat(str(event["timestamp"])).utcoffset() is not None
        assert (event["level"], event["connection"], event["worker"]) == (level, "main", "worker-1")
    assert (ours["event"], ours["order"]) == ("order_posted", "100")
    assert (theirs["event"], theirs["logger"]) == ("Invalid HTTP request received.", "uvicorn.error")


def test_one_cause_writes_one_traceback_however_often_it_strikes(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    for _ in range(30):
        try:
            raise KeyError("sku")
        except KeyError:
            log.exception("job_failed")
    first, *others = _lines(capsys)
    assert "Traceback" in str(first["exception"])
    assert [event.get("exception") for event in others] == [None] * 29
    assert (others[-1]["error"], others[-1]["traceback_repeats"]) == ("KeyError", 29)


def test_tracebacks_of_libraries_take_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    for _ in range(2):
        try:
            raise ValueError("broken")
        except ValueError:
            logging.getLogger("asyncio").exception("Task exception was never retrieved")
    first, second = _lines(capsys)
    assert "ValueError: broken" in str(first["exception"])
    assert "exception" not in second


def test_lines_for_people_cannot_be_forged_by_a_text_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "console")
    log.info("sku_unknown", sku="MUG\n2026-03-02 [error] all is lost \x1b[2J")
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b[2J" not in written


def test_levels_below_the_configured_one_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("error")
    log.warning("quiet")
    log.error("loud")
    assert [event["event"] for event in _lines(capsys)] == ["loud"]


def test_a_log_that_cannot_be_written_stops_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            raise OSError(28, "No space left on device")

        def isatty(self) -> bool:
            return False

    configure_logs()
    monkeypatch.setattr("sys.stderr", FullDisk())
    log.error("order_posted")
