"""Whatever the bills of materials, the shop is never promised one unit more than the warehouse can build and ship.

The brute force below knows nothing of the product's rules: it tries every way to serve each unit, from the shelf or by
assembling one, and so decides by search alone whether a set of orders can be shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.kit_allocation import Promise, Routing, Sharing, SharingPolicy, promises
from weighbridge.domain.stock.kits import Bill, Bills, Component

LEAVES, KITS = ("a", "b", "c"), ("K1", "K2", "K3", "K4")
SKUS = (*LEAVES, *KITS)
Recipe = Mapping[str, int]
Shelf = tuple[int, ...]


def ships(wanted: Mapping[str, int], shelf: Mapping[str, int], recipes: Mapping[str, Recipe]) -> bool:
    """Whether every unit of `wanted` can leave one location."""
    seen: set[tuple[Shelf, Shelf]] = set()

    def search(owed: dict[str, int], left: dict[str, int]) -> bool:
        sku = next((one for one, units in owed.items() if units > 0), None)
        if sku is None:
            return True
        state = (tuple(owed[one] for one in SKUS), tuple(left[one] for one in SKUS))
        if state in seen:
            return False
        seen.add(state)
        rest = {**owed, sku: owed[sku] - 1}
        if left[sku] > 0 and search(rest, {**left, sku: left[sku] - 1}):
            return True
        if sku not in recipes:
            return False
        parts = {one: rest[one] + recipes[sku].get(one, 0) for one in SKUS}
        return sum(parts.values()) <= sum(left.values()) and search(parts, left)

    return search({sku: wanted.get(sku, 0) for sku in SKUS}, {sku: shelf.get(sku, 0) for sku in SKUS})


def most(sku: str, shelf: Mapping[str, int], recipes: Mapping[str, Recipe]) -> int:
    units = 0
    while ships({sku: units + 1}, shelf, recipes):
        units += 1
    return units


@st.composite
def recipes_of_kits(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    """Kits nested up to four deep: each of parts and of kits before it."""
    recipes: dict[str, dict[str, int]] = {}
    for number in range(draw(st.integers(1, len(KITS)))):
        choices = (*LEAVES, *KITS[:number])
        parts = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique=True))
        recipes[KITS[number]] = {part: draw(st.integers(1, 2)) for part in parts}
    return recipes


parts = dict.fromkeys(LEAVES, st.integers(0, 5))
shelves = st.fixed_dictionaries(parts)
"""Stock at one location, as promises count it: of parts only."""
shelves_with_kits = st.fixed_dictionaries({**parts, **dict.fromkeys(KITS, st.integers(0, 1))})
policies = st.builds(
    SharingPolicy,
    sharing=st.sampled_from(Sharing),
    routing=st.sampled_from(Routing),
    priority=st.permutations(SKUS).map(tuple),
    singles_share=st.sampled_from([Decimal("0"), Decimal("0.3"), Decimal("0.5"), Decimal("1")]),
)


def bills_of(recipes: Mapping[str, Recipe]) -> Bills:
    return Bills(
        Bill(kit, tuple(Component(part, Decimal(units)) for part, units in parts.items()))
        for kit, parts in recipes.items()
    )


def exact(shelf: Mapping[str, int]) -> dict[str, Decimal]:
    return {sku: Decimal(units) for sku, units in shelf.items()}


def figured(
    recipes: Mapping[str, Recipe],
    shelves: Mapping[str, Mapping[str, int]],
    policy: SharingPolicy,
    sold: Mapping[str, Mapping[str, int]] | None = None,
) -> dict[str, Promise]:
    stock = {place: exact(shelf) for place, shelf in shelves.items()}
    in_flight = {place: exact(units) for place, units in (sold or {}).items()}
    return promises(SKUS, bills_of(recipes), stock, in_flight, policy)


@settings(max_examples=120, deadline=None)
@given(recipes=recipes_of_kits(), shelf=shelves_with_kits, sku=st.sampled_from(SKUS))
def test_one_item_alone_gets_exactly_what_can_be_built(
    recipes: dict[str, dict[str, int]], shelf: dict[str, int], sku: str
) -> None:
    assert bills_of(recipes).most(sku, exact(shelf)) == most(sku, shelf, recipes)


@settings(max_examples=100, deadline=None)
@given(
    recipes=recipes_of_kits(),
    places=st.lists(shelves, min_size=1, max_size=6),
    policy=policies,
    sold=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 2), max_size=2),
)
def test_all_promises_together_can_be_shipped(
    recipes: dict[str, dict[str, int]],
    places: list[dict[str, int]],
    policy: SharingPolicy,
    sold: dict[str, int],
) -> None:
    """At each location everything promised there ships beside what was sold there before."""
    shelves_by_place = {f"L{number}": shelf for number, shelf in enumerate(places)}
    found = figured(recipes, shelves_by_place, policy, {"L0": sold})
    for place, shelf in shelves_by_place.items():
        wanted = {sku: promise.by_location.get(place, 0) for sku, promise in found.items()}
        before = sold if place == "L0" else {}
        if not ships(before, shelf, recipes):
            continue  # what was sold cannot be shipped by anybody; the next property looks at this case
        together = {sku: wanted.get(sku, 0) + before.get(sku, 0) for sku in SKUS}
        assert ships(together, shelf, recipes), (wanted, before)


@settings(max_examples=80, deadline=None)
@given(
    recipes=recipes_of_kits(), shelf=shelves, sold=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 7), min_size=1)
)
def test_what_was_oversold_takes_its_parts_before_any_promise(
    recipes: dict[str, dict[str, int]], shelf: dict[str, int], sold: dict[str, int]
) -> None:
    """Everything sold that can be shipped still can, beside every promise."""
    found = figured(recipes, {"L": shelf}, SharingPolicy(), {"L": sold})
    wanted = {sku: promise.units for sku, promise in found.items()}
    assert ships(wanted, shelf, recipes)
    for sku, units in sold.items():
        if units <= 2 and ships({sku: units}, shelf, recipes) and ships(sold, shelf, recipes):
            assert ships({**wanted, sku: wanted[sku] + units}, shelf, recipes)


@settings(max_examples=80, deadline=None)
@given(recipes=recipes_of_kits(), shelf=shelves, policy=policies)
def test_no_promise_is_held_back_without_need(
    recipes: dict[str, dict[str, int]], shelf: dict[str, int], policy: SharingPolicy
) -> None:
    """Not one promise could be a unit higher: the figures are not safe by being empty."""
    found = figured(recipes, {"L": shelf}, policy)
    wanted = {sku: promise.units for sku, promise in found.items()}
    for sku in SKUS:
        assert not ships({**wanted, sku: wanted[sku] + 1}, shelf, recipes), (sku, wanted)


def test_scarcest_component_decides_at_each_location_by_itself() -> None:
    """Parts that lie apart build nothing: a kit is assembled at one location. Source: platform notes, cin7 3.4."""
    recipes = {"K1": {"a": 1, "b": 2}}
    places = {"north": {"a": 10, "b": 0}, "south": {"a": 0, "b": 10}, "west": {"a": 3, "b": 4}}
    first = SharingPolicy(sharing=Sharing.PRIORITY, priority=("K1",))
    found = figured(recipes, places, first)
    assert dict(found["K1"].by_location) == {"north": 0, "south": 0, "west": 2}
    assert found["K1"].limited_by == ("b",)


def test_policies_decide_who_gets_shared_parts() -> None:
    recipes, places = {"K1": {"a": 1}, "K2": {"a": 1}}, {"L": {"a": 9}}
    policy = {one: figured(recipes, places, SharingPolicy(sharing=one, priority=("K2",))) for one in Sharing}
    units = {one: tuple(found[sku].units for sku in ("a", "K1", "K2")) for one, found in policy.items()}
    assert units[Sharing.FAIR] == (3, 3, 3)
    assert units[Sharing.PRIORITY] == (0, 0, 9)
    assert units[Sharing.SINGLES_FIRST] == (4, 5, 0)


def test_kit_inside_itself_is_a_finding_and_promises_only_what_lies_there() -> None:
    bills = bills_of({"K1": {"K2": 1}, "K2": {"K1": 1, "a": 1}, "K3": {"a": 2}})
    assert set(bills.findings) == {"K1", "K2"}
    assert {finding.owner for finding in bills.findings.values()} == {"operations"}
    assert bills.findings["K1"].value == "K1 > K2 > K1"
    assert bills.most("K1", exact({"K1": 2, "a": 9})) == 2
    assert bills.most("K3", exact({"a": 9})) == 4


@settings(max_examples=80, deadline=None)
@given(
    recipes=recipes_of_kits(),
    places=st.lists(shelves, min_size=2, max_size=3),
    policy=policies,
    sold=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 6), min_size=1, max_size=2),
)
def test_what_one_location_cannot_ship_is_not_promised_from_another(
    recipes: dict[str, dict[str, int]],
    places: list[dict[str, int]],
    policy: SharingPolicy,
    sold: dict[str, int],
) -> None:
    """Sold at a location that is short: the parts must come from elsewhere, so nobody may buy them there."""
    pooled = {sku: sum(shelf[sku] for shelf in places) for sku in LEAVES}
    found = figured(recipes, {f"L{number}": shelf for number, shelf in enumerate(places)}, policy, {"L0": sold})
    promised = {sku: promise.units for sku, promise in found.items()}
    assert ships(promised, pooled, recipes)
    if ships(sold, pooled, recipes):
        assert ships({sku: promised[sku] + sold.get(sku, 0) for sku in SKUS}, pooled, recipes), (promised, sold)


def test_what_a_location_owes_is_taken_off_the_others() -> None:
    """Five units owed in the north will come from the south; the south promises what it has beside them."""
    owed = {"north": {"a": Decimal(-5)}, "south": {"a": Decimal(12)}}
    assert promises(["a", "K1"], bills_of({"K1": {"a": 1}}), owed, {}, SharingPolicy(Sharing.PRIORITY))["K1"].units == 7


def test_wastage_and_quantity_to_produce_need_fractions_of_parts() -> None:
    """A recipe of three litres for ten bottles, a tenth of it spilt."""
    bills = Bills([Bill("bottle", (Component("litre", Decimal("0.33")),))])
    assert bills.most("bottle", {"litre": Decimal(3)}) == 9
    assert bills.missing({"bottle": Decimal(10)}, {"litre": Decimal(3)}) == {"litre": Decimal("0.30")}


def test_groups_hold_what_shares_parts_and_nothing_else() -> None:
    bills = bills_of({"K1": {"a": 1}, "K2": {"a": 1, "b": 1}, "K3": {"c": 1}})
    assert set(bills.groups()) == {frozenset({"a", "b", "K1", "K2"}), frozenset({"c", "K3"})}
