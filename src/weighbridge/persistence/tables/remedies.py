"""The tables of what people decided: corrections, releases, changes of the design, and the runs of playbooks."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcMoment, metadata

corrections = sa.Table(
    "correction",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transfer_id", sa.String(36), sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("field", sa.String(80), nullable=False),
    sa.Column("before", sa.Text, nullable=False, doc="what the shop shows; another value there ends the correction"),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("at", UtcMoment, nullable=False),
    sa.Column("undone_at", UtcMoment, nullable=True),
    sa.Column("undone_by", sa.String(80), nullable=False, server_default=""),
    sa.Index("correction_of_transfer", "transfer_id"),
    sqlite_autoincrement=True,
)

releases = sa.Table(
    "release",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transfer_id", sa.String(36), sa.ForeignKey("transfer.id"), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False, doc="the finding that no longer stops the transfer"),
    sa.Column("value", sa.Text, nullable=False, doc="what was found when it was released; another value stops again"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("at", UtcMoment, nullable=False),
    sa.Column("undone_at", UtcMoment, nullable=True),
    sa.Column("undone_by", sa.String(80), nullable=False, server_default=""),
    sa.Index("release_of_transfer", "transfer_id"),
    sqlite_autoincrement=True,
)

design_changes = sa.Table(
    "design_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("connection", sa.String(64), nullable=False),
    sa.Column("setting", sa.String(64), nullable=False, doc="dotted name of a table of the design, such as tax.rules"),
    sa.Column("key", sa.String(256), nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("before", sa.JSON, nullable=True, doc="what stood there; null when nothing did"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("exception_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=True),
    sa.Column("at", UtcMoment, nullable=False),
    sa.Column("undone_at", UtcMoment, nullable=True),
    sa.Column("undone_by", sa.String(80), nullable=False, server_default=""),
    sa.Index("design_change_of_connection", "connection", "id"),
    sqlite_autoincrement=True,
)

design_versions = sa.Table(
    "design_version",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("content", sa.JSON, nullable=False, doc="the whole design, so that old transfers can be explained"),
    sa.Column("first_used_at", UtcMoment, nullable=False),
)

playbook_runs = sa.Table(
    "playbook_run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exception_id", sa.Integer, sa.ForeignKey("exception.id"), nullable=False),
    sa.Column("remedy", sa.String(32), nullable=False),
    sa.Column("arguments", sa.JSON, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("plan", sa.JSON, nullable=False, doc="what its preview said, line by line"),
    sa.Column("transfers", sa.JSON, nullable=False, doc="ids of the transfers it is meant to bring on"),
    sa.Column("made", sa.JSON, nullable=False, doc="what undo takes back: kind of record -> ids"),
    sa.Column("state", sa.String(16), nullable=False, doc="proposed, started, undone or refused"),
    sa.Column("asked_by", sa.String(80), nullable=False),
    sa.Column("asked_at", UtcMoment, nullable=False),
    sa.Column("decided_by", sa.String(80), nullable=False, server_default=""),
    sa.Column("started_at", UtcMoment, nullable=True),
    sa.Column("ended_at", UtcMoment, nullable=True),
    sa.Index("playbook_run_of_exception", "exception_id", "id"),
    sa.Index("playbook_run_by_state", "state", "id"),
    sqlite_autoincrement=True,
)
