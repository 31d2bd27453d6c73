"""Building blocks of requests and responses. Money is text with its currency, timestamps are ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from weighbridge.domain.values.money import Money


def _writable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("must hold neither NUL nor halves of surrogate pairs")
    return text


Text = Annotated[str, Field(max_length=4000), AfterValidator(_writable)]
Short = Annotated[str, Field(max_length=256), AfterValidator(_writable)]


class ResponseModel(BaseModel):
    """A response that is read from our values by field name."""

    model_config = ConfigDict(from_attributes=True)


class RequestBody(BaseModel):
    """The body or query of a request; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why the request failed."""

    problem: str


class Amount(BaseModel):
    """An exact amount."""

    amount: str
    currency: str


def amounts(money: Iterable[Money]) -> list[Amount]:
    return [Amount(amount=format(value.amount, "f"), currency=value.currency) for value in money]
