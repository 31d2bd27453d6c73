"""Old records are removed unless an unfinished object or an open exception rests on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.job_types import RECURRING, Flow
from weighbridge.domain.retention import (
    DEFAULT_DAYS,
    UNFINISHED_STATES,
    RecordKind,
    RecordOwner,
    RetentionPolicy,
    is_kept,
)

STATES = ("new", "waiting", "posted", "held", "rejected", "not_captured", "cancelled")
kinds, flows, states = st.sampled_from(RecordKind), st.sampled_from(Flow), st.sampled_from(STATES)
times = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(kind=kinds, days=st.integers(0, 4000), now=times)
def test_nothing_is_removed_before_its_days_are_over(kind: RecordKind, days: int, now: datetime) -> None:
    cutoff = RetentionPolicy({**DEFAULT_DAYS, kind: days}).cutoff(kind, now)
    if days == 0:
        assert cutoff is None
    else:
        assert cutoff is not None
        assert timedelta(days=days) <= now - cutoff < timedelta(days=days + 1)
        assert cutoff.time() == datetime.min.time(), "days are kept or removed as a whole"


@given(kind=kinds, flow=flows, state=states, outcome=st.sampled_from(["answered", "refused", "throttled"]))
def test_what_an_open_exception_rests_on_is_kept(kind: RecordKind, flow: Flow, state: str, outcome: str) -> None:
    owner = RecordOwner(flow, state, has_open_exception=True)
    is_call = kind in (RecordKind.HTTP_BODIES, RecordKind.HTTP_CALLS)
    expected = flow not in RECURRING or (is_call and outcome != "answered")
    assert is_kept(kind, owner, outcome) == expected


@given(kind=kinds, flow=flows, state=states)
def test_without_an_exception_only_objects_on_their_way_are_kept(kind: RecordKind, flow: Flow, state: str) -> None:
    owner = RecordOwner(flow, state, has_open_exception=False)
    assert is_kept(kind, owner) == (state in UNFINISHED_STATES and flow not in RECURRING)


@given(kind=kinds)
def test_a_record_of_no_transfer_is_not_kept(kind: RecordKind) -> None:
    assert not is_kept(kind, None)
