"""The table of faults: forty different causes, each with a moment at which it can still be found."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from weighbridge_simulation.week.fault import HOUR, Fault, Injected
from weighbridge_simulation.week.judge import Case, Named, false_alarms, judged
from weighbridge_simulation.week.options import FAULT_BASKETS, MONDAY, WeekOptions, is_clean
from weighbridge_simulation.week.table import A_WEEKS_FAULTS, FAULTS, drawn
from weighbridge_twins.baskets import read_baskets, read_products

LENGTH = WeekOptions().length


def test_a_week_has_forty_different_faults_at_moments_of_its_own_seed() -> None:
    first, again, other = drawn(1, LENGTH), drawn(1, LENGTH), drawn(2, LENGTH)
    assert len({one.fault.name for one in first}) == A_WEEKS_FAULTS
    moments = [(one.fault.name, one.begins) for one in first]
    assert moments == [(one.fault.name, one.begins) for one in again]
    assert moments != [(one.fault.name, one.begins) for one in other]


def test_every_fault_has_a_name_of_its_own_and_either_an_exception_or_something_that_must_be_true() -> None:
    assert len({one.name for one in FAULTS}) == len(FAULTS) >= A_WEEKS_FAULTS
    for one in FAULTS:
        assert (one.kind is None) == (one.holds is not None) == bool(one.then)
    kinds = [one.kind for one in FAULTS if one.kind is not None]
    assert len(set(kinds)) == len(kinds), "two faults of one kind would be found by each other's exception"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
def test_every_fault_can_be_found_before_the_week_is_over(fault: Fault) -> None:
    for seed in range(20):
        [one] = drawn(seed, LENGTH, names=[fault.name])
        assert one.begins >= timedelta(hours=fault.from_hour)
        assert one.begins + fault.takes + fault.within <= LENGTH


def test_a_week_too_short_for_a_fault_is_refused_and_so_is_a_name_that_is_none() -> None:
    with pytest.raises(ValueError, match="parcel_forgotten"):
        drawn(1, timedelta(days=1), names=["parcel_forgotten"])
    with pytest.raises(ValueError, match="no fault is called rain"):
        drawn(1, LENGTH, names=["rain"])


def test_the_sample_has_enough_baskets_that_a_shop_could_sell() -> None:
    known = frozenset(read_products())
    clean = [one for one in read_baskets() if is_clean(one, known)]
    assert len(clean) >= WeekOptions().orders + FAULT_BASKETS


STRUCK = MONDAY + timedelta(days=1)


def injected(name: str, *names: str) -> Injected:
    fault = next(one for one in FAULTS if one.name == name)
    return Injected(fault, timedelta(0), STRUCK, names=list(names))


def case(kind: str, key: str, opened_at: datetime, owner: str = "ecommerce", value: str = "") -> Case:
    return Case(1, kind, "", owner, "open", "", (Named(key, value, opened_at),))


def test_found_is_the_right_kind_on_the_right_object_afterwards_in_time_for_the_right_owner() -> None:
    one = injected("sku_unknown", "NEW-1", "117")

    def words(*cases: Case) -> str:
        return judged([one], {}, cases)[0].words

    assert words(case("sku_unknown", "117", STRUCK + HOUR, value="NEW-1")) == "found"
    assert words(case("sku_unknown", "118", STRUCK + HOUR, value="NEW-2")) == "NOT FOUND"
    assert words(case("sku_blank", "117", STRUCK + HOUR)) == "NOT FOUND"
    assert words(case("sku_unknown", "117", STRUCK - HOUR)) == "NOT FOUND", "it was there before"
    assert words(case("sku_unknown", "117", STRUCK + 9 * HOUR)) == "TOO LATE"
    assert words(case("sku_unknown", "117", STRUCK + HOUR, owner="finance")).startswith("WRONG OWNER")


def test_what_no_fault_explains_is_a_false_alarm() -> None:
    refund = injected("goods_on_no_shelf", "117:3", "117")
    explained = case("not_restocked", "117:3", STRUCK + HOUR, "operations")
    elsewhere = case("not_restocked", "118:4", STRUCK + HOUR, "operations")
    other_kind = case("stock_drift", "117", STRUCK + HOUR)
    assert false_alarms([refund], [explained, elsewhere, other_kind]) == [elsewhere, other_kind]
    assert false_alarms([], [explained]) == [explained]


def test_what_must_be_borne_is_judged_by_the_twins() -> None:
    one = injected("answer_to_header_lost", "117")
    assert judged([one], {one.fault.name: True}, [])[0].good
    assert not judged([one], {one.fault.name: False}, [])[0].good
    never = Injected(one.fault, timedelta(0))
    assert not judged([never], {one.fault.name: True}, [])[0].good
