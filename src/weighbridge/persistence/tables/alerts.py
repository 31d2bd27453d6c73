"""The table of alerts: what was told whom of which exception, noted before and after it was sent."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcMoment, metadata

alerts = sa.Table(
    "alert",
    metadata,
    sa.Column("channel", sa.String(64), primary_key=True),
    sa.Column("exception_id", sa.Integer, primary_key=True, autoincrement=False, doc="0: the digest of a week"),
    sa.Column("times_opened", sa.Integer, primary_key=True, autoincrement=False, doc="of a digest: the week"),
    sa.Column("stage", sa.String(32), primary_key=True),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("claimed_at", UtcMoment, nullable=False, doc="when somebody set out to send it"),
    sa.Column("sent_at", UtcMoment, nullable=True),
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
    sa.Index("alert_by_time", "claimed_at"),
)
