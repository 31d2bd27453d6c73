"""Shipments and levels: no unit is shipped that was not ordered, and no unit is published that is not in stock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import GOODS, line
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.fulfilment.shipments import (
    Dispatch,
    PackedLine,
    Parcel,
    ShipLine,
    ShipmentItem,
    assign_to_lines,
    parcels_of,
)
from weighbridge.domain.orders.order import OrderLine
from weighbridge.domain.stock.available import (
    HIGHEST_LEVEL,
    AvailabilityRow,
    available_by_sku,
    available_level,
    changed_levels,
)
from weighbridge.domain.stock.buffers import Buffer
from weighbridge.domain.values.money import total

BOXES = ("A", "B", "C")
TODAY = date(2026, 3, 2)
UNITS = st.integers(0, 12).map(Decimal)


@st.composite
def ordered(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    """Lines of an order; several may have the same SKU."""
    skus = draw(st.lists(st.sampled_from(GOODS), min_size=1, max_size=5))
    return tuple(line(number, sku, str(draw(UNITS))) for number, sku in enumerate(skus, 1))


@st.composite
def dispatches(draw: st.DrawFn) -> tuple[Dispatch, ...]:
    """Possible fulfilments: boxes named by no or by two ship lines, ship lines without boxes, some not shipped yet."""
    tasks = []
    for number in range(draw(st.integers(1, 3))):
        a_packed_line = st.builds(PackedLine, st.sampled_from(GOODS), UNITS, st.sampled_from(BOXES))
        packed = draw(st.lists(a_packed_line, max_size=6))
        shipped = [
            ShipLine(f"s{number_of_line}", tuple(boxes), "UPS", "", "", None, is_shipped=is_shipped)
            for number_of_line, (boxes, is_shipped) in enumerate(
                draw(st.lists(st.tuples(st.sets(st.sampled_from(BOXES), max_size=2), st.booleans()), max_size=4))
            )
        ]
        tasks.append(Dispatch(f"task-{number}", number, tuple(packed), tuple(shipped)))
    return tuple(draw(st.permutations(tasks)))


def _units(parcels: tuple[Parcel, ...]) -> dict[str, Decimal]:
    return {sku: total(units for parcel in parcels for name, units in parcel.items if name == sku) for sku in GOODS}


@given(dispatches())
def test_what_is_packed_once_leaves_once_at_most(done: tuple[Dispatch, ...]) -> None:
    parcels = parcels_of(done)
    packed = {
        sku: total(packed_line.quantity for each in done for packed_line in each.packed if packed_line.sku == sku)
        for sku in GOODS
    }
    assert all(units <= packed[sku] for sku, units in _units(parcels).items())
    keys = [parcel.key for parcel in parcels]
    assert len(keys) == len(set(keys))
    assert all(len({sku for sku, _ in parcel.items}) == len(parcel.items) for parcel in parcels)


@given(dispatches())
def test_everything_packed_has_left_once_every_ship_line_has_and_one_takes_the_rest(
    dispatched: tuple[Dispatch, ...],
) -> None:
    all_shipped = tuple(
        Dispatch(
            dispatch.task_id,
            dispatch.number,
            dispatch.packed,
            (
                *(_shipped(each) for each in dispatch.shipped),
                ShipLine("rest", (), "UPS", "", "", None, is_shipped=True),
            ),
        )
        for dispatch in dispatched
    )
    packed = {
        sku: total(packed_line.quantity for each in dispatched for packed_line in each.packed if packed_line.sku == sku)
        for sku in GOODS
    }
    assert _units(parcels_of(all_shipped)) == packed


def _shipped(ship_line: ShipLine) -> ShipLine:
    return ShipLine(ship_line.id, ship_line.boxes, ship_line.carrier, "", "", None, is_shipped=True)


@given(dispatches())
def test_parcel_keys_stay_the_same_when_later_parcels_ship(done: tuple[Dispatch, ...]) -> None:
    """If a key changed, its parcel would be shipped twice."""
    later = tuple(
        Dispatch(dispatch.task_id, dispatch.number, dispatch.packed, tuple(_shipped(each) for each in dispatch.shipped))
        for dispatch in done
    )
    before, after = parcels_of(done), {parcel.key: parcel.items for parcel in parcels_of(later)}
    assert all(after[parcel.key] == parcel.items for parcel in before)


@given(lines=ordered(), done=dispatches())
def test_shipments_never_carry_more_than_was_ordered(lines: tuple[OrderLine, ...], done: tuple[Dispatch, ...]) -> None:
    sent: dict[int, int] = {}
    for parcel in parcels_of(done):
        assigned = assign_to_lines(parcel, lines, sent)
        if isinstance(assigned, Finding):
            _assert_complete(assigned, parcel, lines, sent)
            continue
        for item in assigned:
            sent[item.order_line_id] = sent.get(item.order_line_id, 0) + item.quantity
        assert _by_sku(assigned, lines) == {sku: units for sku, units in parcel.items if units}
    assert all(sent.get(order_line.id, 0) <= order_line.quantity for order_line in lines)


def _assert_complete(finding: Finding, parcel: Parcel, lines: tuple[OrderLine, ...], sent: Mapping[int, int]) -> None:
    """Held only for a reason: a SKU has more units than its lines still need, or the parcel is empty."""
    assert (finding.kind, finding.owner) == (FindingKind.PARCEL_UNMATCHED, Owner.OPERATIONS)
    assert finding.field == f"parcel {parcel.key}"
    waiting = {
        sku: total(order_line.quantity - sent.get(order_line.id, 0) for order_line in lines if order_line.sku == sku)
        for sku in GOODS
    }
    too_many = [sku for sku, units in parcel.items if units > waiting[sku]]
    assert too_many or not any(units for _, units in parcel.items)
    if too_many:
        assert any(finding.value.endswith(f"of {sku}") for sku in too_many)


def _by_sku(shipment_items: tuple[ShipmentItem, ...], lines: tuple[OrderLine, ...]) -> dict[str, Decimal]:
    sku_of = {order_line.id: order_line.sku for order_line in lines}
    units: dict[str, Decimal] = {}
    for item in shipment_items:
        units[sku_of[item.order_line_id]] = units.get(sku_of[item.order_line_id], Decimal(0)) + item.quantity
    return units


def test_fraction_of_a_unit_needs_a_person() -> None:
    parcel = Parcel("task:s1", "UPS", "", "", (("MUG", Decimal("1.5")),))
    finding = assign_to_lines(parcel, (line(quantity="2"),), {})
    assert isinstance(finding, Finding)
    assert finding.value == "1.5 of MUG"
    assert finding.expected == "at most 2 whole units"


AMOUNTS = st.decimals(-500, 500, places=2)


@given(available=AMOUNTS, in_flight=st.decimals(0, 500, places=2), buffer=st.integers(0, 50), sellable=st.booleans())
def test_published_level_never_exceeds_free_stock(
    available: Decimal, in_flight: Decimal, buffer: int, sellable: bool
) -> None:
    level = available_level("MUG", {"Main": available}, in_flight, Buffer(buffer), sellable=sellable).ats
    free = available - in_flight - buffer
    assert 0 <= level <= max(free, 0)
    assert level > free - 1 or level == HIGHEST_LEVEL or not sellable, "and at most a fraction of a unit below it"
    assert sellable or level == 0


def test_published_level_never_exceeds_the_limit_of_the_store() -> None:
    assert available_level("MUG", {"Main": Decimal(10) ** 12}, Decimal(0), Buffer(), sellable=True).ats == HIGHEST_LEVEL


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
    chosen, excluded_bins = frozenset({"Main Warehouse", "Overflow"}), frozenset({"Quarantine"})
    available = available_by_sku(rows, chosen, TODAY, excluded_bins)
    for sku in GOODS:
        own = [row for row in rows if row.sku == sku and row.location in chosen]
        fit = [row for row in own if row.bin not in excluded_bins and (row.expires is None or row.expires >= TODAY)]
        owed = total(min(row.available, Decimal(0)) for row in own if row not in fit)
        assert available.get(sku, Decimal(0)) == total(row.available for row in fit) + owed


@given(
    levels=st.lists(st.tuples(st.sampled_from(GOODS), st.integers(0, 9)), unique_by=lambda pair: pair[0]),
    current=st.dictionaries(st.sampled_from(GOODS), st.integers(0, 9)),
)
def test_decreases_are_published_before_increases_and_equal_levels_are_skipped(
    levels: list[tuple[str, int]], current: dict[str, int]
) -> None:
    desired = [
        available_level(sku, {"Main": Decimal(units)}, Decimal(0), Buffer(), sellable=True) for sku, units in levels
    ]
    changed = changed_levels(desired, {(sku, 1): units for sku, units in current.items()})
    assert {level.sku for level in changed} == {sku for sku, units in levels if current.get(sku) != units}
    decreases = [level.ats < current.get(level.sku, 0) for level in changed]
    assert decreases == sorted(decreases, reverse=True)
