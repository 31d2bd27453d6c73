"""The table of alerts: which exception was sent to which channel, recorded before and after the sending."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcTimestamp, metadata

alerts = sa.Table(
    "alert",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("exception_id", sa.Integer, primary_key=True, autoincrement=False, doc="0 for a weekly digest"),
    sa.Column("times_opened", sa.Integer, primary_key=True, autoincrement=False, doc="the week of a digest"),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("claimed_at", UtcTimestamp, nullable=False, doc="when a worker claimed it for sending"),
    sa.Column("sent_at", UtcTimestamp, nullable=True),
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
    sa.Index("alert_by_time", "claimed_at"),
)
