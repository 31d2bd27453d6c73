"""The metadata of all tables, and column types that both databases order and compare alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
import uuid_utils

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
"""Every table. Constraints have names, so that a migration can drop them on both databases."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTimestamp(sa.types.TypeDecorator[datetime]):
    """An aware UTC timestamp, stored as Unix microseconds so that both databases order and compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"timestamp {value} has no time zone; expected an aware datetime")
        return (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class ExactDecimal(sa.types.TypeDecorator[Decimal]):
    """A decimal stored as text: no database rounds it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value)


def new_id() -> str:
    """A new UUID version 7 as text."""
    return str(uuid_utils.uuid7())
