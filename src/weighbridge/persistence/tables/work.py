"""The tables of work: webhooks, jobs, attempts, intents, the reference cache, watermarks and workers.

The durable engine has its own tables elsewhere; no business fact is stored only there.
"""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import CompressedJson, RecordId, UtcTimestamp, metadata

webhook_inbox = sa.Table(
    "webhook_inbox",
    metadata,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("connection", sa.String(64), nullable=False),
    sa.Column("platform", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(128), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False, doc="flow:key that it hints at; may be empty"),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", UtcTimestamp, nullable=False),
    sa.Index("webhook_inbox_by_time", "connection", "received_at"),
)

IS_PENDING, IS_RUNNING = sa.text("requested_seq > claimed_seq"), sa.text("running_seq > 0")
jobs = sa.Table(
    "job",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("flow", sa.String(32), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("requested_seq", sa.Integer, nullable=False, doc="rises with every request"),
    sa.Column("claimed_seq", sa.Integer, nullable=False, doc="the last request that a worker claimed"),
    sa.Column("running_seq", sa.Integer, nullable=False, server_default="0", doc="the request that runs now, or 0"),
    sa.Column("worker", sa.String(64), nullable=False, server_default="", doc="who claimed the last request"),
    sa.Column("due_at", UtcTimestamp, nullable=False),
    sa.Column("reason", sa.String(128), nullable=False),
    # Workers ask many times a second which jobs are due; these indexes leave out the row of every other object.
    sa.Index("job_pending", "due_at", postgresql_where=IS_PENDING, sqlite_where=IS_PENDING),
    sa.Index("job_running", "worker", postgresql_where=IS_RUNNING, sqlite_where=IS_RUNNING),
)


attempts = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("run", sa.String(200), nullable=False),
    sa.Column("started_at", UtcTimestamp, nullable=False),
    sa.Column("finished_at", UtcTimestamp, nullable=True),
    sa.Column("outcome", sa.String(32), nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Index("attempt_by_transfer", "transfer_id", "started_at"),
    sa.Index("attempt_by_time", "started_at"),
)

intents = sa.Table(
    "intent",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("request", CompressedJson, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("sent_at", UtcTimestamp, nullable=True),
    sa.Column("sends", sa.Integer, nullable=False, server_default="0"),
    sa.Column("probes", sa.Integer, nullable=False, server_default="0", doc="probes since the last send"),
    sa.Column("answered_at", UtcTimestamp, nullable=True),
    sa.Column("answer", sa.JSON, nullable=True),
    sa.Column("outcome", sa.String(16), nullable=False, server_default="open"),
    sa.Index("intent_by_transfer", "transfer_id"),
)


reference_cache = sa.Table(
    "reference_cache",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("fetched_at", UtcTimestamp, nullable=False),
)

watermarks = sa.Table(
    "watermark",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("timestamp", UtcTimestamp, nullable=False),
)

workers = sa.Table(
    "worker",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("started_at", UtcTimestamp, nullable=False),
    sa.Column("heartbeat_at", UtcTimestamp, nullable=False),
    sa.Column("deregistered_at", UtcTimestamp, nullable=True),
)
