"""What all payloads of Cin7 Core have in common: how moments, absent texts and lists are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


def _moment(value: Any) -> Any:
    """Dates come with and without a zone and with up to 7 decimals; all are UTC. Source: notes, cin7 1.5."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if "." in text:
        head, _, tail = text.partition(".")
        digits = "".join(ch for ch in tail if ch.isdigit())[:6]
        text = f"{head}.{digits}{'Z' if text.endswith('Z') else ''}"
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _text(value: Any) -> Any:
    return "" if value is None else value


def _list(value: Any) -> Any:
    return [] if value is None else value


def written_moment(value: datetime) -> str:
    """The one form that Cin7 documents for dates it is sent."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}"


Moment = Annotated[datetime, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(_text)]
SentMoment = Annotated[datetime, PlainSerializer(written_moment)]


class Read(BaseModel):
    """A payload of an answer: unknown fields are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Sent(BaseModel):
    """A payload of a request: written under the vendor's names."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
