"""The table of faults: forty different causes, each at a time at which it can still be found."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from weighbridge_simulation.week.fault import HOUR, Fault, InjectedFault
from weighbridge_simulation.week.judge import ReportedException, ReportedObject, false_alarms, verdicts_for
from weighbridge_simulation.week.options import FAULT_BASKETS, MONDAY, WeekOptions, is_clean
from weighbridge_simulation.week.table import FAULTS, FAULTS_PER_WEEK, draw_faults
from weighbridge_twins.baskets import read_baskets, read_products

LENGTH = WeekOptions().length


def test_a_week_has_forty_different_faults_at_times_drawn_from_the_seed() -> None:
    first, again, other_seed = draw_faults(1, LENGTH), draw_faults(1, LENGTH), draw_faults(2, LENGTH)
    assert len({fault.fault.name for fault in first}) == FAULTS_PER_WEEK
    timestamps = [(fault.fault.name, fault.begins) for fault in first]
    assert timestamps == [(fault.fault.name, fault.begins) for fault in again]
    assert timestamps != [(fault.fault.name, fault.begins) for fault in other_seed]


def test_every_fault_has_a_unique_name_and_either_an_exception_kind_or_an_expectation() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= FAULTS_PER_WEEK
    for fault in FAULTS:
        assert (fault.kind is None) == (fault.is_met is not None) == bool(fault.expectation)
    kinds = [fault.kind for fault in FAULTS if fault.kind is not None]
    assert len(set(kinds)) == len(kinds), "two faults of one kind would be found by each other's exception"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_can_be_found_before_the_week_is_over(fault: Fault) -> None:
    for seed in range(20):
        [drawn] = draw_faults(seed, LENGTH, names=[fault.name])
        assert drawn.begins >= timedelta(hours=fault.from_hour)
        assert drawn.begins + fault.takes + fault.within <= LENGTH


def test_a_week_too_short_for_a_fault_is_refused_and_so_is_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="parcel_forgotten"):
        draw_faults(1, timedelta(days=1), names=["parcel_forgotten"])
    with pytest.raises(ValueError, match="unknown fault: rain"):
        draw_faults(1, LENGTH, names=["rain"])


def test_the_sample_has_enough_baskets_that_a_store_could_sell() -> None:
    known = frozenset(read_products())
    clean = [basket for basket in read_baskets() if is_clean(basket, known)]
    assert len(clean) >= WeekOptions().orders + FAULT_BASKETS


OCCURRED_AT = MONDAY + timedelta(days=1)


def injected(name: str, *names: str) -> InjectedFault:
    fault = next(fault for fault in FAULTS if fault.name == name)
    return InjectedFault(fault, timedelta(0), OCCURRED_AT, names=list(names))


def reported_exception(
    kind: str, key: str, opened_at: datetime, owner: str = "ecommerce", value: str = ""
) -> ReportedException:
    return ReportedException(1, kind, "", owner, "open", "", (ReportedObject(key, value, opened_at),))


def test_a_fault_is_found_by_kind_object_time_and_owner() -> None:
    fault = injected("sku_unknown", "NEW-1", "117")

    def verdict_text(*exceptions: ReportedException) -> str:
        return verdicts_for([fault], {}, exceptions)[0].text

    assert verdict_text(reported_exception("sku_unknown", "117", OCCURRED_AT + HOUR, value="NEW-1")) == "found"
    assert verdict_text(reported_exception("sku_unknown", "118", OCCURRED_AT + HOUR, value="NEW-2")) == "NOT FOUND"
    assert verdict_text(reported_exception("sku_blank", "117", OCCURRED_AT + HOUR)) == "NOT FOUND"
    assert verdict_text(reported_exception("sku_unknown", "117", OCCURRED_AT - HOUR)) == "NOT FOUND", (
        "the exception was open before the fault"
    )
    assert verdict_text(reported_exception("sku_unknown", "117", OCCURRED_AT + 9 * HOUR)) == "TOO LATE"
    assert verdict_text(reported_exception("sku_unknown", "117", OCCURRED_AT + HOUR, owner="finance")).startswith(
        "WRONG OWNER"
    )


def test_an_exception_that_no_fault_explains_is_a_false_alarm() -> None:
    refund = injected("goods_not_restocked", "117:3", "117")
    explained = reported_exception("not_restocked", "117:3", OCCURRED_AT + HOUR, "operations")
    elsewhere = reported_exception("not_restocked", "118:4", OCCURRED_AT + HOUR, "operations")
    other_kind = reported_exception("stock_drift", "117", OCCURRED_AT + HOUR)
    assert false_alarms([refund], [explained, elsewhere, other_kind]) == [elsewhere, other_kind]
    assert false_alarms([], [explained]) == [explained]


def test_a_tolerated_fault_is_judged_by_the_state_of_the_twins() -> None:
    fault = injected("answer_to_header_lost", "117")
    assert verdicts_for([fault], {fault.fault.name: True}, [])[0].good
    assert not verdicts_for([fault], {fault.fault.name: False}, [])[0].good
    never = InjectedFault(fault.fault, timedelta(0))
    assert not verdicts_for([never], {fault.fault.name: True}, [])[0].good
