"""Alerts: which exceptions are told now, so that no cause is told twice without a reason and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import Owner

OPENED, OVERDUE, DIGEST = "opened", "overdue", "digest"
DIGEST_HOUR = 8
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open exception, as far as alerts need it."""

    id: int
    title: str
    owner: Owner
    urgency: Urgency
    objects: int
    money: Mapping[str, str]
    times_opened: int
    deadline_at: datetime
    backup: Owner
    """Who stands in for the owner once the deadline has passed."""
    snoozed_until: datetime | None = None

    @property
    def name(self) -> tuple[int, int]:
        """What was told of it is told of this opening only."""
        return self.id, self.times_opened


@dataclass(frozen=True, slots=True)
class Line:
    """One exception in a message, with everything that this message tells of it."""

    case: OpenCase
    stages: tuple[str, ...]

    @property
    def words(self) -> str:
        """The line as people read it: what it is, how much, and why now."""
        count = f"{self.case.objects} objects" if self.case.objects != 1 else "1 object"
        money = ", ".join(f"{amount} {currency}" for currency, amount in self.case.money.items())
        why = "past its deadline: " if OVERDUE in self.stages else "grown: " if OPENED not in self.stages else ""
        return f"{why}{self.case.title} ({', '.join(part for part in (count, money) if part)}; {self.case.owner})"


def stages_of(case: OpenCase, now: datetime) -> tuple[str, ...]:
    """Everything that is to be told of a case by now: that it opened, its size by powers of ten, its deadline."""
    size = len(str(max(1, case.objects))) - 1
    grown = (f"objects:{10**size}",) if size else ()
    return (OPENED, *grown, *((OVERDUE,) if now >= case.deadline_at else ()))


def lines_for(
    owners: Iterable[Owner],
    cases: Sequence[OpenCase],
    told: Mapping[tuple[int, int], frozenset[str]],
    now: datetime,
    *,
    quiet: bool,
) -> tuple[Line, ...]:
    """What a channel for `owners` tells now, the most urgent first.

    A case past its deadline reaches its owner's backup too. While it is `quiet` only what is critical is told; the
    rest is not noted as told, and so comes together once the quiet ends.
    """
    mine = frozenset(owners)
    found = []
    for case in cases:
        if (case.snoozed_until is not None and case.snoozed_until > now) or (quiet and case.urgency < Urgency.CRITICAL):
            continue
        stages = stages_of(case, now)
        if case.owner not in mine:
            if OVERDUE not in stages or case.backup not in mine:
                continue
            stages = (OVERDUE,)
        missing = tuple(stage for stage in stages if stage not in told.get(case.name, frozenset()))
        if missing:
            found.append(Line(case, missing))
    return tuple(sorted(found, key=lambda line: (-line.case.urgency, line.case.deadline_at, line.case.id)))


def is_quiet(now: datetime, zone: tzinfo, quiet_from: time | None, quiet_until: time | None) -> bool:
    """Whether the hours agreed are on; they may go past midnight. False without both ends."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return False
    local = now.astimezone(zone).time()
    if quiet_from < quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def digest_week(now: datetime, zone: tzinfo, day: str) -> int | None:
    """The week (202648: year and ISO week) of the latest digest that is due by now; None for `never`."""
    if day not in DAYS:
        return None
    local = now.astimezone(zone) - timedelta(days=DAYS.index(day), hours=DIGEST_HOUR)
    year, week, _ = local.isocalendar()
    return year * 100 + week


def digest_of(cases: Sequence[OpenCase], owners: Iterable[Owner], now: datetime) -> tuple[str, ...]:
    """The lines of a digest: for each owner how much is open, how much of it late, and the oldest deadline."""
    found = []
    for owner in owners:
        mine = [case for case in cases if case.owner is owner]
        if not mine:
            found.append(f"{owner}: nothing is open")
            continue
        late = sum(1 for case in mine if case.deadline_at <= now)
        first = min(mine, key=lambda case: (case.deadline_at, case.id))
        found.append(f"{owner}: {len(mine)} open, {late} past their deadline; first due: {first.title}")
    return tuple(found)
