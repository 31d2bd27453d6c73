"""Runs one attempt at a transfer. However the attempt ends, the transfer gets a state, a reason and a next try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from weighbridge.domain.documents import UnreadableDocument
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import owner_of, record_passed
from weighbridge.flows.idempotent_write import PROBES_BEFORE_RESENDING, RetryLater
from weighbridge.flows.reachability import report_reachability
from weighbridge.jobs.runner import current_run
from weighbridge.persistence.database_reasons import is_temporary, reason_of
from weighbridge.persistence.repositories.attempts import STOPPED, AttemptResult, LeaseLost
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.http_exchange import (
    AnswerLost,
    CredentialsRefused,
    Malformed,
    PlatformError,
    Refused,
    Throttled,
    Unreachable,
)

log = structlog.get_logger()

AttemptWork = Callable[[ConnectionContext, Transfer], Awaitable[str]]
"""Does one step of a transfer and returns in a few words how it ended."""

ANSWER_LOST = "answer_lost"
DONE = "done"
"""The outcome of a step after which nothing is left to do."""
READY_TO_POST = "post"
"""The outcome of an evaluation after which documents must be written. It does not reset the number of tries: an object
that always passes its evaluation may still fail at every write."""

__all__ = ["DONE", "READY_TO_POST", "STOPPED", "AttemptWork", "record_run", "run_attempt"]


async def run_attempt(
    ctx: ConnectionContext, transfer: Transfer, step: str, job: tuple[str, str], work: AttemptWork
) -> str:
    """Runs `work` as one attempt at `transfer` and returns its outcome; STOPPED when it did not reach its goal.

    `job` (flow, key) is enqueued when another try later makes sense. No exception leaves this function, so one bad
    object never stops the others, except that the database cannot be used now.
    """
    run = current_run() or ctx.worker
    lease_seconds = ctx.connection.design.retry.lease_seconds
    try:
        async with ctx.repositories.attempts.attempt(transfer.id, step, run, lease_seconds) as result:
            await _run_to_outcome(ctx, transfer, step, job, work, result)
            return result.outcome
    except LeaseLost:
        await _requeue(ctx, job, lease_seconds, "another run holds this transfer")
        return STOPPED


async def _run_to_outcome(
    ctx: ConnectionContext,
    transfer: Transfer,
    step: str,
    job: tuple[str, str],
    work: AttemptWork,
    result: AttemptResult,
) -> None:
    """Runs `work`. Its outcome becomes the result of the attempt, the transfer's state and its next try."""
    try:
        result.outcome = await work(ctx, transfer)
        if transfer.tries and result.outcome not in (STOPPED, READY_TO_POST):
            await ctx.repositories.transfers.change(transfer.id, tries=0, next_try_at=None)
            await report_reachability(ctx)
    except LeaseLost:
        result.outcome, result.note = STOPPED, "another run holds this transfer"
        await _requeue(ctx, job, ctx.connection.design.retry.lease_seconds, "lease held elsewhere")
    except Exception as error:
        if is_temporary(error):
            # The object is not to blame, and nothing can be stored: the runner does the job again.
            result.outcome, result.note = STOPPED, reason_of(error)
            raise
        # The work may have changed the transfer before it failed.
        current = await ctx.repositories.transfers.find(transfer.connection, transfer.flow, transfer.key)
        result.outcome, result.note = STOPPED, await _handle(ctx, current or transfer, step, job, error)


async def _handle(ctx: ConnectionContext, transfer: Transfer, step: str, job: tuple[str, str], error: Exception) -> str:
    """Schedules a retry of a transfer whose work failed, or holds it; returns what to note."""
    if isinstance(error, RetryLater):
        # Held only when a write was sent again in vain, never after a probe alone: a requested retry gets its try.
        if isinstance(error.__cause__, AnswerLost) and transfer.tries >= _max_tries_without_answer(ctx):
            reason = f"{error.kind} after {transfer.tries} tries: {error}"
            await _hold(ctx, transfer, FindingKind.RETRIES_EXHAUSTED, reason)
        else:
            wait = max(0.0, (error.retry_at - ctx.clock.now()).total_seconds())
            await _wait(ctx, transfer, job, error.kind, error.reason, wait)
        return str(error)
    if isinstance(error, (Throttled, Unreachable, AnswerLost, CredentialsRefused)):
        await _wait_by_schedule(ctx, transfer, job, _cause(error), str(error))
        if error.status is None:
            log.warning("platform_unreachable", flow=transfer.flow, key=transfer.key, reason=str(error))
            await report_reachability(ctx)
        return str(error)
    if isinstance(error, Refused):
        reason = f"{error.exchange.platform} refused: {'; '.join(error.messages) or error}"
        await _hold(ctx, transfer, _refusal_kind(error), reason)
        return str(error)
    if isinstance(error, Malformed):
        problems = "; ".join(f"{field} is {value}; expected {expected}" for field, value, expected in error.problems)
        await _hold(ctx, transfer, FindingKind.PAYLOAD_MALFORMED, problems or str(error))
        return str(error)
    if isinstance(error, UnreadableDocument):
        # Another try would read the same.
        await _hold(ctx, transfer, FindingKind.UNEXPECTED_ERROR, str(error))
        return str(error)
    log.exception("attempt_failed", flow=transfer.flow, key=transfer.key, step=step, exc_info=error)
    note = f"{type(error).__name__}: {error}"
    await _wait_by_schedule(ctx, transfer, job, "unexpected_error", note)
    return note


async def record_run(ctx: ConnectionContext, transfer: Transfer, outcome: str) -> None:
    """Ends one run of a recurring flow: an earlier reason to wait or to be held is over when the run reached its goal.

    The job runner makes the next run due, however this one ended: one refusal must not end the sweeps that every other
    flow relies on.
    """
    is_over = transfer.state is not State.POSTED or transfer.findings or transfer.reason_kind
    if outcome != STOPPED and is_over:
        await record_passed(ctx, transfer)


def _max_tries_without_answer(ctx: ConnectionContext) -> int:
    """How many tries a write gets when its answers are lost: one write for each wait in the schedule, each followed by
    the probes that precede the next write."""
    return len(ctx.connection.design.retry.schedule(ANSWER_LOST)) * (1 + PROBES_BEFORE_RESENDING)


def _cause(error: PlatformError) -> str:
    if isinstance(error, Throttled):
        return "throttled"
    if isinstance(error, CredentialsRefused):
        return "credentials_refused"
    return "unreachable" if isinstance(error, Unreachable) else ANSWER_LOST


def _refusal_kind(error: Refused) -> FindingKind:
    if error.exchange.platform == "cin7":
        return FindingKind.REFUSED_BY_CIN7
    return FindingKind.REFUSED_BY_BIGCOMMERCE


async def _wait_by_schedule(
    ctx: ConnectionContext, transfer: Transfer, job: tuple[str, str], cause: str, reason: str
) -> None:
    """Waits as long as the design's retry schedule for `cause` says. After its last entry the transfer is held."""
    schedule = ctx.connection.design.retry.schedule(cause)
    if transfer.tries >= len(schedule):
        kind = FindingKind.UNEXPECTED_ERROR if cause == "unexpected_error" else FindingKind.RETRIES_EXHAUSTED
        await _hold(ctx, transfer, kind, f"{cause} after {transfer.tries} tries: {reason}")
        return
    await _wait(ctx, transfer, job, cause, reason, float(schedule[transfer.tries]))


async def _wait(
    ctx: ConnectionContext, transfer: Transfer, job: tuple[str, str], kind: str, reason: str, seconds: float
) -> None:
    at = ctx.clock.now() + timedelta(seconds=seconds)
    if transfer.state in (State.POSTED, State.CANCELLED):
        await ctx.repositories.transfers.change(transfer.id, tries=transfer.tries + 1, next_try_at=at)
    else:
        await ctx.repositories.transfers.schedule_retry(transfer.id, kind, reason, at, transfer.tries + 1)
    await _requeue(ctx, job, seconds, kind)


async def _requeue(ctx: ConnectionContext, job: tuple[str, str], seconds: float, reason: str) -> None:
    flow, key = job
    await ctx.repositories.job_queue.enqueue(ctx.name, flow, key, reason, delay=timedelta(seconds=seconds))


async def _hold(ctx: ConnectionContext, transfer: Transfer, kind: FindingKind, reason: str) -> None:
    log.warning("transfer_held", flow=transfer.flow, key=transfer.key, kind=str(kind))
    await ctx.repositories.transfers.change(
        transfer.id,
        state=State.HELD,
        reason_kind=kind,
        reason=reason[:4000],
        owner=owner_of(ctx, kind),
        next_try_at=None,
    )
