"""The table of the HTTP log: every request and answer, byte for byte."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcTimestamp, metadata

http_exchanges = sa.Table(
    "http_exchange",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("transfer_id", sa.Text, nullable=True),
    sa.Column("attempt_id", sa.Text, nullable=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False, doc="exact bytes, compressed"),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("response", sa.LargeBinary, nullable=False, doc="exact bytes, compressed"),
    sa.Column("started_at", UtcTimestamp, nullable=False),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Index("http_exchange_by_transfer", "transfer_id", "started_at"),
    sa.Index("http_exchange_by_time", "connection", "started_at"),
)
