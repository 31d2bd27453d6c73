"""Chromium without a window, for whoever looks at pages as people do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; skips the test where the machine has none.

    Its event loop runs in the thread of the tests, so that whatever needs one of its own is done `apart`.
    """
    path = os.environ.get("WEIGHBRIDGE_TEST_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("needs Chromium: apt install chromium, or WEIGHBRIDGE_TEST_CHROMIUM=/path/to/it")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as problem:
            pytest.skip(f"needs a Chromium that starts: {problem}")
        yield running
        running.close()
