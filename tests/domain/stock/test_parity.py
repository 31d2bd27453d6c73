"""Parity: the levels that the store shows are compared with the published ones, SKU by SKU."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.available import LevelKey
from weighbridge.domain.stock.parity import ALL_TOGETHER, MAX_SINGLE_FINDINGS, differences, parity_findings

LEVEL_KEYS = st.tuples(st.sampled_from(["MUG", "TEA", "SET", "CUP"]), st.integers(1, 2))
LEVELS = st.dictionaries(LEVEL_KEYS, st.integers(0, 9))


@settings(deadline=None)
@given(LEVELS, LEVELS)
def test_publishing_the_differences_again_leaves_none(
    published: dict[LevelKey, int], current: dict[LevelKey, int]
) -> None:
    differing = differences(published, current)
    assert list(differing.values()) == sorted(differing.values(), reverse=True), "levels that are too high come first"
    republished = {key: level - differing.get(key, 0) for key, level in current.items()}
    assert differences(published, republished) == {}
    assert all(current[key] == published[key] for key in published.keys() & current.keys() - differing.keys())
    assert len(parity_findings(published, differing)) == len(differing)


def test_a_finding_names_the_current_and_the_published_level() -> None:
    mug = ("MUG", 1)
    finding = parity_findings({mug: 10}, differences({mug: 10}, {mug: 25}))["MUG"]
    assert finding.kind is FindingKind.STOCK_DRIFT
    assert (finding.field, finding.value) == ("level of MUG in the store", "25")
    assert finding.expected.startswith("10, the published level")


def test_findings_distinguish_store_locations() -> None:
    published = {("MUG", 1): 10, ("MUG", 2): 4}
    findings = parity_findings(published, differences(published, {("MUG", 1): 10, ("MUG", 2): 9}))
    assert [(name, finding.field) for name, finding in findings.items()] == [
        ("MUG at location 2", "level of MUG at location 2 in the store")
    ]


def test_hundreds_of_differences_are_one_finding() -> None:
    published = {(f"SKU-{number}", 1): 5 for number in range(MAX_SINGLE_FINDINGS + 1)}
    current = dict.fromkeys(published, 4) | {("SKU-7", 1): 90}
    findings = parity_findings(published, differences(published, current))
    assert list(findings) == [ALL_TOGETHER]
    assert findings[ALL_TOGETHER].value == "201 of 201 levels differ, 1 of them are too high, SKU-7 most"
