"""Which exceptions are meant: the filter of a list, and of what is done to many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.persistence.tables.exceptions import exception_objects, exception_tags, exceptions


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; what is left at its default does not restrict."""

    connection: str = ""
    state: str = "open"
    """open, closed, merged, or `any`."""
    owner: Owner | None = None
    assignee: str | None = None
    """A name; empty: nobody."""
    kinds: tuple[FindingKind, ...] = ()
    at_least: Urgency = Urgency.LOW
    tag: str = ""
    words: str = ""
    """A part of the title, the cause, or the key of an object, in any case."""
    snoozed: bool = False
    """Whether those that sleep are meant too."""
    late: bool = False
    """Only those beyond their deadline."""


def condition(wanted: Wanted, now: datetime) -> sa.ColumnElement[bool]:
    """The filter in the database's words."""
    of = exceptions.c
    tests: list[sa.ColumnElement[bool]] = [] if wanted.state == "any" else [of.state == wanted.state]
    if wanted.connection:
        tests.append(of.connection == wanted.connection)
    if wanted.owner is not None:
        tests.append(of.owner == str(wanted.owner))
    if wanted.assignee is not None:
        tests.append(of.assignee == wanted.assignee)
    if wanted.kinds:
        tests.append(of.kind.in_([str(kind) for kind in wanted.kinds]))
    if wanted.at_least > Urgency.LOW:
        tests.append(of.rank <= Urgency.CRITICAL - wanted.at_least)
    if wanted.tag:
        tests.append(of.id.in_(sa.select(exception_tags.c.exception_id).where(exception_tags.c.tag == wanted.tag)))
    if wanted.words:
        tests.append(_speaks_of(wanted.words))
    if not wanted.snoozed and wanted.state == "open":
        tests.append(of.snoozed_until.is_(None) | (of.snoozed_until <= now))
    if wanted.late:
        tests.append(of.deadline_at < now)
    return sa.and_(sa.true(), *tests)


def _speaks_of(words: str) -> sa.ColumnElement[bool]:
    of = exceptions.c
    with_key = sa.select(exception_objects.c.exception_id).where(exception_objects.c.key == words)
    return of.title.icontains(words, autoescape=True) | of.cause.icontains(words, autoescape=True) | of.id.in_(with_key)
