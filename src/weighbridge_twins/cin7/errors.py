"""Refusals of Cin7 Core: arrays of ErrorCode and Exception, which never report all problems at once."""

from __future__ import annotations

from weighbridge_twins.http.call import Answer

MOST_AT_ONCE = 3
"""Number of problems in one answer; fixing them reveals the next ones. Source: platform notes, cin7 1.4."""

Problem = str | tuple[int, str]
"""The text of an exception, with its ErrorCode if that is not 400."""


class Refusal(Exception):
    """The vendor refuses the request."""

    def __init__(self, *problems: Problem, status: int = 400) -> None:
        pairs = [(400, problem) if isinstance(problem, str) else problem for problem in problems]
        super().__init__("; ".join(text for _, text in pairs))
        self.problems = pairs
        self.status = status

    def answer(self) -> Answer:
        """Returns the error array. Source: Cin7 Core API v2, Error Model."""
        reported = self.problems[:MOST_AT_ONCE]
        return Answer(self.status, [{"ErrorCode": code, "Exception": text} for code, text in reported])


def refuse_any(problems: list[Problem]) -> None:
    """Raises Refusal when there are problems."""
    if problems:
        raise Refusal(*problems)


def required(name: str) -> str:
    return f"Required attribute {name} is not provided."


def not_in_reference_book(kind: str, name: object, reference_book: str) -> str:
    return f"{kind} '{name}' was not found in {reference_book} reference book"


def unknown_location(name: object) -> tuple[int, str]:
    """Returns the only observed problem whose ErrorCode is 404 while the HTTP status is 400."""
    return 404, f"Location '{name}' was not found in Locations reference book"


def unknown_term(name: object) -> str:
    return f"Active payment term with name {name} was not found in Payment Terms reference book"


def too_long(name: str, longest: int) -> str:
    return f"{name} length cannot be more than {longest} characters."
