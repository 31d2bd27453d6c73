"""For any bills of materials, the levels never exceed what the warehouse can build and ship.

The brute-force search below uses none of the product's rules: it tries every way to serve each unit, from stock or by
assembly, and so decides whether a set of orders can be shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.stock.kit_allocation import Allocation, Routing, Sharing, SharingPolicy, allocate
from weighbridge.domain.stock.kits import BillOfMaterials, BillsOfMaterials, Component

LEAVES, KITS = ("a", "b", "c"), ("K1", "K2", "K3", "K4")
SKUS = (*LEAVES, *KITS)
Recipe = Mapping[str, int]
UnitCounts = tuple[int, ...]


def ships(demand: Mapping[str, int], on_hand: Mapping[str, int], recipes: Mapping[str, Recipe]) -> bool:
    """Whether one location can ship every unit of `demand`."""
    visited: set[tuple[UnitCounts, UnitCounts]] = set()

    def search(owed: dict[str, int], remaining: dict[str, int]) -> bool:
        sku = next((each for each, units in owed.items() if units > 0), None)
        if sku is None:
            return True
        state = (tuple(owed[each] for each in SKUS), tuple(remaining[each] for each in SKUS))
        if state in visited:
            return False
        visited.add(state)
        rest = {**owed, sku: owed[sku] - 1}
        if remaining[sku] > 0 and search(rest, {**remaining, sku: remaining[sku] - 1}):
            return True
        if sku not in recipes:
            return False
        assembled = {each: rest[each] + recipes[sku].get(each, 0) for each in SKUS}
        return sum(assembled.values()) <= sum(remaining.values()) and search(assembled, remaining)

    return search({sku: demand.get(sku, 0) for sku in SKUS}, {sku: on_hand.get(sku, 0) for sku in SKUS})


def most(sku: str, on_hand: Mapping[str, int], recipes: Mapping[str, Recipe]) -> int:
    units = 0
    while ships({sku: units + 1}, on_hand, recipes):
        units += 1
    return units


@st.composite
def recipes_of_kits(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    """Kits nested up to four deep: each of leaf SKUs and of kits before it."""
    recipes: dict[str, dict[str, int]] = {}
    for number in range(draw(st.integers(1, len(KITS)))):
        choices = (*LEAVES, *KITS[:number])
        components = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique=True))
        recipes[KITS[number]] = {component: draw(st.integers(1, 2)) for component in components}
    return recipes


leaf_stock = dict.fromkeys(LEAVES, st.integers(0, 5))
stock_levels = st.fixed_dictionaries(leaf_stock)
"""Stock of one location without kits, as allocations count it."""
stock_levels_with_kits = st.fixed_dictionaries({**leaf_stock, **dict.fromkeys(KITS, st.integers(0, 1))})
policies = st.builds(
    SharingPolicy,
    sharing=st.sampled_from(Sharing),
    routing=st.sampled_from(Routing),
    priority=st.permutations(SKUS).map(tuple),
    singles_share=st.sampled_from([Decimal("0"), Decimal("0.3"), Decimal("0.5"), Decimal("1")]),
)


def bills_of(recipes: Mapping[str, Recipe]) -> BillsOfMaterials:
    return BillsOfMaterials(
        BillOfMaterials(kit, tuple(Component(component, Decimal(units)) for component, units in recipe.items()))
        for kit, recipe in recipes.items()
    )


def exact(on_hand: Mapping[str, int]) -> dict[str, Decimal]:
    return {sku: Decimal(units) for sku, units in on_hand.items()}


def allocated(
    recipes: Mapping[str, Recipe],
    on_hand_by_location: Mapping[str, Mapping[str, int]],
    policy: SharingPolicy,
    sold: Mapping[str, Mapping[str, int]] | None = None,
) -> dict[str, Allocation]:
    stock = {location: exact(on_hand) for location, on_hand in on_hand_by_location.items()}
    in_flight = {location: exact(units) for location, units in (sold or {}).items()}
    return allocate(SKUS, bills_of(recipes), stock, in_flight, policy)


@settings(max_examples=120, deadline=None)
@given(recipes=recipes_of_kits(), on_hand=stock_levels_with_kits, sku=st.sampled_from(SKUS))
def test_one_item_alone_gets_exactly_what_can_be_built(
    recipes: dict[str, dict[str, int]], on_hand: dict[str, int], sku: str
) -> None:
    assert bills_of(recipes).most(sku, exact(on_hand)) == most(sku, on_hand, recipes)


@settings(max_examples=100, deadline=None)
@given(
    recipes=recipes_of_kits(),
    locations=st.lists(stock_levels, min_size=1, max_size=6),
    policy=policies,
    sold=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 2), max_size=2),
)
def test_all_allocations_together_can_be_shipped(
    recipes: dict[str, dict[str, int]],
    locations: list[dict[str, int]],
    policy: SharingPolicy,
    sold: dict[str, int],
) -> None:
    """At each location, all allocations can be shipped besides the units sold there before."""
    on_hand_by_location = {f"L{number}": on_hand for number, on_hand in enumerate(locations)}
    allocations = allocated(recipes, on_hand_by_location, policy, {"L0": sold})
    for location, on_hand in on_hand_by_location.items():
        demand = {sku: allocation.by_location.get(location, 0) for sku, allocation in allocations.items()}
        before = sold if location == "L0" else {}
        if not ships(before, on_hand, recipes):
            continue  # the sold units cannot be shipped at all; the next property covers this case
        together = {sku: demand.get(sku, 0) + before.get(sku, 0) for sku in SKUS}
        assert ships(together, on_hand, recipes), (demand, before)


@settings(max_examples=80, deadline=None)
@given(
    recipes=recipes_of_kits(),
    on_hand=stock_levels,
    sold=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 7), min_size=1),
)
def test_oversold_units_take_their_components_before_any_allocation(
    recipes: dict[str, dict[str, int]], on_hand: dict[str, int], sold: dict[str, int]
) -> None:
    """Sold units that can be shipped can still be shipped besides all allocations."""
    allocations = allocated(recipes, {"L": on_hand}, SharingPolicy(), {"L": sold})
    demand = {sku: allocation.units for sku, allocation in allocations.items()}
    assert ships(demand, on_hand, recipes)
    for sku, units in sold.items():
        if units <= 2 and ships({sku: units}, on_hand, recipes) and ships(sold, on_hand, recipes):
            assert ships({**demand, sku: demand[sku] + units}, on_hand, recipes)


@settings(max_examples=80, deadline=None)
@given(recipes=recipes_of_kits(), on_hand=stock_levels, policy=policies)
def test_no_allocation_is_lower_than_necessary(
    recipes: dict[str, dict[str, int]], on_hand: dict[str, int], policy: SharingPolicy
) -> None:
    """No allocation could be one unit higher: the levels are not safe merely because they are low."""
    allocations = allocated(recipes, {"L": on_hand}, policy)
    demand = {sku: allocation.units for sku, allocation in allocations.items()}
    for sku in SKUS:
        assert not ships({**demand, sku: demand[sku] + 1}, on_hand, recipes), (sku, demand)


def test_scarcest_component_decides_at_each_location_by_itself() -> None:
    """Components at different locations build no kit. Source: platform notes, cin7 3.4."""
    recipes = {"K1": {"a": 1, "b": 2}}
    on_hand_by_location = {"north": {"a": 10, "b": 0}, "south": {"a": 0, "b": 10}, "west": {"a": 3, "b": 4}}
    first = SharingPolicy(sharing=Sharing.PRIORITY, priority=("K1",))
    allocations = allocated(recipes, on_hand_by_location, first)
    assert dict(allocations["K1"].by_location) == {"north": 0, "south": 0, "west": 2}
    assert allocations["K1"].limited_by == ("b",)


def test_policies_decide_which_sku_gets_shared_components() -> None:
    recipes, on_hand_by_location = {"K1": {"a": 1}, "K2": {"a": 1}}, {"L": {"a": 9}}
    by_sharing = {
        sharing_rule: allocated(recipes, on_hand_by_location, SharingPolicy(sharing=sharing_rule, priority=("K2",)))
        for sharing_rule in Sharing
    }
    units = {
        sharing_rule: tuple(allocations[sku].units for sku in ("a", "K1", "K2"))
        for sharing_rule, allocations in by_sharing.items()
    }
    assert units[Sharing.FAIR] == (3, 3, 3)
    assert units[Sharing.PRIORITY] == (0, 0, 9)
    assert units[Sharing.SINGLES_FIRST] == (4, 5, 0)


def test_circular_kit_is_a_finding_and_allocates_only_built_stock() -> None:
    bills = bills_of({"K1": {"K2": 1}, "K2": {"K1": 1, "a": 1}, "K3": {"a": 2}})
    assert set(bills.findings) == {"K1", "K2"}
    assert {finding.owner for finding in bills.findings.values()} == {"operations"}
    assert bills.findings["K1"].value == "K1 > K2 > K1"
    assert bills.most("K1", exact({"K1": 2, "a": 9})) == 2
    assert bills.most("K3", exact({"a": 9})) == 4


@settings(max_examples=80, deadline=None)
@given(
    recipes=recipes_of_kits(),
    locations=st.lists(stock_levels, min_size=2, max_size=3),
    policy=policies,
    sold=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 6), min_size=1, max_size=2),
)
def test_units_owed_by_one_location_are_not_allocated_at_another(
    recipes: dict[str, dict[str, int]],
    locations: list[dict[str, int]],
    policy: SharingPolicy,
    sold: dict[str, int],
) -> None:
    """Components that a location lacks for sold units come from other locations, so they are not for sale there."""
    pooled = {sku: sum(on_hand[sku] for on_hand in locations) for sku in LEAVES}
    allocations = allocated(
        recipes, {f"L{number}": on_hand for number, on_hand in enumerate(locations)}, policy, {"L0": sold}
    )
    demand = {sku: allocation.units for sku, allocation in allocations.items()}
    assert ships(demand, pooled, recipes)
    if ships(sold, pooled, recipes):
        assert ships({sku: demand[sku] + sold.get(sku, 0) for sku in SKUS}, pooled, recipes), (demand, sold)


def test_negative_stock_of_one_location_is_taken_off_the_others() -> None:
    """Five units owed in the north will come from the south, whose allocation leaves them out."""
    owed = {"north": {"a": Decimal(-5)}, "south": {"a": Decimal(12)}}
    assert allocate(["a", "K1"], bills_of({"K1": {"a": 1}}), owed, {}, SharingPolicy(Sharing.PRIORITY))["K1"].units == 7


def test_wastage_and_quantity_to_produce_need_fractions_of_components() -> None:
    """A recipe of three litres for ten bottles with a tenth of wastage."""
    bills = BillsOfMaterials([BillOfMaterials("bottle", (Component("litre", Decimal("0.33")),))])
    assert bills.most("bottle", {"litre": Decimal(3)}) == 9
    assert bills.missing({"bottle": Decimal(10)}, {"litre": Decimal(3)}) == {"litre": Decimal("0.30")}


def test_groups_hold_exactly_the_skus_that_share_components() -> None:
    bills = bills_of({"K1": {"a": 1}, "K2": {"a": 1, "b": 1}, "K3": {"c": 1}})
    assert set(bills.groups()) == {frozenset({"a", "b", "K1", "K2"}), frozenset({"c", "K3"})}
