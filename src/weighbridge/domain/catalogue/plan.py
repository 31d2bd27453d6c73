"""The plan of a catalogue round: what would be made, written and remembered, and what waits for whom."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from weighbridge.domain.catalogue.diff import Change, Create, Step, Update, created, updated
from weighbridge.domain.catalogue.listing import Field, Link, Listing, ShopListing, text_of
from weighbridge.domain.catalogue.mapping import Wanted, named_apart
from weighbridge.domain.catalogue.product import CataloguePolicy
from weighbridge.domain.catalogue.sku_matching import Matching, matched
from weighbridge.domain.findings.finding import Finding, FindingKind, Severity, hold, note

Findings = tuple[Finding, ...]
MOST_TOLD = 500
"""Parts of one kind that are told one by one; more of them have one cause."""


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
    """One listing's part of the plan as a person reviews it, under a digest that names exactly this part."""

    source: str
    sku: str
    name: str
    action: str
    """`create`, `update` or `hide`."""
    lines: tuple[ReviewLine, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round would do."""

    steps: tuple[Step, ...]
    matches: tuple[Update, ...]
    """Listings that need no write and are not linked yet."""
    findings: Mapping[str, Findings]
    """What stops a listing, by its source, or by `shop:SKU` for what only the shop has."""
    notes: Mapping[str, Findings]
    """What of a listing is not told, or was overwritten, by the listing's source; the rest of it travels."""
    names: Mapping[str, str]
    """What people call each listing by, by its source."""
    listings: int
    unchanged: int


def plan_round(
    wanted: Wanted,
    shop: Sequence[ShopListing],
    links: Mapping[str, Link],
    policy: CataloguePolicy,
    category_paths: Mapping[int, str],
    service_skus: Collection[str] = (),
) -> Plan:
    """Compares everything with everything. `links` by source; `category_paths` by id."""
    matching = _matching(wanted, shop, links, policy, service_skus)
    by_id = {listing.id: listing for listing in shop}
    names = {str(one.values[Field.NAME]).casefold(): one.id for one in shop}
    steps: list[Step] = []
    matches: list[Update] = []
    findings = {source: found for source, notes in wanted.findings.items() if (found := _holds(notes))}
    notes = dict(wanted.findings)
    unchanged = 0
    for listing in wanted.listings:
        link = links.get(listing.source)
        step = _step(listing, by_id, matching, link, policy, category_paths, names)
        if isinstance(step, tuple):
            findings[listing.source] = step
        elif isinstance(step, Update) and step.is_empty:
            unchanged += 1
            if link is None or _is_news(step, link):
                matches.append(step)
        elif step is not None:
            steps.append(step)
            notes[listing.source] = notes.get(listing.source, ()) + _overwritten(step)
    findings |= {f"shop:{sku}": (finding,) for sku, finding in matching.shop_findings.items()}
    return Plan(tuple(steps), tuple(matches), findings, notes, wanted.names, len(wanted.listings), unchanged)


def _matching(
    wanted: Wanted,
    shop: Sequence[ShopListing],
    links: Mapping[str, Link],
    policy: CataloguePolicy,
    service_skus: Collection[str],
) -> Matching:
    skus = [one.sku for listing in wanted.listings for one in listing.variations]
    linked = {
        one.sku: links[listing.source].variant_ids[one.article_id]
        for listing in wanted.listings
        if listing.source in links
        for one in listing.variations
        if one.article_id in links[listing.source].variant_ids
    }
    ignore = policy.ignore_case_and_space
    return matched(skus, shop, ignore_form=ignore, linked=linked, other_skus=frozenset(service_skus))


def _step(
    listing: Listing,
    shop: Mapping[int, ShopListing],
    matching: Matching,
    link: Link | None,
    policy: CataloguePolicy,
    category_paths: Mapping[int, str],
    names: Mapping[str, int],
) -> Step | Findings | None:
    """What is to be done about one listing; None where nothing is, since nobody may buy it and the shop has it not."""
    stopping = tuple(matching.findings[one.sku] for one in listing.variations if one.sku in matching.findings)
    places = {one.sku: matching.places[one.sku] for one in listing.variations if one.sku in matching.places}
    if stopping and (places or listing.is_visible):
        return stopping
    if not places:
        if not listing.is_visible:
            return None
        if link is not None:
            expected = "the product that was made for this listing; restore it, or take it out of sale in Cin7"
            return (hold(FindingKind.LISTING_GONE, f"shop product {link.product_id}", "deleted", expected),)
        taken = str(listing.values[Field.NAME]).casefold() in names
        return created(named_apart(listing) if taken else listing, policy.masters)
    ids = sorted({place.listing.id for place in places.values()})
    if len(ids) > 1:
        value = ", ".join(map(str, ids))
        return (
            hold(FindingKind.FAMILY_SPLIT, f"family {listing.sku} at the shop", value, "one product for all of it"),
        )
    found = shop[ids[0]]
    holder = names.get(str(listing.values[Field.NAME]).casefold(), found.id)
    own = named_apart(listing) if holder != found.id else listing
    return updated(own, found, places, link, policy.masters, category_paths)


def _is_news(step: Update, link: Link) -> bool:
    """Whether the shop shows a match that the link does not know of yet."""
    return not (step.variant_ids.items() <= link.variant_ids.items() and step.own_pictures <= link.pictures)


def _holds(findings: Findings) -> Findings:
    return tuple(finding for finding in findings if finding.severity is not Severity.NOTE)


def _overwritten(step: Step) -> Findings:
    if isinstance(step, Create):
        return ()
    changes = [(step.listing.sku, one) for one in step.changes]
    changes += [(variant.sku, one) for variant in step.variants for one in variant.changes]
    return tuple(
        note(FindingKind.SHOP_EDIT_OVERWRITTEN, f"{sku}.{one.field}", one.before, f"{one.after}, which Cin7 says")
        for sku, one in changes
        if one.overwrites
    )


def waiting_parts(notes: Mapping[str, Findings], unwritten: Collection[str]) -> dict[str, Findings]:
    """What of listings waits for a person while the rest of them travels, by source; where a whole catalogue has the
    same, one finding for all of it.

    What would be overwritten in the listings `unwritten` was not.
    """
    parts = {source: _waiting(found, source in unwritten) for source, found in notes.items()}
    many = Counter(one.kind for found in parts.values() for one in found)
    told = {source: tuple(one for one in found if many[one.kind] <= MOST_TOLD) for source, found in parts.items()}
    for kind, number in many.items():
        if number > MOST_TOLD:
            first = next(one for found in parts.values() for one in found if one.kind is kind)
            value = f"{number} times, such as {first.field}: {first.value}"
            told[f"({kind})"] = (replace(first, field="listings", value=value),)
    return {source: found for source, found in told.items() if found}


def _waiting(found: Findings, unwritten: bool) -> Findings:
    return tuple(
        replace(one, severity=Severity.HOLD)
        for one in found
        if one.severity is Severity.NOTE and not (unwritten and one.kind is FindingKind.SHOP_EDIT_OVERWRITTEN)
    )


def review(step: Step) -> Review:
    """The step as a person reviews it."""
    listing = step.listing
    lines = _lines_of_creation(step) if isinstance(step, Create) else _lines_of_update(step)
    action = "create" if isinstance(step, Create) else "hide" if _hides(step) else "update"
    written = "\n".join(f"{one.where}|{one.field}|{one.before}|{one.after}" for one in lines)
    digest = hashlib.sha256(f"{listing.source}|{action}\n{written}".encode()).hexdigest()[:32]
    return Review(listing.source, listing.sku, str(listing.values.get(Field.NAME, "")), action, lines, digest)


def fingerprint(reviews: Iterable[Review]) -> str:
    """The name of exactly these changes: 12 hex digits."""
    return hashlib.sha256("".join(sorted(one.digest for one in reviews)).encode()).hexdigest()[:12]


def _hides(step: Update) -> bool:
    return any(one.field is Field.VISIBILITY and one.value is False for one in step.changes)


def _lines_of_creation(step: Create) -> tuple[ReviewLine, ...]:
    listing = step.listing
    lines = [ReviewLine(listing.sku, of, "", text_of(value)) for of, value in sorted(listing.values.items())]
    lines += [ReviewLine(listing.sku, Field.IMAGES, "", picture.name) for picture in listing.pictures]
    for one in listing.variations:
        if one.options:
            lines.append(
                ReviewLine(one.sku, "options", "", ", ".join(f"{name}: {value}" for name, value in one.options))
            )
            lines += [ReviewLine(one.sku, of, "", text_of(value)) for of, value in sorted(one.values.items())]
    return tuple(lines)


def _lines_of_update(step: Update) -> tuple[ReviewLine, ...]:
    sku = step.listing.sku
    lines = [_line(sku, one) for one in step.changes]
    lines += [_line(variant.sku, one) for variant in step.variants for one in variant.changes]
    for one in step.new_variations:
        options = ", ".join(f"{name}: {value}" for name, value in one.options)
        lines.append(ReviewLine(one.sku, "options", "", options))
        lines += [ReviewLine(one.sku, of, "", text_of(value)) for of, value in sorted(one.values.items())]
    lines += [ReviewLine(sku, Field.IMAGES, "", picture.name) for picture in step.new_pictures]
    lines += [ReviewLine(sku, Field.IMAGES, name, "") for name, _ in step.gone_pictures]
    return tuple(lines)


def _line(sku: str, change: Change) -> ReviewLine:
    return ReviewLine(sku, change.field, change.before, change.after, change.overwrites)
