"""What tables are made of, and those of the journal: what crossed, what is to be done, who does it.

The durable engine keeps its own tables elsewhere; no business fact lives only there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcMoment(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment, stored as Unix microseconds so that both databases order and compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its time zone: {value}")
        return (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class ExactDecimal(sa.types.TypeDecorator[Decimal]):
    """A decimal stored as text: no database rounds it."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value)


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

transfers = sa.Table(
    "transfer",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("connection", sa.String(64), nullable=False),
    sa.Column("flow", sa.String(32), nullable=False),
    sa.Column("key", sa.String(160), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason_kind", sa.String(64), nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("owner", sa.String(16), nullable=False, server_default=""),
    sa.Column("findings", sa.JSON, nullable=False, doc="every finding of the last weighing"),
    sa.Column("source_version", sa.String(80), nullable=False, server_default=""),
    sa.Column("target_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("target_number", sa.String(64), nullable=False, server_default=""),
    sa.Column("amount", ExactDecimal, nullable=True),
    sa.Column("currency", sa.String(3), nullable=False, server_default=""),
    sa.Column("content", sa.JSON, nullable=False, doc="what was mapped and is to be written"),
    sa.Column("design_version", sa.String(32), nullable=False, server_default=""),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0", doc="tries in a row without success"),
    sa.Column("next_try_at", UtcMoment, nullable=True),
    sa.Column("lease_owner", sa.String(200), nullable=False, server_default=""),
    sa.Column("lease_until", UtcMoment, nullable=True),
    sa.Column("created_at", UtcMoment, nullable=False),
    sa.Column("updated_at", UtcMoment, nullable=False),
    sa.Column("posted_at", UtcMoment, nullable=True),
    sa.UniqueConstraint("connection", "flow", "key"),
    sa.Index("transfer_by_state", "state", "flow", "created_at"),
    sa.Index("transfer_by_target", "connection", "flow", "target_id"),
    sa.Index("transfer_by_next_try", "next_try_at"),
    sa.Index("transfer_list", "flow", "created_at", "id"),
    sa.Index("transfer_by_posting", "posted_at"),
    sa.Index("transfer_by_number", "target_number"),
    sa.Index("transfer_by_design", "design_version", "connection", "state", "flow"),
)

found_by = sa.Table(
    "transfer_found_by",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, doc="of an e-mail address, a tracking number or a basket"),
    sa.Column("transfer_id", sa.String(36), sa.ForeignKey("transfer.id"), primary_key=True),
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

exchanges = sa.Table(
    "exchange",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("transfer_id", sa.String(36), nullable=True),
    sa.Column("attempt_id", sa.String(36), nullable=True),
    sa.Column("connection", sa.String(64), nullable=False),
    sa.Column("platform", sa.String(16), nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False, doc="exact bytes, compressed"),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("response", sa.LargeBinary, nullable=False, doc="exact bytes, compressed"),
    sa.Column("started_at", UtcMoment, nullable=False),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Index("exchange_by_transfer", "transfer_id", "started_at"),
    sa.Index("exchange_by_time", "connection", "started_at"),
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
