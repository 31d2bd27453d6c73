"""Stored documents keep their wire names and fingerprints; a document that cannot be read says which one and why.

A golden file changes only together with the version of its kind and a migration of the stored documents.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, JsonValue

from tests.design.examples import SMALL
from tests.domain.builders import ADA, NOON, order
from tests.domain.sale_builders import sale_of
from tests.persistence.document_samples import sample_of
from weighbridge.access.audit import AuditLine
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import design_version
from weighbridge.domain.catalogue import plan
from weighbridge.domain.catalogue.diff import Create
from weighbridge.domain.catalogue.listing import Field as ListingField
from weighbridge.domain.catalogue.listing import Listing
from weighbridge.domain.documents import DocumentKind, UnreadableDocument, canonical_digest, canonical_json
from weighbridge.domain.orders import sale
from weighbridge.domain.stock.available import AvailableLevel
from weighbridge.domain.stock.buffers import Buffer
from weighbridge.domain.stock.proposal import stock_proposal
from weighbridge.exceptions.lifecycle import name_of
from weighbridge.persistence import documents

GOLDEN = Path(__file__).with_name("documents")
KINDS: list[DocumentKind[Any]] = [kind for kind in vars(documents).values() if isinstance(kind, DocumentKind)]
NAMES = [kind.name for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_a_document_is_stored_under_its_golden_wire_names_and_read_again(kind: DocumentKind[Any]) -> None:
    golden = json.loads((GOLDEN / f"{kind.name.replace(' ', '_')}-v{kind.version}.json").read_text())
    sample = sample_of(kind.model)
    assert kind.write(sample) == golden
    assert kind.read(golden) == sample


def test_every_kind_has_one_golden_file_of_its_present_version() -> None:
    expected = {f"{kind.name.replace(' ', '_')}-v{kind.version}.json" for kind in KINDS}
    assert {path.name for path in GOLDEN.iterdir()} == expected | {"fingerprints.json"}
    assert len(set(NAMES)) == len(KINDS)


def test_fingerprints_of_fixed_inputs_are_the_golden_ones() -> None:
    assert _fingerprints() == json.loads((GOLDEN / "fingerprints.json").read_text())


def _fingerprints() -> dict[str, str]:
    """Every fingerprint that is stored or that a user types, by what it is taken of."""
    store_order = order()
    level = AvailableLevel("MUG", Decimal(5), Decimal(1), Buffer(1), True, 4)
    listing = Listing("product:1", "MUG", {ListingField.NAME: "Mug", ListingField.VISIBILITY: True}, ())
    reviewed = plan.review(Create(listing))
    return {
        "sale": sale.fingerprint(sale_of(store_order)),
        "lines and addresses": sale.parts_digest(store_order.lines, (ADA,)),
        "stock proposal": stock_proposal([level], {level.key: 9}).fingerprint,
        "review of a listing": reviewed.digest,
        "catalogue proposal": plan.fingerprint([reviewed]),
        "selected exceptions": name_of([3, 1, 2]),
        "audit line": AuditLine(2, NOON, "ada", "release", "order 1042", '{"note": "ü"}', "").digest_after("0" * 64),
    }


def test_a_design_is_named_by_its_canonical_form() -> None:
    design = parse_installation(SMALL).connections["main"].design
    assert design_version(design) == f"v1-{canonical_digest(design.model_dump(mode='json'))[:8]}"


def test_canonical_json_sorts_names_and_keeps_texts_of_all_scripts() -> None:
    assert canonical_json({"b": [1, None, True], "a": "ü"}) == '{"a":"ü","b":[1,null,true]}'.encode()
    assert canonical_json("\ud800") == b'"\xed\xa0\x80"', "half of a surrogate pair, which JSON may carry"


@dataclass(frozen=True, slots=True)
class Named:
    title: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Renamed:
    headline: Annotated[str, Field(alias="title")]
    count: int = 0


def test_a_field_renamed_in_the_code_keeps_its_wire_name_by_an_alias() -> None:
    before, after = DocumentKind("sample", 1, Named), DocumentKind("sample", 1, Renamed)
    assert after.write(Renamed("a", 2)) == before.write(Named("a", 2))
    assert after.read(before.write(Named("a", 2))) == Renamed("a", 2)


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ({"v": 2, "title": "a"}, "sample of version 2; expected version 1"),
        ({"title": "a"}, "sample without a version; expected version 1"),
        (None, "sample without a version; expected version 1"),
        (["a"], "sample without a version; expected version 1"),
        ({"v": 1}, "sample of version 1: title: Field required"),
        ({"v": 1, "title": "a", "number": 2}, "sample of version 1: number: Unexpected keyword argument"),
    ],
)
def test_another_version_or_shape_is_named(stored: JsonValue, says: str) -> None:
    with pytest.raises(UnreadableDocument) as raised:
        DocumentKind("sample", 1, Named).read(stored)
    assert str(raised.value) == says


def test_a_problem_never_repeats_a_stored_value() -> None:
    with pytest.raises(UnreadableDocument) as raised:
        DocumentKind("sample", 1, Named).read({"v": 1, "title": "a", "count": "ada@example.com"})
    assert "count" in str(raised.value)
    assert "ada@example.com" not in str(raised.value)
