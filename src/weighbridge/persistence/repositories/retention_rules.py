"""Which records the retention removes, as SQL. `domain/retention.py` states the rule for one record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from weighbridge.domain.job_types import RECURRING
from weighbridge.domain.retention import GOOD_OUTCOME, UNFINISHED_STATES, RecordKind
from weighbridge.persistence.repositories.http_log import is_call_of
from weighbridge.persistence.tables.alerts import alerts
from weighbridge.persistence.tables.exceptions import exception_objects, exceptions
from weighbridge.persistence.tables.http_log import http_exchanges
from weighbridge.persistence.tables.stock import stock_decreases
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts, webhook_inbox

Condition = sa.ColumnElement[bool]
_RECURRING = sorted(RECURRING)
_OWNER, _OBJECT = transfers.alias("owner"), exception_objects.alias("object")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one kind of one connection."""

    table: sa.Table
    at: sa.Column[datetime]
    """By which their age counts."""
    is_own: Condition
    """Whether a record belongs to the connection and to the kind."""
    is_kept: Condition
    """Whether something still rests on it."""

    def removable(self, cutoff: datetime) -> Condition:
        """Whether a record may be removed."""
        return self.is_own & (self.at < sa.literal(cutoff, self.at.type)) & ~self.is_kept


def records_of(kind: RecordKind, connection: str) -> Records:
    """The records of `kind` of a connection."""
    calls = http_exchanges.c
    match kind:
        case RecordKind.HTTP_BODIES:
            has_bodies = is_call_of([connection]) & calls.response.is_not(None)
            return Records(http_exchanges, calls.started_at, has_bodies, call_is_kept())
        case RecordKind.HTTP_CALLS:
            return Records(http_exchanges, calls.started_at, is_call_of([connection]), call_is_kept())
        case RecordKind.ATTEMPTS:
            transfer_id = attempts.c.transfer_id
            own: Condition = sa.exists().where(_OWNER.c.id == transfer_id, _OWNER.c.connection == connection)
            return Records(attempts, attempts.c.started_at, own, _object_is_kept(transfer_id))
        case RecordKind.WEBHOOKS:
            own = webhook_inbox.c.connection == connection
            return Records(webhook_inbox, webhook_inbox.c.received_at, own, sa.false())
        case RecordKind.STOCK_DECREASES:
            own = stock_decreases.c.connection == connection
            return Records(stock_decreases, stock_decreases.c.at, own, sa.false())
        case RecordKind.ALERTS:
            return _alerts(connection)


def call_is_kept() -> Condition:
    """Whether an unfinished object or an open exception rests on a call."""
    calls = http_exchanges.c
    is_evidence = (calls.outcome != GOOD_OUTCOME) & _has_open_exception(calls.transfer_id)
    return _object_is_kept(calls.transfer_id) | is_evidence


def _object_is_kept(transfer_id: sa.Column[str]) -> Condition:
    """Whether a record belongs to an object that is unfinished or has an open exception."""
    is_unfinished = _OWNER.c.state.in_(sorted(UNFINISHED_STATES))
    return sa.exists().where(
        _OWNER.c.id == transfer_id,
        _OWNER.c.flow.not_in(_RECURRING),
        is_unfinished | _has_open_exception(_OWNER.c.id),
    )


def _has_open_exception(transfer_id: sa.ColumnElement[str]) -> Condition:
    return sa.exists().where(_OBJECT.c.transfer_id == transfer_id, _OBJECT.c.closed_at.is_(None))


def _alerts(connection: str) -> Records:
    """The alerts of a connection's exceptions, and the digests, which belong to none."""
    of = alerts.c
    belongs = (exceptions.c.id == of.exception_id) & (exceptions.c.connection == connection)
    is_own = (of.exception_id == 0) | sa.exists().where(belongs)
    is_open = sa.exists().where(exceptions.c.id == of.exception_id, exceptions.c.state == "open")
    return Records(alerts, of.claimed_at, is_own, is_open)
