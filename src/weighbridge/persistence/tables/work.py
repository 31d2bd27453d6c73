"""The tables of work: webhooks, jobs, attempts, intents, the reference cache, watermarks and workers."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import CompressedJson, RecordId, UtcTimestamp, metadata

webhook_inbox = sa.Table(
    "webhook_inbox",
    metadata,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, doc="flow:key that it hints at; may be empty"),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", UtcTimestamp, nullable=False),
    sa.Index("webhook_inbox_by_time", "connection", "received_at"),
)

IS_WAITING, IS_RUNNING = sa.text("worker = '' AND due_at IS NOT NULL"), sa.text("worker <> ''")
jobs = sa.Table(
    "job",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("priority", sa.Integer, nullable=False, doc="lower first"),
    sa.Column("due_at", UtcTimestamp, nullable=True, doc="when the next run is due; none while nothing asks for one"),
    sa.Column("reason", sa.Text, nullable=False, doc="why the next run is due"),
    sa.Column("worker", sa.Text, nullable=False, server_default="", doc="the session that runs it now"),
    sa.Column("run", sa.Text, nullable=False, server_default="", doc="the id of the run, unique for ever"),
    sa.Column("started_at", UtcTimestamp, nullable=True, doc="of the last run"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0", doc="failed or crashed runs in a row"),
    sa.Index("job_due", "connection", "due_at", postgresql_where=IS_WAITING, sqlite_where=IS_WAITING),
    sa.Index("job_running", "worker", postgresql_where=IS_RUNNING, sqlite_where=IS_RUNNING),
    sa.Index("job_by_run", "run", postgresql_where=IS_RUNNING, sqlite_where=IS_RUNNING),
)


attempts = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("started_at", UtcTimestamp, nullable=False),
    sa.Column("finished_at", UtcTimestamp, nullable=True),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Index("attempt_by_transfer", "transfer_id", "started_at"),
    sa.Index("attempt_by_time", "started_at"),
)

intents = sa.Table(
    "intent",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("request", CompressedJson, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("sent_at", UtcTimestamp, nullable=True),
    sa.Column("sends", sa.Integer, nullable=False, server_default="0"),
    sa.Column("probes", sa.Integer, nullable=False, server_default="0", doc="probes since the last send"),
    sa.Column("answered_at", UtcTimestamp, nullable=True),
    sa.Column("answer", sa.JSON, nullable=True),
    sa.Column("outcome", sa.Text, nullable=False, server_default="open"),
    sa.Index("intent_by_transfer", "transfer_id"),
)


reference_cache = sa.Table(
    "reference_cache",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("fetched_at", UtcTimestamp, nullable=False),
)

watermarks = sa.Table(
    "watermark",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("timestamp", UtcTimestamp, nullable=False),
)

workers = sa.Table(
    "worker",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, doc="one life of a process"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_space", sa.Text, nullable=False, doc="where pid means the same process"),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("connections", sa.JSON, nullable=False, doc="a list: those of which it takes a share"),
    sa.Column("started_at", UtcTimestamp, nullable=False),
    sa.Column("heartbeat_at", UtcTimestamp, nullable=False, doc="by the database server's clock"),
)
