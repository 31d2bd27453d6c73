"""A stage of a transfer: one attempt, with every way it can end turned into a state, a reason and a next try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import owner_of, weighed
from weighbridge.flows.idempotent_write import LOOKS_BEFORE_RESENDING, Later
from weighbridge.jobs.engine import current_run
from weighbridge.persistence.repositories.attempts import STOPPED, Ending
from weighbridge.persistence.repositories.job_queue import CADENCE
from weighbridge.persistence.repositories.leases import LeaseLost
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

Stage = Callable[[], Awaitable[str]]

ANSWER_LOST = "answer_lost"
TO_BE_POSTED = "post"
"""How weighing ends when the object is yet to be written. Tries count on then: what is weighed well every time may be
written in vain for ever."""

__all__ = ["STOPPED", "Stage", "end_round", "run_stage"]


async def run_stage(site: Site, transfer: Transfer, step: str, look: tuple[str, str], work: Stage) -> str:
    """Runs `work` as one attempt at `transfer` and answers how it ended; STOPPED when it did not reach its goal.

    `look` (flow, key) is put on the agenda when trying again later makes sense. No exception leaves this function:
    one bad object never stops the others.
    """
    run = f"{running().worker}/{current_run()}"
    lease_seconds = site.connection.design.retry.lease_seconds
    try:
        async with running().journal.attempts.attempt(transfer.id, step, run, lease_seconds) as ending:
            await _bring_to_an_end(site, transfer, step, look, work, ending)
            return ending.outcome
    except LeaseLost:
        await _again(site, look, lease_seconds, "another run holds this transfer")
        return STOPPED


async def _bring_to_an_end(
    site: Site, transfer: Transfer, step: str, look: tuple[str, str], work: Stage, ending: Ending
) -> None:
    """Does `work`; however it ends becomes the ending of the attempt, the transfer's state and its next try."""
    try:
        ending.outcome = await work()
        if transfer.tries and ending.outcome not in (STOPPED, TO_BE_POSTED):
            await running().journal.transfers.change(transfer.id, tries=0, next_try_at=None)
    except LeaseLost:
        ending.outcome, ending.note = STOPPED, "another run holds this transfer"
        await _again(site, look, site.connection.design.retry.lease_seconds, "lease held elsewhere")
    except Later as later:
        ending.outcome, ending.note = STOPPED, str(later)
        # Held where a sending failed again, never at a look: whoever asks for another try gets one.
        if isinstance(later.__cause__, AnswerLost) and transfer.tries >= _most_lost(site):
            await _hold(transfer, FindingKind.RETRIES_EXHAUSTED, f"{later.kind} after {transfer.tries} tries: {later}")
            return
        wait = max(0.0, (later.at - running().clock.now()).total_seconds())
        await _wait(site, transfer, look, later.kind, later.reason, wait)
    except (Throttled, Unreachable, AnswerLost, CredentialsRefused) as error:
        ending.outcome, ending.note = STOPPED, str(error)
        await _wait_by_schedule(site, transfer, look, _cause(error), str(error))
    except Refused as error:
        ending.outcome, ending.note = STOPPED, str(error)
        kind = _refusal_kind(error)
        await _hold(transfer, kind, f"{error.exchange.platform} refused: {'; '.join(error.messages) or error}")
    except Malformed as error:
        ending.outcome, ending.note = STOPPED, str(error)
        problems = "; ".join(f"{field} is {value}; expected {expected}" for field, value, expected in error.problems)
        await _hold(transfer, FindingKind.PAYLOAD_MALFORMED, problems or str(error))
    except Exception as error:
        log.exception("stage_failed", flow=transfer.flow, key=transfer.key, step=step)
        ending.outcome, ending.note = STOPPED, f"{type(error).__name__}: {error}"
        await _wait_by_schedule(site, transfer, look, "unexpected_error", ending.note)


async def end_round(transfer: Transfer, ended: str, cadence: timedelta) -> None:
    """Ends one round of a recurring flow and puts the next on the agenda, whoever ran this one: a command that people
    run beside the workers, or between two of them, must not end what comes round by itself.

    A round that is held waits for a person, but the next one comes all the same: one refusal must not end the sweeps
    that everything else relies on. One that waits has its next try on the agenda already.
    """
    connection, flow, key = transfer.connection, transfer.flow, transfer.key
    if ended != STOPPED:
        await weighed(transfer, (), state=State.POSTED, reason_kind="", reason="", owner="")
    else:
        now = await running().journal.transfers.find(connection, flow, key)
        if now is None or now.state is not State.HELD:
            return
    await running().journal.agenda.look_again(connection, flow, key, CADENCE, after=cadence)


def _most_lost(site: Site) -> int:
    """How many tries a write has whose answers are lost: as many sendings as the schedule has waits, each with the
    looks that go before the next."""
    return len(site.connection.design.retry.schedule(ANSWER_LOST)) * (1 + LOOKS_BEFORE_RESENDING)


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


async def _wait_by_schedule(site: Site, transfer: Transfer, look: tuple[str, str], cause: str, reason: str) -> None:
    """Waits as the design's schedule for `cause` says; after its last entry the transfer is held."""
    schedule = site.connection.design.retry.schedule(cause)
    if transfer.tries >= len(schedule):
        kind = FindingKind.UNEXPECTED_ERROR if cause == "unexpected_error" else FindingKind.RETRIES_EXHAUSTED
        await _hold(transfer, kind, f"{cause} after {transfer.tries} tries: {reason}")
        return
    await _wait(site, transfer, look, cause, reason, float(schedule[transfer.tries]))


async def _wait(site: Site, transfer: Transfer, look: tuple[str, str], kind: str, reason: str, seconds: float) -> None:
    at = running().clock.now() + timedelta(seconds=seconds)
    if transfer.state in (State.POSTED, State.CANCELLED):
        await running().journal.transfers.change(transfer.id, tries=transfer.tries + 1, next_try_at=at)
    else:
        await running().journal.transfers.waits(transfer.id, kind, reason, at, transfer.tries + 1)
    await _again(site, look, seconds, kind)


async def _again(site: Site, look: tuple[str, str], seconds: float, reason: str) -> None:
    flow, key = look
    await running().journal.agenda.look_again(site.name, flow, key, reason, after=timedelta(seconds=seconds))


async def _hold(transfer: Transfer, kind: FindingKind, reason: str) -> None:
    log.warning("transfer_held", flow=transfer.flow, key=transfer.key, kind=str(kind))
    await running().journal.transfers.change(
        transfer.id,
        state=State.HELD,
        reason_kind=kind,
        reason=reason[:4000],
        owner=owner_of(transfer, kind),
        next_try_at=None,
    )
