"""The plan of a catalogue run: listings to create, update and link, and the findings that hold others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from weighbridge.domain.catalogue.diff import Change, Create, Step, Update, created, updated
from weighbridge.domain.catalogue.listing import Field, Link, Listing, StoreListing, Variation, text_of
from weighbridge.domain.catalogue.mapping import DesiredListings, with_sku_suffix
from weighbridge.domain.catalogue.product import CataloguePolicy
from weighbridge.domain.catalogue.sku_matching import Matching, matched
from weighbridge.domain.documents import canonical_digest
from weighbridge.domain.findings.finding import Finding, Severity, hold, note
from weighbridge.domain.findings.kind import FindingKind

Findings = tuple[Finding, ...]
MAX_SINGLE_FINDINGS = 500
"""Up to this many findings of one kind are reported one by one; more of them have one cause and are one finding."""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One change as a person reviews it."""

    where: str
    """SKU of the product or variant."""
    field: str
    before: str
    after: str
    overwrites: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """The changes of one listing as a person reviews them, with a digest of exactly these changes."""

    source: str
    sku: str
    name: str
    action: str
    """`create`, `update` or `hide`."""
    lines: tuple[ReviewLine, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do."""

    steps: tuple[Step, ...]
    matches: tuple[Update, ...]
    """Listings that need no write, but whose link is missing or incomplete."""
    findings: Mapping[str, Findings]
    """The findings that hold a listing, by source, or by `store:SKU` for a SKU that only the store has."""
    notes: Mapping[str, Findings]
    """The fields of a listing that are left out or were overwritten, by source; the rest of the listing is written."""
    names: Mapping[str, str]
    """Source -> name of the listing for people."""
    listings: int
    unchanged: int


def plan_run(
    desired: DesiredListings,
    store_listings: Sequence[StoreListing],
    links: Mapping[str, Link],
    policy: CataloguePolicy,
    category_paths: Mapping[int, str],
    service_skus: Collection[str] = (),
) -> Plan:
    """Compares the desired listings with those of the store. `links` are by source, `category_paths` by id."""
    matching = _matching(desired, store_listings, links, policy, service_skus)
    by_id = {listing.id: listing for listing in store_listings}
    names = {str(listing.values[Field.NAME]).casefold(): listing.id for listing in store_listings}
    steps: list[Step] = []
    matches: list[Update] = []
    findings = {source: holds for source, noted in desired.findings.items() if (holds := _holds(noted))}
    notes = dict(desired.findings)
    unchanged = 0
    for listing in desired.listings:
        link = links.get(listing.source)
        step = _step(listing, by_id, matching, link, policy, category_paths, names)
        if isinstance(step, tuple):
            findings[listing.source] = step
        elif isinstance(step, Update) and step.is_empty:
            unchanged += 1
            if link is None or not _is_known(step, link):
                matches.append(step)
        elif step is not None:
            steps.append(step)
            notes[listing.source] = notes.get(listing.source, ()) + _overwritten(step)
    findings |= {f"store:{sku}": (finding,) for sku, finding in matching.store_findings.items()}
    return Plan(tuple(steps), tuple(matches), findings, notes, desired.names, len(desired.listings), unchanged)


def _matching(
    desired: DesiredListings,
    store_listings: Sequence[StoreListing],
    links: Mapping[str, Link],
    policy: CataloguePolicy,
    service_skus: Collection[str],
) -> Matching:
    skus = [variation.sku for listing in desired.listings for variation in listing.variations]
    linked = {
        variation.sku: links[listing.source].variant_ids[variation.cin7_product_id]
        for listing in desired.listings
        if listing.source in links
        for variation in listing.variations
        if variation.cin7_product_id in links[listing.source].variant_ids
    }
    ignore = policy.ignore_case_and_space
    return matched(skus, store_listings, ignore_form=ignore, linked=linked, other_skus=frozenset(service_skus))


def _step(
    listing: Listing,
    store_listings: Mapping[int, StoreListing],
    matching: Matching,
    link: Link | None,
    policy: CataloguePolicy,
    category_paths: Mapping[int, str],
    names: Mapping[str, int],
) -> Step | Findings | None:
    """The step for one listing, or the findings that hold it; None when it is hidden and the store does not have it."""
    skus = [variation.sku for variation in listing.variations]
    findings = tuple(matching.findings[sku] for sku in skus if sku in matching.findings)
    matches = {sku: matching.matches[sku] for sku in skus if sku in matching.matches}
    if findings and (matches or listing.is_visible):
        return findings
    if not matches:
        if not listing.is_visible:
            return None
        if link is not None:
            expected = "the product that was created for this listing; restore it, or take it out of sale in Cin7"
            return (hold(FindingKind.LISTING_GONE, f"store product {link.product_id}", "deleted", expected),)
        is_name_taken = str(listing.values[Field.NAME]).casefold() in names
        return created(with_sku_suffix(listing) if is_name_taken else listing, policy.masters)
    ids = sorted({variant.listing.id for variant in matches.values()})
    if len(ids) > 1:
        value = ", ".join(map(str, ids))
        expected = "one product for the whole family"
        return (hold(FindingKind.FAMILY_SPLIT, f"family {listing.sku} in the store", value, expected),)
    store_listing = store_listings[ids[0]]
    owner_of_name = names.get(str(listing.values[Field.NAME]).casefold(), store_listing.id)
    named = with_sku_suffix(listing) if owner_of_name != store_listing.id else listing
    return updated(named, store_listing, matches, link, policy.masters, category_paths)


def _is_known(step: Update, link: Link) -> bool:
    """Whether the link already has all variants and pictures of the match."""
    return step.variant_ids.items() <= link.variant_ids.items() and step.own_pictures <= link.pictures


def _holds(findings: Findings) -> Findings:
    return tuple(finding for finding in findings if finding.severity is not Severity.NOTE)


def _overwritten(step: Step) -> Findings:
    if isinstance(step, Create):
        return ()
    changes = [(step.listing.sku, change) for change in step.changes]
    changes += [(variant.sku, change) for variant in step.variants for change in variant.changes]
    return tuple(
        note(FindingKind.STORE_EDIT_OVERWRITTEN, f"{sku}.{change.field}", change.before, f"{change.after}, as in Cin7")
        for sku, change in changes
        if change.overwrites
    )


def partial_holds(notes: Mapping[str, Findings], unwritten: Collection[str]) -> dict[str, Findings]:
    """The notes that wait for a person although the rest of their listing is written, as holds by source.

    If a whole catalogue has the same problem, it is one finding. Nothing was overwritten in the `unwritten` listings.
    """
    by_source = {source: _as_holds(noted, source in unwritten) for source, noted in notes.items()}
    counts = Counter(finding.kind for holds in by_source.values() for finding in holds)
    reported = {
        source: tuple(finding for finding in holds if counts[finding.kind] <= MAX_SINGLE_FINDINGS)
        for source, holds in by_source.items()
    }
    for kind, count in counts.items():
        if count > MAX_SINGLE_FINDINGS:
            first = next(finding for holds in by_source.values() for finding in holds if finding.kind is kind)
            value = f"{count} times, such as {first.field}: {first.value}"
            reported[f"({kind})"] = (replace(first, field="listings", value=value),)
    return {source: holds for source, holds in reported.items() if holds}


def _as_holds(findings: Findings, unwritten: bool) -> Findings:
    return tuple(
        replace(finding, severity=Severity.HOLD)
        for finding in findings
        if finding.severity is Severity.NOTE and not (unwritten and finding.kind is FindingKind.STORE_EDIT_OVERWRITTEN)
    )


def review(step: Step) -> Review:
    """The step as a person reviews it."""
    listing = step.listing
    lines = _lines_of_creation(step) if isinstance(step, Create) else _lines_of_update(step)
    action = "create" if isinstance(step, Create) else "hide" if _hides(step) else "update"
    written: list[JsonValue] = [[line.where, str(line.field), line.before, line.after] for line in lines]
    digest = canonical_digest([listing.source, action, written])[:32]
    return Review(listing.source, listing.sku, str(listing.values.get(Field.NAME, "")), action, lines, digest)


def fingerprint(reviews: Iterable[Review]) -> str:
    """The name of exactly these changes, for accepting them: 12 hex digits."""
    return canonical_digest(sorted(each.digest for each in reviews))[:12]


def _hides(step: Update) -> bool:
    return any(change.field is Field.VISIBILITY and change.value is False for change in step.changes)


def _lines_of_creation(step: Create) -> tuple[ReviewLine, ...]:
    listing = step.listing
    lines = [ReviewLine(listing.sku, of, "", text_of(value)) for of, value in sorted(listing.values.items())]
    lines += [ReviewLine(listing.sku, Field.IMAGES, "", picture.name) for picture in listing.pictures]
    for variation in listing.variations:
        if variation.options:
            lines += _lines_of_variation(variation)
    return tuple(lines)


def _lines_of_update(step: Update) -> tuple[ReviewLine, ...]:
    sku = step.listing.sku
    lines = [_line(sku, change) for change in step.changes]
    lines += [_line(variant.sku, change) for variant in step.variants for change in variant.changes]
    for variation in step.new_variations:
        lines += _lines_of_variation(variation)
    lines += [ReviewLine(sku, Field.IMAGES, "", picture.name) for picture in step.new_pictures]
    lines += [ReviewLine(sku, Field.IMAGES, name, "") for name, _ in step.removed_pictures]
    return tuple(lines)


def _lines_of_variation(variation: Variation) -> list[ReviewLine]:
    options = ", ".join(f"{name}: {value}" for name, value in variation.options)
    values = [ReviewLine(variation.sku, of, "", text_of(value)) for of, value in sorted(variation.values.items())]
    return [ReviewLine(variation.sku, "options", "", options), *values]


def _line(sku: str, change: Change) -> ReviewLine:
    return ReviewLine(sku, change.field, change.before, change.after, change.overwrites)
