"""The tables of the API budget: calls granted, calls that wait, and the state of each application."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcMoment, metadata

budget_calls = sa.Table(
    "budget_call",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("application", sa.String(64), nullable=False),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("granted_at", UtcMoment, nullable=False),
    sa.Column("frees_at", UtcMoment, nullable=False),
    sa.Index("budget_call_by_end", "application", "frees_at"),
)


budget_waiters = sa.Table(
    "budget_waiter",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("application", sa.String(64), nullable=False),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("since", UtcMoment, nullable=False),
    sa.Column("seen_at", UtcMoment, nullable=False),
    sa.Index("budget_waiter_by_application", "application", "seen_at"),
)


budget_state = sa.Table(
    "budget_state",
    metadata,
    sa.Column("application", sa.String(64), primary_key=True),
    sa.Column("paused_until", UtcMoment, nullable=True),
    sa.Column("quota", sa.Integer, nullable=True, doc="calls per window as the platform's answers tell it"),
    sa.Column("lowered_to", sa.Integer, nullable=True),
    sa.Column("lowered_at", UtcMoment, nullable=True),
    sa.Column("throttles", sa.Integer, nullable=False),
    sa.Column("peak", sa.Integer, nullable=False, doc="most slots ever held at once"),
)
