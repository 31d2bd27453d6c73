"""The catalogue proposal: the counts and findings of a catalogue run, for a person to read and accept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weighbridge.domain.catalogue.plan import Plan, Review, fingerprint
from weighbridge.domain.findings.finding import Finding

MAX_LISTED_FINDINGS = 1000
LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class HeldListing:
    """One finding that holds a listing."""

    key: str
    """The listing's source, or `store:SKU` for a SKU that only the store has."""
    kind: str
    severity: str
    field: str
    value: str
    expected: str
    owner: str


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """How many prices of a price list would be written and removed."""

    write: int
    remove: int


@dataclass(frozen=True, slots=True)
class CatalogueProposal:
    """What a catalogue run would do, or did."""

    listings: int
    unchanged: int
    create: int
    update: int
    hide: int
    held: int
    fingerprint: str
    """12 hex digits, by which a person accepts exactly these changes."""
    findings: tuple[HeldListing, ...]
    """At most MAX_LISTED_FINDINGS."""
    notes: Mapping[str, int]
    """Kind of finding -> how many fields are left out or were overwritten for it."""
    price_lists: Mapping[str, PriceChanges]
    """Name of the price list -> its changes; empty unless it was a dry run."""


def catalogue_proposal(
    plan: Plan, reviews: Sequence[Review], price_lists: Mapping[str, PriceChanges]
) -> CatalogueProposal:
    """The counts and findings of a run. `reviews` are those of the plan's steps."""
    actions = Counter(review.action for review in reviews)
    notes = Counter(str(finding.kind) for findings in plan.notes.values() for finding in findings)
    held = [_held(key, finding) for key, findings in plan.findings.items() for finding in findings]
    return CatalogueProposal(
        listings=plan.listings,
        unchanged=plan.unchanged,
        create=actions["create"],
        update=actions["update"],
        hide=actions["hide"],
        held=len(plan.findings),
        fingerprint=fingerprint(reviews),
        findings=tuple(held[:MAX_LISTED_FINDINGS]),
        notes=dict(notes),
        price_lists=price_lists,
    )


def _held(key: str, finding: Finding) -> HeldListing:
    return HeldListing(
        key=key,
        kind=finding.kind,
        severity=finding.severity,
        field=finding.field,
        value=finding.value[:LONGEST_VALUE],
        expected=finding.expected,
        owner=finding.owner,
    )
