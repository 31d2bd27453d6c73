"""The tables of the API budget: granted calls, waiting calls, and the state of each API application."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcTimestamp, metadata

budget_calls = sa.Table(
    "budget_call",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("application", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False, doc="who holds the slot"),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("granted_at", UtcTimestamp, nullable=False),
    sa.Column("frees_at", UtcTimestamp, nullable=False),
    sa.Index("budget_call_by_end", "application", "frees_at"),
)


budget_waiters = sa.Table(
    "budget_waiter",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("application", sa.Text, nullable=False),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("since", UtcTimestamp, nullable=False),
    sa.Column("seen_at", UtcTimestamp, nullable=False),
    sa.Index("budget_waiter_by_application", "application", "seen_at"),
)


budget_state = sa.Table(
    "budget_state",
    metadata,
    sa.Column("application", sa.Text, primary_key=True),
    sa.Column("paused_until", UtcTimestamp, nullable=True),
    sa.Column("quota", sa.Integer, nullable=True, doc="calls per window, from the platform's answers"),
    sa.Column("lowered_to", sa.Integer, nullable=True),
    sa.Column("lowered_at", UtcTimestamp, nullable=True),
    sa.Column("throttles", sa.Integer, nullable=False),
    sa.Column("peak", sa.Integer, nullable=False, doc="most slots ever held at once"),
)
