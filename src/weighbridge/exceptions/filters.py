"""The filter of exceptions, for lists and for bulk actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.persistence.tables.exceptions import exception_objects, exception_tags, exceptions


@dataclass(frozen=True, slots=True)
class ExceptionFilter:
    """A filter of exceptions; a field with its default value does not restrict."""

    connection: str = ""
    state: str = "open"
    """open, closed, merged, or `any`."""
    owner: Owner | None = None
    assignee: str | None = None
    """Name of a user; empty: exceptions without an assignee."""
    kinds: tuple[FindingKind, ...] = ()
    at_least: Urgency = Urgency.LOW
    tag: str = ""
    text: str = ""
    """Part of the title or cause in any case, or the whole key of an object."""
    snoozed: bool = False
    """Whether snoozed exceptions are included."""
    late: bool = False
    """Whether only exceptions past their deadline are included."""


def condition(exception_filter: ExceptionFilter, now: datetime) -> sa.ColumnElement[bool]:
    """The filter as an SQL condition."""
    of = exceptions.c
    tests: list[sa.ColumnElement[bool]] = (
        [] if exception_filter.state == "any" else [of.state == exception_filter.state]
    )
    if exception_filter.connection:
        tests.append(of.connection == exception_filter.connection)
    if exception_filter.owner is not None:
        tests.append(of.owner == str(exception_filter.owner))
    if exception_filter.assignee is not None:
        tests.append(of.assignee == exception_filter.assignee)
    if exception_filter.kinds:
        tests.append(of.kind.in_([str(kind) for kind in exception_filter.kinds]))
    if exception_filter.at_least > Urgency.LOW:
        tests.append(of.rank <= Urgency.CRITICAL - exception_filter.at_least)
    if exception_filter.tag:
        tests.append(
            of.id.in_(sa.select(exception_tags.c.exception_id).where(exception_tags.c.tag == exception_filter.tag))
        )
    if exception_filter.text:
        tests.append(_contains(exception_filter.text))
    if not exception_filter.snoozed and exception_filter.state == "open":
        tests.append(of.snoozed_until.is_(None) | (of.snoozed_until <= now))
    if exception_filter.late:
        tests.append(of.deadline_at < now)
    return sa.and_(sa.true(), *tests)


def _contains(text: str) -> sa.ColumnElement[bool]:
    of = exceptions.c
    with_key = sa.select(exception_objects.c.exception_id).where(exception_objects.c.key == text)
    return of.title.icontains(text, autoescape=True) | of.cause.icontains(text, autoescape=True) | of.id.in_(with_key)
