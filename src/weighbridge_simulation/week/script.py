"""Scripts of faults: generators that act on the twins and yield what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta

Wait = Callable[[], bool] | timedelta
"""A condition on the twins' state, or a duration in the twins' time."""
Script = Generator[Wait, None, None]
