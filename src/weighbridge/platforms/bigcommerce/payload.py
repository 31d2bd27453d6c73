"""The common forms in BigCommerce's payloads: timestamps, amounts, absent values and pages."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from weighbridge.domain.values.money import ZERO

T = TypeVar("T")


def _timestamp(value: Any) -> Any:
    """RFC 2822 in v2, ISO 8601 in v3, Unix seconds in webhooks. Source: platform notes, bigcommerce 1.6."""
    if isinstance(value, str):
        try:
            parsed = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("timestamp", "expected an RFC 2822 or ISO 8601 date") from error
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return value


def _empty_to_none(value: Any) -> Any:
    """Some fields hold `{}` or `''` instead of null. Source: platform notes, bigcommerce trap 45."""
    return None if value in ({}, "") else value


def empty_to_list(value: Any) -> Any:
    """Lists without rows come as null or `{}`."""
    return value or []


def list_or_empty(value: Any) -> Any:
    """A list that was not included comes as a link to it."""
    return value if isinstance(value, list) else []


def _text(value: Any) -> Any:
    if value is None or value == {}:
        return ""
    return str(value) if isinstance(value, (int, float)) else value


def _amount(value: Any) -> Any:
    """Amounts come as text, as numbers or not at all, never as a boolean."""
    if value in (None, "", {}):
        return ZERO
    if isinstance(value, bool):
        raise PydanticCustomError("amount", "expected an amount")
    return value


Timestamp = Annotated[datetime, BeforeValidator(_timestamp)]
OptionalTimestamp = Annotated[datetime | None, BeforeValidator(lambda value: _timestamp(_empty_to_none(value)))]
Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[Decimal, BeforeValidator(_amount), Field(allow_inf_nan=False)]
RequiredAmount = Annotated[Decimal, Field(allow_inf_nan=False)]
OptionalAmount = Annotated[RequiredAmount | None, BeforeValidator(_empty_to_none)]
Number = Annotated[int, BeforeValidator(lambda value: 0 if value in (None, "", {}) else value)]


class Read(BaseModel):
    """A payload of an answer; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sent(BaseModel):
    """A payload of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnreadableRow(Read):
    """A row of a list that does not match the documentation; only its id is certain."""

    id: int
    digest: str
    """Digest of the row's content, so that the same row is not reported twice."""


class Pagination(Read):
    total_pages: int = 1
    current_page: int = 1


class Meta(Read):
    pagination: Pagination | None = None


class Enveloped(Read, Generic[T]):
    """The v3 envelope."""

    data: T
    meta: Meta | None = None
