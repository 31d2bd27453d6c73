"""Headless Chromium: Debian's, or the one that WEIGHBRIDGE_TEST_CHROMIUM names."""

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
    """Chromium is missing or does not start; the message says what to do."""


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
    """A running browser for a test; the test is skipped on a machine without one.

    Its event loop runs in the thread of the tests, so work that needs its own event loop runs `in_thread`.
    """
    with ExitStack() as stack:
        try:
            running = stack.enter_context(launched())
        except NoChromium as problem:
            pytest.skip(str(problem))
        yield running
