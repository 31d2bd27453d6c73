"""The tables of exceptions: the exceptions, their objects, their tags and their history."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import ExactDecimal, RecordId, UtcTimestamp, metadata

exceptions = sa.Table(
    "exception",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False, doc="equal for all objects with the same cause"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("expected", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text, nullable=False, server_default=""),
    sa.Column("rank", sa.Integer, nullable=False, doc="0 is most urgent, so that lists sort ascending"),
    sa.Column("state", sa.Text, nullable=False, doc="open, closed, or merged into another"),
    sa.Column("merged_into", sa.Integer, nullable=True),
    sa.Column("objects_open", sa.Integer, nullable=False),
    sa.Column("objects_ever", sa.Integer, nullable=False),
    sa.Column("money", sa.JSON, nullable=False, doc="currency -> amount of its open objects, as text"),
    sa.Column("times_opened", sa.Integer, nullable=False),
    sa.Column("opened_at", UtcTimestamp, nullable=False, doc="the last time it was opened"),
    sa.Column("last_seen_at", UtcTimestamp, nullable=False, doc="when an object joined last"),
    sa.Column("deadline_at", UtcTimestamp, nullable=False),
    sa.Column("snoozed_until", UtcTimestamp, nullable=True),
    sa.Column("closed_at", UtcTimestamp, nullable=True),
    sa.UniqueConstraint("connection", "kind", "cause"),
    sa.Index("exception_list", "state", "rank", "id"),
    sa.Index("exception_of_connection", "connection", "state", "rank", "id"),
    sa.Index("exception_of_owner", "owner", "state", "rank", "id"),
    sa.Index("exception_of_assignee", "assignee", "state", "rank", "id"),
    sa.Index("exception_of_kind", "kind", "state", "rank", "id"),
    sa.Index("exception_by_deadline", "state", "deadline_at"),
    sa.Index("exception_merged", "merged_into"),
    sqlite_autoincrement=True,
)

exception_objects = sa.Table(
    "exception_object",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "exception_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=False, doc="the exception that lists it"
    ),
    sa.Column("cause_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=False, doc="the exception of its cause"),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("expected", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("amount", ExactDecimal, nullable=True),
    sa.Column("currency", sa.Text, nullable=False, server_default=""),
    sa.Column("opened_at", UtcTimestamp, nullable=False),
    sa.Column("closed_at", UtcTimestamp, nullable=True),
    sa.Column("times_opened", sa.Integer, nullable=False),
    sa.Column(
        "accepted",
        sa.Boolean,
        nullable=False,
        doc="closed although its finding is on record: a user accepted it, or its fix was seen; stays closed",
    ),
    sa.Column("proof", sa.JSON, nullable=True, doc="what was seen when it was closed"),
    sa.UniqueConstraint("cause_id", "transfer_id"),
    sa.Index("exception_object_of_transfer", "transfer_id", "closed_at"),
    sa.Index("exception_object_by_key", "key"),
    sa.Index("exception_object_list", "exception_id", "closed_at", "id"),
    sa.Index(
        "exception_object_open",
        *("transfer_id", "amount", "currency", "exception_id"),
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

exception_tags = sa.Table(
    "exception_tag",
    metadata,
    sa.Column("exception_id", sa.Integer, sa.ForeignKey("exception.id"), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Index("exception_by_tag", "tag", "exception_id"),
)

exception_events = sa.Table(
    "exception_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exception_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=False),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, doc="a user's name, or weighbridge"),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("transfer_id", RecordId, nullable=True),
    sa.Index("exception_event_list", "exception_id", "id"),
    sqlite_autoincrement=True,
)
