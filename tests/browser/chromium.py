"""Chromium without a window: Debian's, or whichever WEIGHBRIDGE_TEST_CHROMIUM names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ADVICE = "apt install chromium, or WEIGHBRIDGE_TEST_CHROMIUM=/path/to/it"


class NoChromium(Exception):
    """There is none on this machine, or it does not start; its text says what to do."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser. Raises NoChromium."""
    path = os.environ.get("WEIGHBRIDGE_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise NoChromium(f"needs Chromium: {ADVICE}")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as problem:
            raise NoChromium(f"needs a Chromium that starts: {problem}") from problem
        yield running
        running.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser for a test, which is skipped where the machine has none.

    Its event loop runs in the thread of the tests, so that whatever needs one of its own is done `apart`.
    """
    with ExitStack() as stack:
        try:
            running = stack.enter_context(launched())
        except NoChromium as problem:
            pytest.skip(str(problem))
        yield running
