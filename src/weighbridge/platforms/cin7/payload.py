"""The common forms in Cin7 Core's payloads: timestamps, absent texts and absent lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


def _timestamp(value: Any) -> Any:
    """Dates come with or without a time zone and with up to 7 decimals; all are UTC. Source: notes, cin7 1.5."""
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


def format_timestamp(value: datetime) -> str:
    """The form that Cin7 documents for dates in requests."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}"


Timestamp = Annotated[datetime, BeforeValidator(_timestamp)]
Text = Annotated[str, BeforeValidator(_text)]
SentTimestamp = Annotated[datetime, PlainSerializer(format_timestamp)]


class Read(BaseModel):
    """A payload of an answer; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Sent(BaseModel):
    """A payload of a request, serialised under the vendor's names."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
