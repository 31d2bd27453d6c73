"""How Cin7 Core refuses: arrays of ErrorCode and Exception, never all problems at once."""

from __future__ import annotations

from weighbridge.twins.call import Answer

MOST_AT_ONCE = 3


class Refusal(Exception):
    """A request that the vendor would refuse."""

    def __init__(self, *messages: str, code: int = 400, status: int = 400) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages
        self.code = code
        self.status = status

    def answer(self) -> Answer:
        shown = self.messages[:MOST_AT_ONCE]
        return Answer(self.status, [{"ErrorCode": self.code, "Exception": message} for message in shown])


def required(name: str) -> str:
    return f"Required attribute {name} is not provided."


def not_in_book(kind: str, name: object, book: str) -> str:
    return f"{kind} '{name}' was not found in {book} reference book"
