"""How Cin7 Core refuses: arrays of ErrorCode and Exception, never all problems at once."""

from __future__ import annotations

from weighbridge_twins.call import Answer

MOST_AT_ONCE = 3
"""Fixing what is reported reveals the rest. Source: platform notes, cin7 1.4."""

Problem = str | tuple[int, str]
"""An exception's text, with its ErrorCode where that is not 400."""


class Refusal(Exception):
    """A request that the vendor refuses."""

    def __init__(self, *problems: Problem, status: int = 400) -> None:
        pairs = [(400, problem) if isinstance(problem, str) else problem for problem in problems]
        super().__init__("; ".join(text for _, text in pairs))
        self.problems = pairs
        self.status = status

    def answer(self) -> Answer:
        """The error array. Source: Cin7 Core API v2, Error Model."""
        shown = self.problems[:MOST_AT_ONCE]
        return Answer(self.status, [{"ErrorCode": code, "Exception": text} for code, text in shown])


def refuse_any(problems: list[Problem]) -> None:
    """Raises Refusal when there are problems."""
    if problems:
        raise Refusal(*problems)


def required(name: str) -> str:
    return f"Required attribute {name} is not provided."


def not_in_book(kind: str, name: object, book: str) -> str:
    return f"{kind} '{name}' was not found in {book} reference book"


def unknown_location(name: object) -> tuple[int, str]:
    """The one observed refusal whose ErrorCode is 404 while the status stays 400."""
    return 404, f"Location '{name}' was not found in Locations reference book"


def unknown_term(name: object) -> str:
    return f"Active payment term with name {name} was not found in Payment Terms reference book"


def too_long(name: str, longest: int) -> str:
    return f"{name} length cannot be more than {longest} characters."
