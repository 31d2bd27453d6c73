"""Alerts: nothing is told twice without a reason, nothing that cannot wait is kept back, nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.exceptions.alerting import (
    OPENED,
    OVERDUE,
    OpenCase,
    digest_of,
    digest_week,
    is_quiet,
    lines_for,
)
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import Owner

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")
CASES = st.builds(
    OpenCase,
    id=st.integers(1, 5),
    title=st.just("SKU MUG-9 is not in Cin7"),
    owner=st.sampled_from(Owner),
    urgency=st.sampled_from(Urgency),
    objects=st.integers(1, 2_000),
    money=st.just({"USD": "12.50"}),
    times_opened=st.integers(1, 2),
    deadline_at=st.integers(-5, 5).map(lambda hours: NOW + hours * HOUR),
    backup=st.sampled_from(Owner),
)
DISTINCT = st.lists(CASES, max_size=5, unique_by=lambda case: case.id)


def a_case(**changes: object) -> OpenCase:
    told = {"id": 1, "title": "Cin7 refused", "owner": Owner.FINANCE, "urgency": Urgency.HIGH, "objects": 1}
    told |= {"money": {"USD": "12.50"}, "times_opened": 1, "deadline_at": NOW + HOUR, "backup": Owner.OPERATIONS}
    return OpenCase(**(told | changes))  # type: ignore[arg-type]


def test_a_cause_is_told_once_again_when_it_grew_tenfold_and_when_it_is_late() -> None:
    finance = (Owner.FINANCE,)
    (line,) = lines_for(finance, [a_case()], {}, NOW, quiet=False)
    assert line.words == "Cin7 refused (1 object, 12.50 USD; finance)"
    told = {(1, 1): frozenset(line.stages)}
    assert lines_for(finance, [a_case(objects=9)], told, NOW, quiet=False) == ()
    (grown,) = lines_for(finance, [a_case(objects=10)], told, NOW, quiet=False)
    assert grown.words.startswith("grown: Cin7 refused (10 objects")
    (late,) = lines_for(finance, [a_case()], told, NOW + HOUR, quiet=False)
    assert late.words.startswith("past its deadline: ")
    (again,) = lines_for(finance, [a_case(times_opened=2)], told, NOW, quiet=False)
    assert again.stages == (OPENED,)


def test_the_backup_is_told_of_what_is_late_and_of_nothing_else() -> None:
    backup = (Owner.OPERATIONS,)
    assert lines_for(backup, [a_case()], {}, NOW, quiet=False) == ()
    (late,) = lines_for(backup, [a_case()], {}, NOW + HOUR, quiet=False)
    assert late.stages == (OVERDUE,)
    other = a_case(backup=Owner.ECOMMERCE)
    assert lines_for(backup, [other], {}, NOW + HOUR, quiet=False) == ()
    assert lines_for((Owner.ECOMMERCE,), [other], {}, NOW + HOUR, quiet=False) != ()


@given(DISTINCT, st.sampled_from(Owner), st.booleans())
@settings(deadline=None)
def test_nothing_is_told_twice_and_nothing_critical_is_kept_back(
    cases: list[OpenCase], owner: Owner, quiet: bool
) -> None:
    lines = lines_for((owner,), cases, {}, NOW, quiet=quiet)
    told = {line.case.name: frozenset(line.stages) for line in lines}
    assert lines_for((owner,), cases, told, NOW, quiet=quiet) == ()
    critical = {case.name for case in cases if case.owner is owner and case.urgency is Urgency.CRITICAL}
    assert critical <= told.keys()
    after = lines_for((owner,), cases, told, NOW, quiet=False)
    mine = {case.name for case in cases if case.owner is owner}
    assert mine <= told.keys() | {line.case.name for line in after}, "what came in quiet hours comes after them"


def test_snoozed_exceptions_are_told_when_their_time_is_up() -> None:
    snoozed = a_case(snoozed_until=NOW + HOUR, urgency=Urgency.CRITICAL)
    assert lines_for((Owner.FINANCE,), [snoozed], {}, NOW, quiet=False) == ()
    assert len(lines_for((Owner.FINANCE,), [snoozed], {}, NOW + HOUR, quiet=False)) == 1


def test_quiet_hours_are_those_of_the_merchant_and_may_pass_midnight() -> None:
    ten, seven = time(22), time(7)
    assert is_quiet(NOW, NEW_YORK, ten, seven), "three in the morning UTC is ten in the evening in New York"
    assert not is_quiet(NOW - HOUR, NEW_YORK, ten, seven)
    assert is_quiet(NOW + 9 * HOUR - timedelta(minutes=1), NEW_YORK, ten, seven)
    assert not is_quiet(NOW + 9 * HOUR, NEW_YORK, ten, seven)
    assert is_quiet(NOW, ZoneInfo("UTC"), time(2), time(4))
    assert not is_quiet(NOW, NEW_YORK, None, seven)


def test_a_digest_is_due_once_a_week_from_eight_in_the_morning_on() -> None:
    monday = datetime(2026, 11, 23, 12, 59, tzinfo=UTC)
    before, after = (digest_week(moment, NEW_YORK, "monday") for moment in (monday, monday + timedelta(minutes=1)))
    assert (before, after) == (202647, 202648)
    assert digest_week(monday + timedelta(days=6), NEW_YORK, "monday") == 202648
    assert digest_week(monday, NEW_YORK, "never") is None
    assert digest_of([a_case(deadline_at=NOW)], (Owner.FINANCE, Owner.OPERATIONS), NOW) == (
        "finance: 1 open, 1 past their deadline; first due: Cin7 refused",
        "operations: nothing is open",
    )
