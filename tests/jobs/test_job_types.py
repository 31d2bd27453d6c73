"""The one list of job types: each has a handler, each recurring one a cadence, and each held object is re-checked."""

from __future__ import annotations

import pytest

from tests.design.examples import SMALL
from weighbridge.app.jobs import HANDLERS, cadence_of, is_enabled
from weighbridge.design.loading import parse_installation
from weighbridge.domain.job_types import BY_FLOW, JOB_TYPES, MONITORED, OBJECT_FLOWS, RECURRING, Flow, recheck_job
from weighbridge.monitors import MONITORS

CONNECTION = parse_installation(SMALL).connections["main"]


def test_every_flow_has_one_job_type_and_one_handler() -> None:
    assert [job_type.flow for job_type in JOB_TYPES] == sorted(BY_FLOW, key=list(BY_FLOW).index)
    assert set(Flow) == set(BY_FLOW) == set(HANDLERS)


@pytest.mark.parametrize("flow", Flow)
def test_recurring_jobs_have_a_cadence_and_jobs_of_single_objects_have_none(flow: Flow) -> None:
    assert (cadence_of(CONNECTION, flow) is not None) == (flow in RECURRING)
    assert is_enabled(CONNECTION, Flow.STOCK)
    assert not is_enabled(CONNECTION, Flow.WEBHOOKS)


def test_every_monitor_is_rechecked_by_the_monitors_job() -> None:
    assert {monitor.name for monitor in MONITORS} == set(MONITORED)
    assert recheck_job("missed_order", "1042") == (Flow.MONITORS, "*")


def test_an_object_is_rechecked_by_its_own_job_and_a_held_row_by_the_reading_that_found_it() -> None:
    assert [recheck_job(flow, "1042") for flow in OBJECT_FLOWS] == [(flow, "1042") for flow in OBJECT_FLOWS]
    assert recheck_job("stock_row", "MUG") == (Flow.STOCK, "*")
    assert recheck_job("void_duplicates", "1042") is None
