"""The tables of transfers: each object that is transferred, and the search index."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import DocumentColumn, ExactDecimal, RecordId, UtcTimestamp, metadata

IS_LEASED = sa.text("lease_owner <> ''")
transfers = sa.Table(
    "transfer",
    metadata,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason_kind", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("findings", sa.JSON, nullable=False, doc="every finding of the last evaluation"),
    sa.Column("source_version", sa.Text, nullable=False, server_default=""),
    sa.Column("target_id", sa.Text, nullable=False, server_default=""),
    sa.Column("target_number", sa.Text, nullable=False, server_default=""),
    sa.Column("amount", ExactDecimal, nullable=True),
    sa.Column("currency", sa.Text, nullable=False, server_default=""),
    sa.Column("content", DocumentColumn, nullable=False, doc="the mapped document that is to be written"),
    sa.Column("design_version", sa.Text, nullable=False, server_default=""),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0", doc="attempts in a row without success"),
    sa.Column("next_try_at", UtcTimestamp, nullable=True),
    sa.Column("lease_owner", sa.Text, nullable=False, server_default=""),
    sa.Column("lease_until", UtcTimestamp, nullable=True),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("updated_at", UtcTimestamp, nullable=False),
    sa.Column("posted_at", UtcTimestamp, nullable=True),
    sa.UniqueConstraint("connection", "flow", "key"),
    sa.Index("transfer_by_state", "state", "flow", "created_at"),
    sa.Index("transfer_by_target", "connection", "flow", "target_id"),
    sa.Index("transfer_by_next_try", "next_try_at"),
    sa.Index("transfer_list", "flow", "created_at", "id"),
    sa.Index("transfer_by_posting", "posted_at"),
    sa.Index("transfer_by_number", "target_number"),
    sa.Index("transfer_leased", "lease_owner", postgresql_where=IS_LEASED, sqlite_where=IS_LEASED),
    sa.Index("transfer_by_design", "design_version", "connection", "state", "flow"),
)


search_index = sa.Table(
    "search_index",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, doc="of an e-mail address, a tracking number or a basket"),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), primary_key=True),
)
