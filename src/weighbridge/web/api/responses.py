"""What answers and questions of the API are made of. Money is text with its currency, moments are ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from weighbridge.domain.values.money import Money


def _writable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("text without NUL and without halves of surrogate pairs")
    return text


Text = Annotated[str, Field(max_length=4000), AfterValidator(_writable)]
Short = Annotated[str, Field(max_length=256), AfterValidator(_writable)]


class Answer(BaseModel):
    """Read from values of ours by the names of their fields."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """A question or a deed; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why something was not done."""

    problem: str


class Amount(BaseModel):
    """An exact amount."""

    amount: str
    currency: str


def amounts(money: Iterable[Money]) -> list[Amount]:
    return [Amount(amount=format(one.amount, "f"), currency=one.currency) for one in money]
