"""Catalogue: read both sides, compare, show a person what would change, write what was accepted, hold what cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from weighbridge.domain.catalogue.diff import Step
from weighbridge.domain.catalogue.plan import Findings, Plan, Review, fingerprint, review, waiting_parts
from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.flows.attempt_runner import STOPPED, end_round, run_stage
from weighbridge.flows.catalogue.listing_writer import MAKING, listing_key, matched_link
from weighbridge.flows.catalogue.price_lists import compare_prices, fill_price_lists
from weighbridge.flows.catalogue.read import View, compare, read_terms
from weighbridge.flows.catalogue.write import CatalogueWriter
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import weighed
from weighbridge.flows.open_findings import report
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State, Transfer, stored_finding

log = structlog.get_logger()

FLOW = "catalogue"
LISTING = "listing"
"""Under this name each listing that waits for a person has a transfer of its own, by its SKU."""
PART = "listing_part"
"""Under this name waits what of a listing cannot be told, or was overwritten, while the rest of it travels."""
ALL = "*"
DRY_RUN = "dry-run"
BEGUN = "catalogue_begun"
MOST_FINDINGS_TOLD = 1000


@durable_flow(FLOW)
async def catalogue(connection: str, key: str) -> str:
    """One full round; under the key `dry-run` one that only proposes."""
    return await sync_catalogue(connection, key)


@durable_step("catalogue")
async def sync_catalogue(connection: str, key: str) -> str:
    site = running().sites[connection]
    transfer = await running().journal.transfers.open(connection, FLOW, key)

    async def work() -> str:
        return await _round(site, transfer, dry=key == DRY_RUN)

    ended = await run_stage(site, transfer, "catalogue", (FLOW, key), work)
    if key == ALL:
        await end_round(transfer, ended, site.connection.design.catalogue.cadence)
    elif ended != STOPPED:
        await weighed(transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return ended


async def _round(site: Site, transfer: Transfer, *, dry: bool) -> str:
    if not dry and not site.connection.design.catalogue.enabled:
        return "off by design"
    journal = running().journal
    terms = await read_terms(site)
    if isinstance(terms, tuple):
        await weighed(transfer, terms)
        return STOPPED
    view = await compare(site, terms)
    reviews = [review(step) for step in view.plan.steps]
    await journal.listings.propose(site.name, reviews)
    prices = {
        one.rule.price_list: {"write": len(one.changes.write), "remove": len(one.changes.remove)}
        for one in (await compare_prices(site, view, view.links) if dry else ())
    }
    await journal.transfers.change(transfer.id, content=summary(view.plan, reviews) | {"price_lists": prices})
    if dry:
        return _told(reviews)
    return await _write(site, transfer, view, reviews)


async def _write(site: Site, transfer: Transfer, view: View, reviews: Sequence[Review]) -> str:
    """Writes what may be written without a person or was accepted by one; the rest waits."""
    journal = running().journal
    matches = [matched_link(view.links.get(one.listing.source), one) for one in view.plan.matches]
    await journal.listings.remember(site.name, matches)
    steps = list(view.plan.steps)
    if await _needs_a_person(site, steps):
        steps = await _accepted(site, transfer, view, reviews)
    writer = CatalogueWriter(site, transfer, view)
    await writer.write(steps)
    await journal.listings.done(site.name, {step.listing.source for step in steps} - writer.refused.keys())
    findings = {**view.plan.findings, **{of: tuple(found) for of, found in writer.refused.items()}}
    waiting = len(view.plan.steps) - len(steps)
    if not waiting:
        findings |= await fill_price_lists(site, transfer, view, await journal.listings.links(site.name))
    await report(site, LISTING, _by_name(view.plan, findings))
    unwritten = {step.listing.source for step in view.plan.steps} - {step.listing.source for step in steps}
    parts = waiting_parts(view.plan.notes, unwritten | writer.refused.keys())
    await report(site, PART, _by_name(view.plan, parts))
    if waiting:
        name = fingerprint(await journal.listings.proposed(site.name))
        expected = f"a person who has read them: weighbridge sync catalogue --dry-run, then --accept {name}"
        finding = hold(FindingKind.CATALOGUE_NOT_ACCEPTED, "changes of the catalogue", waiting, expected)
        await weighed(transfer, (finding,))
        return STOPPED
    await journal.references.keep(site.name, BEGUN, True)
    return _told(reviews)


def _by_name(plan: Plan, found: Mapping[str, Findings]) -> dict[str, Findings]:
    return {plan.names.get(source, source): findings for source, findings in found.items()}


async def _accepted(site: Site, transfer: Transfer, view: View, reviews: Sequence[Review]) -> list[Step]:
    """What a person has accepted, and what completes a listing whose making was accepted and then cut off."""
    journal = running().journal
    accepted = await journal.listings.accepted(site.name)
    begun = {intent.key for intent in await journal.intents.of_transfer(transfer.id) if intent.kind == MAKING}
    steps = []
    for step, one in zip(view.plan.steps, reviews, strict=True):
        cut_off = one.source not in view.links and listing_key(site.name, one.source) in begun
        if one.digest in accepted or cut_off:
            steps.append(step)
    return steps


async def _needs_a_person(site: Site, steps: Sequence[Step]) -> bool:
    """Whether these changes wait until they are accepted: the first round's, an unusually large one's, or all."""
    design = site.connection.design.catalogue
    if not steps:
        return False
    begun = await running().journal.references.read(site.name, BEGUN) is not None
    return not begun or design.review == "always" or len(steps) > design.unattended_changes


def summary(plan: Plan, reviews: Sequence[Review]) -> dict[str, Any]:
    """The round in figures and findings, as JSON."""
    actions = Counter(one.action for one in reviews)
    noted = Counter(str(finding.kind) for found in plan.notes.values() for finding in found)
    findings = [{"key": key, **stored_finding(one)} for key, found in plan.findings.items() for one in found]
    return {
        "listings": plan.listings,
        "unchanged": plan.unchanged,
        "create": actions["create"],
        "update": actions["update"],
        "hide": actions["hide"],
        "held": len(plan.findings),
        "fingerprint": fingerprint(reviews),
        "findings": findings[:MOST_FINDINGS_TOLD],
        "notes": dict(noted),
    }


def _told(reviews: Sequence[Review]) -> str:
    return f"{len(reviews)} changes" if reviews else "nothing differs"
