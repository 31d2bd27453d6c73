"""What can be wrong with a request, in words for whoever made it, and where to go from there."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


class NotFound(Exception):
    """There is no such thing; its text says what may have happened."""

    def __init__(self, words: str, way_out: str, way_out_name: str) -> None:
        super().__init__(words)
        self.way_out = way_out
        self.way_out_name = way_out_name


class Unusable(Exception):
    """What was asked for cannot be done as it was asked; its text says what can."""


def chosen(choices: type[Choice], text: str, field: str) -> Choice | None:
    """The choice that `text` names, None for an empty one. Raises Unusable."""
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        raise Unusable(f"{field} is {text!r}; expected one of {', '.join(choices)}.") from None
