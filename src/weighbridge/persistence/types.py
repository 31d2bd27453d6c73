"""The metadata of all tables, and column types that both databases order, compare and compress alike."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
import uuid_utils
import zstandard

from weighbridge.domain.documents import DocumentKind, Model, UnreadableDocument, WireDocument
from weighbridge.persistence.compression import Dictionary, compress, decompress

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


class RecordId(sa.types.TypeDecorator[str]):
    """An id of `new_id`: text in the program, 16 bytes in the database, where most rows and indexes contain several."""

    impl = sa.LargeBinary(16).with_variant(sa.Uuid(as_uuid=False), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | bytes | None:
        if value is None or dialect.name == "postgresql":
            return value
        return bytes.fromhex(value.replace("-", ""))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return str(value)
        digits: str = value.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_record_id(text: str) -> bool:
    """Whether `text` can be the id of a record at all."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


class CompressedBytes(sa.types.TypeDecorator[bytes]):
    """Bytes that are compressed already; `storage_statements` keeps PostgreSQL from compressing them once more."""

    impl = sa.LargeBinary
    cache_ok = True


class CompressedJson(sa.types.TypeDecorator[Any]):
    """A document as compressed JSON, for columns that no SQL reads into; empty for None."""

    impl = CompressedBytes
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes:
        return _packed(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        return _unpacked(value) if value else None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as its row holds it. A row with a damaged document can be read; only reading the document fails."""

    frame: bytes

    def read(self, kind: DocumentKind[Model]) -> Model:
        """The document. Raises UnreadableDocument when it is damaged, or has another version or shape."""
        try:
            stored = _unpacked(self.frame)
        except (TypeError, ValueError, zstandard.ZstdError) as error:
            raise UnreadableDocument(f"{kind.name}: damaged in the database: {error}") from error
        return kind.read(stored)


class _Frame(sa.LargeBinary):
    """Bytes as the database has them: SQLite may hold a text in their place, which is read with the row as well."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        return None


class DocumentColumn(sa.types.TypeDecorator[Any]):
    """A column of wire documents, read as stored documents; empty for None."""

    impl = _Frame
    cache_ok = True

    def process_bind_param(self, value: WireDocument | None, dialect: Any) -> bytes:
        return _packed(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> StoredDocument | None:
        return StoredDocument(value) if value else None


def _packed(value: Any) -> bytes:
    """A JSON value compressed; empty for None."""
    if value is None:
        return b""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return compress(text.encode("utf-8", "surrogatepass"), Dictionary.DOCUMENTS)


def _unpacked(frame: bytes) -> Any:
    return json.loads(decompress(frame).decode("utf-8", "surrogatepass"))


def storage_statements(table: sa.Table) -> list[str]:
    """The statements by which PostgreSQL stores the compressed columns of a table as they are.

    Source: PostgreSQL manual, "TOAST": storage EXTERNAL allows out-of-line storage but no compression.
    """
    return [
        f"ALTER TABLE {table.name} ALTER COLUMN {column.name} SET STORAGE EXTERNAL"
        for column in table.columns
        if isinstance(column.type, (CompressedBytes, CompressedJson, DocumentColumn))
    ]


def new_id() -> str:
    """A new UUID version 7 as text."""
    return str(uuid_utils.uuid7())
