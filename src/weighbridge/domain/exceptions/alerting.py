"""Alerts: which exceptions are notified now, so that no alert is repeated without a reason and none is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner

OPENED, OVERDUE, DIGEST = "opened", "overdue", "digest"
DIGEST_HOUR = 8
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class OpenException:
    """The fields of an open exception that alerts need."""

    id: int
    title: str
    owner: Owner
    urgency: Urgency
    objects: int
    money: Mapping[str, str]
    times_opened: int
    deadline_at: datetime
    backup: Owner
    """Who is notified too once the deadline has passed."""
    snoozed_until: datetime | None = None

    @property
    def alert_key(self) -> tuple[int, int]:
        """Identifies this opening; a reopened exception is alerted again."""
        return self.id, self.times_opened


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One exception in a message, with the stages that the message reports."""

    exception: OpenException
    stages: tuple[str, ...]

    @property
    def text(self) -> str:
        """The line as people read it: title, size and reason for the alert."""
        exception = self.exception
        count = f"{exception.objects} objects" if exception.objects != 1 else "1 object"
        money = ", ".join(f"{amount} {currency}" for currency, amount in exception.money.items())
        reason = "past its deadline: " if OVERDUE in self.stages else "grown: " if OPENED not in self.stages else ""
        return f"{reason}{exception.title} ({', '.join(filter(None, (count, money)))}; {exception.owner})"


def stages_of(exception: OpenException, now: datetime) -> tuple[str, ...]:
    """Every stage that an exception has reached: opened, its size by powers of ten, overdue."""
    size = len(str(max(1, exception.objects))) - 1
    grown = (f"objects:{10**size}",) if size else ()
    return (OPENED, *grown, *((OVERDUE,) if now >= exception.deadline_at else ()))


def lines_for(
    owners: Iterable[Owner],
    exceptions: Sequence[OpenException],
    sent: Mapping[tuple[int, int], frozenset[str]],
    now: datetime,
    *,
    quiet: bool,
) -> tuple[AlertLine, ...]:
    """The lines that a channel for `owners` sends now, the most urgent first.

    An overdue exception is sent to its backup too. In `quiet` hours only critical exceptions are sent; the others
    are not recorded as sent, so they follow together once the quiet hours end.
    """
    channel_owners = frozenset(owners)
    lines = []
    for exception in exceptions:
        is_snoozed = exception.snoozed_until is not None and exception.snoozed_until > now
        if is_snoozed or (quiet and exception.urgency < Urgency.CRITICAL):
            continue
        stages = stages_of(exception, now)
        if exception.owner not in channel_owners:
            if OVERDUE not in stages or exception.backup not in channel_owners:
                continue
            stages = (OVERDUE,)
        unsent = tuple(stage for stage in stages if stage not in sent.get(exception.alert_key, frozenset()))
        if unsent:
            lines.append(AlertLine(exception, unsent))
    return tuple(
        sorted(lines, key=lambda line: (-line.exception.urgency, line.exception.deadline_at, line.exception.id))
    )


def is_quiet(now: datetime, zone: tzinfo, quiet_from: time | None, quiet_until: time | None) -> bool:
    """Whether `now` is in the quiet hours, which may pass midnight. False unless both ends are set."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return False
    local = now.astimezone(zone).time()
    if quiet_from < quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def digest_week(now: datetime, zone: tzinfo, day: str) -> int | None:
    """The week of the latest digest that is due, as year and ISO week (202648); None for `never`."""
    if day not in DAYS:
        return None
    local = now.astimezone(zone) - timedelta(days=DAYS.index(day), hours=DIGEST_HOUR)
    year, week, _ = local.isocalendar()
    return year * 100 + week


def digest_of(exceptions: Sequence[OpenException], owners: Iterable[Owner], now: datetime) -> tuple[str, ...]:
    """The lines of a digest: for each owner, how many exceptions are open and overdue, and which is due first."""
    lines = []
    for owner in owners:
        owned = [exception for exception in exceptions if exception.owner is owner]
        if not owned:
            lines.append(f"{owner}: nothing is open")
            continue
        overdue = sum(1 for exception in owned if exception.deadline_at <= now)
        first = min(owned, key=lambda exception: (exception.deadline_at, exception.id))
        lines.append(f"{owner}: {len(owned)} open, {overdue} past their deadline; first due: {first.title}")
    return tuple(lines)
