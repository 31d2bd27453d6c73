"""The tables of work: what came in, what is to be done, who does it, and what was tried.

The durable engine keeps its own tables elsewhere; no business fact lives only there.
"""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcMoment, metadata

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("connection", sa.String(64), nullable=False),
    sa.Column("platform", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(128), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False, doc="flow:key it points at; empty when it points at nothing"),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", UtcMoment, nullable=False),
    sa.Index("inbox_by_time", "connection", "received_at"),
)

IS_WAITING, IS_UNDER_WAY = sa.text("generation > taken"), sa.text("under_way > 0")
agenda = sa.Table(
    "agenda",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("flow", sa.String(32), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False, doc="rises with every reason to look again"),
    sa.Column("taken", sa.Integer, nullable=False, doc="the last generation that a worker took"),
    sa.Column("under_way", sa.Integer, nullable=False, server_default="0", doc="the generation looked at now; or 0"),
    sa.Column("worker", sa.String(64), nullable=False, server_default="", doc="who took the last generation"),
    sa.Column("due_at", UtcMoment, nullable=False),
    sa.Column("reason", sa.String(128), nullable=False),
    # Each worker asks many times a second what is due; of the rest, a row for each object there ever was, nothing.
    sa.Index("agenda_waiting", "due_at", postgresql_where=IS_WAITING, sqlite_where=IS_WAITING),
    sa.Index("agenda_under_way", "worker", postgresql_where=IS_UNDER_WAY, sqlite_where=IS_UNDER_WAY),
)


attempts = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("transfer_id", sa.String(36), sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("run", sa.String(200), nullable=False),
    sa.Column("started_at", UtcMoment, nullable=False),
    sa.Column("ended_at", UtcMoment, nullable=True),
    sa.Column("outcome", sa.String(32), nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Index("attempt_by_transfer", "transfer_id", "started_at"),
    sa.Index("attempt_by_time", "started_at"),
)

intents = sa.Table(
    "intent",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("transfer_id", sa.String(36), sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("created_at", UtcMoment, nullable=False),
    sa.Column("sent_at", UtcMoment, nullable=True),
    sa.Column("sends", sa.Integer, nullable=False, server_default="0"),
    sa.Column("looks", sa.Integer, nullable=False, server_default="0", doc="probes since it was last sent"),
    sa.Column("answered_at", UtcMoment, nullable=True),
    sa.Column("answer", sa.JSON, nullable=True),
    sa.Column("outcome", sa.String(16), nullable=False, server_default="open"),
    sa.Index("intent_by_transfer", "transfer_id"),
)


references = sa.Table(
    "reference",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("fetched_at", UtcMoment, nullable=False),
)

watermarks = sa.Table(
    "watermark",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("moment", UtcMoment, nullable=False),
)

workers = sa.Table(
    "worker",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("started_at", UtcMoment, nullable=False),
    sa.Column("seen_at", UtcMoment, nullable=False),
    sa.Column("left_at", UtcMoment, nullable=True),
)
