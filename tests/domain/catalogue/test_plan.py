"""What of a listing waits for a person while the rest of it travels."""

from __future__ import annotations

from weighbridge.domain.catalogue.plan import MOST_TOLD, waiting_parts
from weighbridge.domain.findings.finding import FindingKind, Severity, hold, note


def test_notes_of_a_listing_wait_for_a_person_and_what_stops_it_is_told_elsewhere() -> None:
    barcode = note(FindingKind.BARCODE_UNUSABLE, "MUG.Barcode", "x" * 20, "at most 14 characters")
    family = hold(FindingKind.FAMILY_UNUSABLE, "family HAT.Option1Name", "", "an option")
    found = waiting_parts({"product:1": (barcode,), "family:2": (family,)}, ())
    assert [(source, [one.severity for one in found[source]]) for source in found] == [("product:1", [Severity.HOLD])]


def test_an_edit_of_the_shop_is_overwritten_only_once_its_listing_was_written() -> None:
    price = note(FindingKind.SHOP_EDIT_OVERWRITTEN, "MUG.price", "9.99", "12.5, which Cin7 says")
    assert waiting_parts({"product:1": (price,)}, {"product:1"}) == {}
    assert list(waiting_parts({"product:1": (price,)}, {"product:2"})) == ["product:1"]


def test_what_a_whole_catalogue_has_is_told_once() -> None:
    notes = {
        f"product:{number}": (note(FindingKind.UNIT_UNKNOWN, f"P{number}.WeightUnits", "stone", "a unit"),)
        for number in range(MOST_TOLD + 1)
    }
    notes["product:0"] += (note(FindingKind.BARCODE_UNUSABLE, "P0.Barcode", "x", "a barcode"),)
    found = waiting_parts(notes, ())
    assert {source: [one.value for one in parts] for source, parts in found.items()} == {
        "product:0": ["x"],
        "(unit_unknown)": [f"{MOST_TOLD + 1} times, such as P0.WeightUnits: stone"],
    }
