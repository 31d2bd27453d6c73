"""Errors of requests, with messages for the user who made the request."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


class NotFound(Exception):
    """The object does not exist; the message says why that may be."""

    def __init__(self, message: str, back_url: str, back_label: str) -> None:
        super().__init__(message)
        self.back_url = back_url
        self.back_label = back_label


class InvalidRequest(Exception):
    """The request is not possible as it is; the message says what is possible."""


def chosen(choices: type[Choice], text: str, field: str) -> Choice | None:
    """The choice that `text` names, None for an empty text. Raises InvalidRequest."""
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        raise InvalidRequest(f"{field} is {text!r}; expected one of {', '.join(choices)}.") from None
