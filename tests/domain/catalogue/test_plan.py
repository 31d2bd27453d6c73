"""Parts of a listing that wait for a person while the rest of the listing is written."""

from __future__ import annotations

from weighbridge.domain.catalogue.plan import MAX_SINGLE_FINDINGS, partial_holds
from weighbridge.domain.findings.finding import Severity, hold, note
from weighbridge.domain.findings.kind import FindingKind


def test_notes_of_a_listing_become_partial_holds_and_its_holds_do_not() -> None:
    barcode = note(FindingKind.BARCODE_UNUSABLE, "MUG.Barcode", "x" * 20, "at most 14 characters")
    family = hold(FindingKind.FAMILY_UNUSABLE, "family HAT.Option1Name", "", "an option")
    holds = partial_holds({"product:1": (barcode,), "family:2": (family,)}, ())
    assert [(source, [finding.severity for finding in holds[source]]) for source in holds] == [
        ("product:1", [Severity.HOLD])
    ]


def test_a_store_edit_counts_as_overwritten_only_after_the_listing_was_written() -> None:
    price = note(FindingKind.STORE_EDIT_OVERWRITTEN, "MUG.price", "9.99", "12.5, as in Cin7")
    assert partial_holds({"product:1": (price,)}, {"product:1"}) == {}
    assert list(partial_holds({"product:1": (price,)}, {"product:2"})) == ["product:1"]


def test_findings_shared_by_a_whole_catalogue_are_reported_as_one() -> None:
    notes = {
        f"product:{number}": (note(FindingKind.UNIT_UNKNOWN, f"P{number}.WeightUnits", "stone", "a unit"),)
        for number in range(MAX_SINGLE_FINDINGS + 1)
    }
    notes["product:0"] += (note(FindingKind.BARCODE_UNUSABLE, "P0.Barcode", "x", "a barcode"),)
    holds = partial_holds(notes, ())
    assert {source: [finding.value for finding in findings] for source, findings in holds.items()} == {
        "product:0": ["x"],
        "(unit_unknown)": [f"{MAX_SINGLE_FINDINGS + 1} times, such as P0.WeightUnits: stone"],
    }
