"""Alerts: none is repeated without a reason, no critical one is delayed, none is lost."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.exceptions.alerting import (
    OPENED,
    OVERDUE,
    OpenException,
    digest_of,
    digest_week,
    is_quiet,
    lines_for,
)
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")
EXCEPTIONS = st.builds(
    OpenException,
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
DISTINCT = st.lists(EXCEPTIONS, max_size=5, unique_by=lambda exception: exception.id)


def open_exception(**changes: object) -> OpenException:
    values = {"id": 1, "title": "Cin7 refused", "owner": Owner.FINANCE, "urgency": Urgency.HIGH, "objects": 1}
    values |= {"money": {"USD": "12.50"}, "times_opened": 1, "deadline_at": NOW + HOUR, "backup": Owner.OPERATIONS}
    return OpenException(**(values | changes))  # type: ignore[arg-type]


def test_an_exception_is_alerted_again_only_when_it_grew_tenfold_is_overdue_or_reopened() -> None:
    finance = (Owner.FINANCE,)
    (line,) = lines_for(finance, [open_exception()], {}, NOW, quiet=False)
    assert line.text == "Cin7 refused (1 object, 12.50 USD; finance)"
    sent = {(1, 1): frozenset(line.stages)}
    assert lines_for(finance, [open_exception(objects=9)], sent, NOW, quiet=False) == ()
    (grown,) = lines_for(finance, [open_exception(objects=10)], sent, NOW, quiet=False)
    assert grown.text.startswith("grown: Cin7 refused (10 objects")
    (late,) = lines_for(finance, [open_exception()], sent, NOW + HOUR, quiet=False)
    assert late.text.startswith("past its deadline: ")
    (again,) = lines_for(finance, [open_exception(times_opened=2)], sent, NOW, quiet=False)
    assert again.stages == (OPENED,)


def test_the_backup_owner_is_notified_of_overdue_exceptions_only() -> None:
    backup = (Owner.OPERATIONS,)
    assert lines_for(backup, [open_exception()], {}, NOW, quiet=False) == ()
    (late,) = lines_for(backup, [open_exception()], {}, NOW + HOUR, quiet=False)
    assert late.stages == (OVERDUE,)
    other = open_exception(backup=Owner.ECOMMERCE)
    assert lines_for(backup, [other], {}, NOW + HOUR, quiet=False) == ()
    assert lines_for((Owner.ECOMMERCE,), [other], {}, NOW + HOUR, quiet=False) != ()


@given(DISTINCT, st.sampled_from(Owner), st.booleans())
@settings(deadline=None)
def test_no_alert_is_sent_twice_and_no_critical_alert_is_delayed(
    exceptions: list[OpenException], owner: Owner, quiet: bool
) -> None:
    lines = lines_for((owner,), exceptions, {}, NOW, quiet=quiet)
    sent = {line.exception.alert_key: frozenset(line.stages) for line in lines}
    assert lines_for((owner,), exceptions, sent, NOW, quiet=quiet) == ()
    owned = [exception for exception in exceptions if exception.owner is owner]
    critical = {exception.alert_key for exception in owned if exception.urgency is Urgency.CRITICAL}
    assert critical <= sent.keys()
    after = lines_for((owner,), exceptions, sent, NOW, quiet=False)
    notified = sent.keys() | {line.exception.alert_key for line in after}
    assert {exception.alert_key for exception in owned} <= notified, "alerts of quiet hours are sent after them"


def test_snoozed_exceptions_are_alerted_when_the_snooze_ends() -> None:
    snoozed = open_exception(snoozed_until=NOW + HOUR, urgency=Urgency.CRITICAL)
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
    before, after = (
        digest_week(timestamp, NEW_YORK, "monday") for timestamp in (monday, monday + timedelta(minutes=1))
    )
    assert (before, after) == (202647, 202648)
    assert digest_week(monday + timedelta(days=6), NEW_YORK, "monday") == 202648
    assert digest_week(monday, NEW_YORK, "never") is None
    assert digest_of([open_exception(deadline_at=NOW)], (Owner.FINANCE, Owner.OPERATIONS), NOW) == (
        "finance: 1 open, 1 past their deadline; first due: Cin7 refused",
        "operations: nothing is open",
    )
