"""The metadata of all tables; column types that both databases order and compare alike; and how texts are compressed.

Compression is Zstandard with a dictionary for each kind of text, or as the changes of an earlier text. A dictionary
holds what all texts of its kind have in common, such as the names of their fields. Its id is in the header of every
text that was compressed with it, so that a text stays readable after a better dictionary has been added. A dictionary
is never changed or removed once it has been released.

Source: RFC 8878, section 5 (dictionaries); zstd 1.5 manual, ZSTD_CCtx_refPrefix (a text as the changes of another).
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
import uuid_utils
import zstandard

from weighbridge.domain.documents import DocumentKind, Model, UnreadableDocument, WireDocument

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
"""Every table. Constraints have names, so that a migration can drop them on both databases."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORMAT = zstandard.FORMAT_ZSTD1_MAGICLESS
"""Frames without the four bytes that mark a file: a column holds nothing else."""
SMALL = 32 * 1024
"""Bytes up to which a text is compressed as well as possible; a larger one is compressed quickly."""
SMALL_LEVEL, LARGE_LEVEL = 12, 3
SHORTEST_WINDOW, LONGEST_WINDOW = 10, 27
"""Binary logarithms of bytes. Source: ZSTD_WINDOWLOG_LIMIT_DEFAULT, the longest that every reader accepts."""


class Dictionary(IntEnum):
    """The dictionary in use for each kind of text, by its id. `tools/dictionaries.py` makes them."""

    BIGCOMMERCE = 1
    CIN7 = 2
    DOCUMENTS = 3
    """Mapped documents and intents, as the repositories store them."""


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


def compress(text: bytes, dictionary: Dictionary) -> bytes:
    """`text` compressed; empty for an empty text."""
    return _compressor(dictionary, len(text) <= SMALL).compress(text) if text else b""


def decompress(stored: bytes) -> bytes:
    """The text that `compress` was given. Raises zstandard.ZstdError when `stored` is damaged."""
    if not stored:
        return b""
    dictionary_id = zstandard.get_frame_parameters(stored, format=FORMAT).dict_id
    return _decompressor(dictionary_id).decompress(stored)


def compress_changes(text: bytes, previous: bytes) -> bytes:
    """`text` as what differs from `previous`, with a checksum of the whole; short when they have most in common."""
    level = SMALL_LEVEL if len(text) <= SMALL else LARGE_LEVEL
    window = min(LONGEST_WINDOW, max(SHORTEST_WINDOW, (len(text) + len(previous)).bit_length()))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=len(text),
        dict_size=len(previous),
        window_log=window,
        format=FORMAT,
        write_content_size=True,
        write_checksum=True,
    )
    return zstandard.ZstdCompressor(dict_data=_prefix(previous), compression_params=parameters).compress(text)


def decompress_changes(stored: bytes, previous: bytes) -> bytes:
    """The text that `compress_changes` was given. Raises zstandard.ZstdError when `previous` is another one."""
    largest = 2**LONGEST_WINDOW
    reader = zstandard.ZstdDecompressor(dict_data=_prefix(previous), max_window_size=largest, format=FORMAT)
    return reader.decompress(stored)


def _prefix(previous: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(previous, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


@cache
def _dictionary(dictionary_id: int) -> zstandard.ZstdCompressionDict:
    path = files("weighbridge.persistence") / "dictionaries" / f"{dictionary_id}.zdict"
    return zstandard.ZstdCompressionDict(path.read_bytes(), dict_type=zstandard.DICT_TYPE_FULLDICT)


class _OfThread(threading.local):
    """A compressor and a decompressor serve one thread only."""

    def __init__(self) -> None:
        self.compressors: dict[tuple[int, bool], zstandard.ZstdCompressor] = {}
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}


_of_thread = _OfThread()


def _compressor(dictionary: Dictionary, is_small: bool) -> zstandard.ZstdCompressor:
    compressors = _of_thread.compressors
    if (dictionary, is_small) not in compressors:
        parameters = zstandard.ZstdCompressionParameters.from_level(
            SMALL_LEVEL if is_small else LARGE_LEVEL, format=FORMAT, write_content_size=True, write_dict_id=True
        )
        compressors[dictionary, is_small] = zstandard.ZstdCompressor(
            dict_data=_dictionary(dictionary), compression_params=parameters
        )
    return compressors[dictionary, is_small]


def _decompressor(dictionary_id: int) -> zstandard.ZstdDecompressor:
    decompressors = _of_thread.decompressors
    if dictionary_id not in decompressors:
        decompressors[dictionary_id] = zstandard.ZstdDecompressor(dict_data=_dictionary(dictionary_id), format=FORMAT)
    return decompressors[dictionary_id]
