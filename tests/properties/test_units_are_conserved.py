"""Parcels and shelves: nothing is shipped that was not ordered, nothing is promised that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import GOODS, line
from weighbridge.domain.findings.finding import Finding, FindingKind, Owner
from weighbridge.domain.fulfilment.shipments import (
    Dispatch,
    PackedLine,
    Parcel,
    ShipLine,
    ShipmentItem,
    lay_on_lines,
    parcels_of,
)
from weighbridge.domain.orders.order import OrderLine
from weighbridge.domain.stock.available import HIGHEST_LEVEL, AvailabilityRow, available_by_sku, changes, figure
from weighbridge.domain.stock.buffers import Buffer
from weighbridge.domain.values.money import total

BOXES = ("A", "B", "C")
TODAY = date(2026, 3, 2)
UNITS = st.integers(0, 12).map(Decimal)


@st.composite
def ordered(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    """Lines of an order; the same SKU may stand on several."""
    skus = draw(st.lists(st.sampled_from(GOODS), min_size=1, max_size=5))
    return tuple(line(number, sku, str(draw(UNITS))) for number, sku in enumerate(skus, 1))


@st.composite
def dispatches(draw: st.DrawFn) -> tuple[Dispatch, ...]:
    """What a warehouse may have done: boxes named by nobody, by two, ship lines without boxes, some not yet gone."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        a_packed_line = st.builds(PackedLine, st.sampled_from(GOODS), UNITS, st.sampled_from(BOXES))
        packed = draw(st.lists(a_packed_line, max_size=6))
        shipped = [
            ShipLine(f"s{place}", tuple(boxes), "UPS", "", "", None, is_shipped=gone)
            for place, (boxes, gone) in enumerate(
                draw(st.lists(st.tuples(st.sets(st.sampled_from(BOXES), max_size=2), st.booleans()), max_size=4))
            )
        ]
        made.append(Dispatch(f"task-{number}", number, tuple(packed), tuple(shipped)))
    return tuple(draw(st.permutations(made)))


def _units(parcels: tuple[Parcel, ...]) -> dict[str, Decimal]:
    return {sku: total(units for one in parcels for name, units in one.items if name == sku) for sku in GOODS}


@given(dispatches())
def test_what_is_packed_once_leaves_once_at_most(done: tuple[Dispatch, ...]) -> None:
    parcels = parcels_of(done)
    packed = {sku: total(one.quantity for each in done for one in each.packed if one.sku == sku) for sku in GOODS}
    assert all(units <= packed[sku] for sku, units in _units(parcels).items())
    keys = [one.key for one in parcels]
    assert len(keys) == len(set(keys))
    assert all(len({sku for sku, _ in one.items}) == len(one.items) for one in parcels)


@given(dispatches())
def test_everything_packed_has_left_once_every_ship_line_has_and_one_takes_the_rest(done: tuple[Dispatch, ...]) -> None:
    gone = tuple(
        Dispatch(
            one.task_id,
            one.number,
            one.packed,
            (*(_shipped(each) for each in one.shipped), ShipLine("rest", (), "UPS", "", "", None, is_shipped=True)),
        )
        for one in done
    )
    packed = {sku: total(one.quantity for each in done for one in each.packed if one.sku == sku) for sku in GOODS}
    assert _units(parcels_of(gone)) == packed


def _shipped(one: ShipLine) -> ShipLine:
    return ShipLine(one.id, one.boxes, one.carrier, "", "", None, is_shipped=True)


@given(dispatches())
def test_parcels_keep_their_keys_when_later_ones_leave(done: tuple[Dispatch, ...]) -> None:
    """A key that moved would ship a parcel twice."""
    later = tuple(
        Dispatch(one.task_id, one.number, one.packed, tuple(_shipped(each) for each in one.shipped)) for one in done
    )
    before, after = parcels_of(done), {one.key: one.items for one in parcels_of(later)}
    assert all(after[one.key] == one.items for one in before)


@given(lines=ordered(), done=dispatches())
def test_shipments_never_carry_more_than_was_ordered(lines: tuple[OrderLine, ...], done: tuple[Dispatch, ...]) -> None:
    sent: dict[int, int] = {}
    for parcel in parcels_of(done):
        laid = lay_on_lines(parcel, lines, sent)
        if isinstance(laid, Finding):
            _assert_told(laid, parcel, lines, sent)
            continue
        for item in laid:
            sent[item.order_line_id] = sent.get(item.order_line_id, 0) + item.quantity
        assert _by_sku(laid, lines) == {sku: units for sku, units in parcel.items if units}
    assert all(sent.get(one.id, 0) <= one.quantity for one in lines)


def _assert_told(finding: Finding, parcel: Parcel, lines: tuple[OrderLine, ...], sent: Mapping[int, int]) -> None:
    """Held only where it must be: some SKU has more units than its lines wait for, or there is nothing inside."""
    assert (finding.kind, finding.owner) == (FindingKind.PARCEL_UNMATCHED, Owner.OPERATIONS)
    assert finding.field == f"parcel {parcel.key}"
    waiting = {sku: total(one.quantity - sent.get(one.id, 0) for one in lines if one.sku == sku) for sku in GOODS}
    too_many = [sku for sku, units in parcel.items if units > waiting[sku]]
    assert too_many or not any(units for _, units in parcel.items)
    if too_many:
        assert any(finding.value.endswith(f"of {sku}") for sku in too_many)


def _by_sku(laid: tuple[ShipmentItem, ...], lines: tuple[OrderLine, ...]) -> dict[str, Decimal]:
    sku_of = {one.id: one.sku for one in lines}
    units: dict[str, Decimal] = {}
    for item in laid:
        units[sku_of[item.order_line_id]] = units.get(sku_of[item.order_line_id], Decimal(0)) + item.quantity
    return units


def test_part_of_a_unit_needs_a_person() -> None:
    parcel = Parcel("task:s1", "UPS", "", "", (("MUG", Decimal("1.5")),))
    finding = lay_on_lines(parcel, (line(quantity="2"),), {})
    assert isinstance(finding, Finding)
    assert finding.value == "1.5 of MUG"
    assert finding.expected == "at most 2 whole units"


AMOUNTS = st.decimals(-500, 500, places=2)


@given(available=AMOUNTS, in_flight=st.decimals(0, 500, places=2), buffer=st.integers(0, 50), sellable=st.booleans())
def test_shop_never_shows_more_than_is_free(
    available: Decimal, in_flight: Decimal, buffer: int, sellable: bool
) -> None:
    shown = figure("MUG", {"Main": available}, in_flight, Buffer(buffer), sellable=sellable).ats
    free = available - in_flight - buffer
    assert 0 <= shown <= max(free, 0)
    assert shown > free - 1 or shown == HIGHEST_LEVEL or not sellable, "and not a whole unit less"
    assert sellable or shown == 0


def test_shop_is_never_told_more_than_it_can_hold() -> None:
    assert figure("MUG", {"Main": Decimal(10) ** 12}, Decimal(0), Buffer(), sellable=True).ats == HIGHEST_LEVEL


ROWS = st.builds(
    AvailabilityRow,
    sku=st.sampled_from(GOODS),
    location=st.sampled_from(["Main Warehouse", "Overflow", "Returns"]),
    bin=st.sampled_from(["", "A1", "Quarantine"]),
    batch=st.sampled_from(["", "B1"]),
    expires=st.sampled_from([None, date(2026, 3, 1), TODAY, date(2027, 1, 1)]),
    available=AMOUNTS,
)


@given(st.lists(ROWS, max_size=30))
def test_only_the_chosen_locations_and_bins_and_what_has_not_expired_count(rows: list[AvailabilityRow]) -> None:
    chosen, barred = frozenset({"Main Warehouse", "Overflow"}), frozenset({"Quarantine"})
    found = available_by_sku(rows, chosen, TODAY, barred)
    for sku in GOODS:
        own = [row for row in rows if row.sku == sku and row.location in chosen]
        fit = [row for row in own if row.bin not in barred and (row.expires is None or row.expires >= TODAY)]
        owed = total(min(row.available, Decimal(0)) for row in own if row not in fit)
        assert found.get(sku, Decimal(0)) == total(row.available for row in fit) + owed


@given(
    figures=st.lists(st.tuples(st.sampled_from(GOODS), st.integers(0, 9)), unique_by=lambda pair: pair[0]),
    shown=st.dictionaries(st.sampled_from(GOODS), st.integers(0, 9)),
)
def test_falls_are_told_before_rises_and_what_is_equal_is_not_told(
    figures: list[tuple[str, int]], shown: dict[str, int]
) -> None:
    made = [figure(sku, {"Main": Decimal(units)}, Decimal(0), Buffer(), sellable=True) for sku, units in figures]
    told = changes(made, {(sku, 1): units for sku, units in shown.items()})
    assert {one.sku for one in told} == {sku for sku, units in figures if shown.get(sku) != units}
    falls = [one.ats < shown.get(one.sku, 0) for one in told]
    assert falls == sorted(falls, reverse=True)
