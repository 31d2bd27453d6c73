"""The tables of the HTTP log: every request and answer, byte for byte, and the addresses of the APIs."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import CompressedBytes, RecordId, UtcTimestamp, metadata

api_addresses = sa.Table(
    "api_address",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("base", sa.Text, nullable=False, doc="beginning of the URLs, which no row of the log repeats"),
    sa.UniqueConstraint("connection", "platform", "base"),
)
http_exchanges = sa.Table(
    "http_exchange",
    metadata,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("transfer_id", RecordId, nullable=True),
    sa.Column("attempt_id", RecordId, nullable=True),
    sa.Column("started_at", UtcTimestamp, nullable=False),
    sa.Column("address_id", sa.SmallInteger, nullable=False, doc="connection, platform and base of the URL"),
    sa.Column("status", sa.SmallInteger, nullable=True),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False, doc="rest of the URL after its base, with its query"),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("request", CompressedBytes, nullable=True, doc="exact bytes, compressed; null once removed"),
    sa.Column("response", CompressedBytes, nullable=True, doc="exact bytes, compressed; null once removed"),
    sa.Column("previous_id", RecordId, nullable=True, doc="the response is stored as the changes of this one's"),
    sa.Column("digest", sa.LargeBinary(32), nullable=True, doc="SHA-256 of a long response's exact bytes"),
    sa.Index("http_exchange_by_transfer", "transfer_id", "started_at"),
    sa.Index("http_exchange_by_time", "address_id", "started_at"),
)
