"""The tables of decisions: corrections, releases, design changes, design versions, and the runs of playbooks."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import RecordId, UtcTimestamp, metadata

corrections = sa.Table(
    "correction",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False, doc="the store's value; a different one ends the correction"),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Column("undone_at", UtcTimestamp, nullable=True),
    sa.Column("undone_by", sa.Text, nullable=False, server_default=""),
    sa.Index("correction_of_transfer", "transfer_id"),
    sqlite_autoincrement=True,
)

releases = sa.Table(
    "release",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transfer_id", RecordId, sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False, doc="the finding that no longer stops the transfer"),
    sa.Column("value", sa.Text, nullable=False, doc="the finding's value at the release; a different one stops again"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Column("undone_at", UtcTimestamp, nullable=True),
    sa.Column("undone_by", sa.Text, nullable=False, server_default=""),
    sa.Index("release_of_transfer", "transfer_id"),
    sqlite_autoincrement=True,
)

design_changes = sa.Table(
    "design_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("setting", sa.Text, nullable=False, doc="dotted name of a table of the design, such as tax.rules"),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("before", sa.JSON, nullable=True, doc="the former value; null when there was none"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("exception_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=True),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Column("undone_at", UtcTimestamp, nullable=True),
    sa.Column("undone_by", sa.Text, nullable=False, server_default=""),
    sa.Index("design_change_of_connection", "connection", "id"),
    sqlite_autoincrement=True,
)

design_versions = sa.Table(
    "design_version",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False, doc="the whole design, so that old transfers can be explained"),
    sa.Column("first_used_at", UtcTimestamp, nullable=False),
)

playbook_runs = sa.Table(
    "playbook_run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exception_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=False),
    sa.Column("playbook", sa.Text, nullable=False),
    sa.Column("arguments", sa.JSON, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("plan", sa.JSON, nullable=False, doc="the lines of its preview"),
    sa.Column("transfers", sa.JSON, nullable=False, doc="ids of the transfers that it is meant to fix"),
    sa.Column("created_records", sa.JSON, nullable=False, doc="what undo reverts: kind of record -> ids"),
    sa.Column("state", sa.Text, nullable=False, doc="proposed, started, undone or refused"),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("requested_at", UtcTimestamp, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", UtcTimestamp, nullable=True),
    sa.Column("finished_at", UtcTimestamp, nullable=True),
    sa.Index("playbook_run_of_exception", "exception_id", "id"),
    sa.Index("playbook_run_by_state", "state", "id"),
    sqlite_autoincrement=True,
)
