"""The catalogue flow: compares both catalogues, proposes changes, writes accepted changes, holds the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from weighbridge.domain.catalogue.diff import Step
from weighbridge.domain.catalogue.plan import Findings, Plan, Review, fingerprint, partial_holds, review
from weighbridge.domain.catalogue.proposal import PriceChanges, catalogue_proposal
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import Flow
from weighbridge.flows.attempt_runner import STOPPED, record_run, run_attempt
from weighbridge.flows.catalogue.listing_writer import CREATE_LISTING, listing_key, matched_link
from weighbridge.flows.catalogue.price_lists import compare_prices, fill_price_lists
from weighbridge.flows.catalogue.read import View, compare, read_terms
from weighbridge.flows.catalogue.write import CatalogueWriter
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.open_findings import report
from weighbridge.persistence.documents import CATALOGUE_PROPOSAL
from weighbridge.persistence.repositories.transfers import State, Transfer

log = structlog.get_logger()

FLOW = Flow.CATALOGUE
LISTING = "listing"
"""The flow under which listings are held, by SKU."""
PARTIAL_LISTING = "partial_listing"
"""The flow under which fields of a listing are held that cannot be written, or were overwritten in the store, while
the rest of the listing is written."""
ALL = "*"
DRY_RUN = "dry-run"
FIRST_SYNC_DONE = "catalogue_first_sync_done"


async def catalogue(ctx: ConnectionContext, key: str) -> str:
    """One full run. Under the key `dry-run` it only proposes changes."""
    return await sync_catalogue(ctx, key)


async def sync_catalogue(ctx: ConnectionContext, key: str) -> str:
    transfer = await ctx.repositories.transfers.open(ctx.name, FLOW, key)
    outcome = await run_attempt(ctx, transfer, "catalogue", (FLOW, key), _run)
    if key == ALL:
        await record_run(ctx, transfer, outcome)
    elif outcome != STOPPED:
        await record_evaluation(ctx, transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    return outcome


async def _run(ctx: ConnectionContext, transfer: Transfer) -> str:
    is_dry_run = transfer.key == DRY_RUN
    if not is_dry_run and not ctx.connection.design.catalogue.enabled:
        return "disabled by the design"
    repositories = ctx.repositories
    terms = await read_terms(ctx)
    if isinstance(terms, tuple):
        await record_evaluation(ctx, transfer, terms)
        return STOPPED
    view = await compare(ctx, terms)
    reviews = [review(step) for step in view.plan.steps]
    await repositories.listings.propose(ctx.name, reviews)
    prices = {
        price_list.rule.price_list: PriceChanges(len(price_list.changes.write), len(price_list.changes.remove))
        for price_list in (await compare_prices(ctx, view, view.links) if is_dry_run else ())
    }
    proposal = catalogue_proposal(view.plan, reviews, prices)
    await repositories.transfers.change(transfer.id, content=CATALOGUE_PROPOSAL.write(proposal))
    if is_dry_run:
        return _outcome(reviews)
    return await _write(ctx, transfer, view, reviews)


async def _write(ctx: ConnectionContext, transfer: Transfer, view: View, reviews: Sequence[Review]) -> str:
    """Writes the changes that need no approval or were accepted; the rest waits."""
    repositories = ctx.repositories
    matches = [matched_link(view.links.get(match.listing.source), match) for match in view.plan.matches]
    await repositories.listings.save_links(ctx.name, matches)
    steps = list(view.plan.steps)
    if await _needs_approval(ctx, steps):
        steps = await _accepted(ctx, transfer, view, reviews)
    writer = CatalogueWriter(ctx, transfer, view)
    await writer.write(steps)
    await repositories.listings.remove_proposed(
        ctx.name, {step.listing.source for step in steps} - writer.refused.keys()
    )
    findings = {**view.plan.findings, **{source: tuple(refused) for source, refused in writer.refused.items()}}
    waiting = len(view.plan.steps) - len(steps)
    if not waiting:
        findings |= await fill_price_lists(ctx, transfer, view, await repositories.listings.links(ctx.name))
    await report(ctx, LISTING, _by_name(view.plan, findings))
    unwritten = {step.listing.source for step in view.plan.steps} - {step.listing.source for step in steps}
    partial = partial_holds(view.plan.notes, unwritten | writer.refused.keys())
    await report(ctx, PARTIAL_LISTING, _by_name(view.plan, partial))
    if waiting:
        name = fingerprint(await repositories.listings.proposed(ctx.name))
        expected = f"changes that a person has read and accepted: weighbridge sync catalogue --dry-run, --accept {name}"
        finding = hold(FindingKind.CATALOGUE_NOT_ACCEPTED, "changes of the catalogue", waiting, expected)
        await record_evaluation(ctx, transfer, (finding,))
        return STOPPED
    await repositories.reference_cache.store(ctx.name, FIRST_SYNC_DONE, True)
    return _outcome(reviews)


def _by_name(plan: Plan, by_source: Mapping[str, Findings]) -> dict[str, Findings]:
    return {plan.names.get(source, source): findings for source, findings in by_source.items()}


async def _accepted(ctx: ConnectionContext, transfer: Transfer, view: View, reviews: Sequence[Review]) -> list[Step]:
    """The accepted steps, and steps that complete a listing whose accepted creation was interrupted."""
    repositories = ctx.repositories
    accepted = await repositories.listings.accepted(ctx.name)
    started = {
        intent.key for intent in await repositories.intents.of_transfer(transfer.id) if intent.kind == CREATE_LISTING
    }
    steps = []
    for step, step_review in zip(view.plan.steps, reviews, strict=True):
        source = step_review.source
        is_interrupted = source not in view.links and listing_key(ctx.name, source) in started
        if step_review.digest in accepted or is_interrupted:
            steps.append(step)
    return steps


async def _needs_approval(ctx: ConnectionContext, steps: Sequence[Step]) -> bool:
    """Whether the changes need approval: always in the first run, if there are many, or if the design says so."""
    design = ctx.connection.design.catalogue
    if not steps:
        return False
    is_first = await ctx.repositories.reference_cache.read(ctx.name, FIRST_SYNC_DONE) is None
    return is_first or design.review == "always" or len(steps) > design.unattended_changes


def _outcome(reviews: Sequence[Review]) -> str:
    return f"{len(reviews)} changes" if reviews else "nothing differs"
