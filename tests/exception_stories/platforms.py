"""Stories of platforms that refuse or do not answer, and of runs that crash their worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import sqlalchemy as sa

from tests.exception_stories.actions import replay, retry
from tests.exception_stories.after_posting import BOTH_SIDES, reported_to_store, sale_id, shipped
from tests.exception_stories.story import POSTED, Noted, Setting, Story, one_sale, order
from tests.flows.harness import Harness, harness
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import Flow
from weighbridge.jobs.runner import MAX_FAILURES
from weighbridge.persistence.tables.work import jobs

FEW_RETRIES = """
[connections.main.design.retry]
schedules = { answer_lost = [1] }
"""
REFUSING = Setting("platforms", lambda folder: harness(folder, design=FEW_RETRIES))
DYING = Setting("workers", harness)
SALE = "(?i)/v2/sale$"
GIVEN_UP = f"{MAX_FAILURES} runs in a row failed or crashed their worker"


def refused_by_cin7(trial: Harness) -> str:
    """An order whose sale Cin7 refuses."""
    order_id = trial.place()
    _add_fault(trial, "cin7", SALE, status=400, contains=f":{order_id}")
    return str(order_id)


def cin7_unavailable(trial: Harness) -> str:
    """An order whose sale Cin7 answers with 502 at every try."""
    order_id = trial.place()
    _add_fault(trial, "cin7", SALE, status=502, contains=f":{order_id}")
    return str(order_id)


def parcel_refused(trial: Harness, key: str) -> None:
    """The order is shipped, and the store refuses its parcel."""
    _add_fault(trial, "bigcommerce", f"/v2/orders/{key}/shipments$", status=422)
    shipped(trial, sale_id(trial, key))


def crashes_the_worker(trial: Harness) -> str:
    """An order whose runs crashed their worker so often that its job is given up.

    No known action on the platforms causes such a crash, so the story writes its count into the job.
    """
    order_id = trial.place()

    async def count_crashes() -> None:
        worker = trial.worker()
        try:
            await worker.database.create_tables()
            await worker.repositories.job_queue.enqueue("main", Flow.ORDERS, str(order_id), "webhook")
            await worker.database.execute(sa.update(jobs).values(failures=MAX_FAILURES))
        finally:
            await worker.database.close()

    asyncio.run(count_crashes())
    return str(order_id)


def _add_fault(trial: Harness, platform: str, path: str, *, status: int, **match: str) -> None:
    rule = {"fault": "error_before", "status": status, "match": {"method": "POST", "path": path, **match}}
    trial.twins.fault(platform, rule)


def platform_recovers(platform: str) -> Callable[[Harness, str], None]:
    """The platform accepts the call again."""

    def fix(trial: Harness, key: str) -> None:
        [rule] = [rule for rule in trial.twins.faults(platform) if key in str(rule["match"])]
        assert rule["fired"], "a fault that never fired proves nothing"
        trial.twins.clear_faults(platform, rule["id"])

    return fix


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.REFUSED_BY_CIN7,
        setting=REFUSING,
        cause=refused_by_cin7,
        title="Cin7 refused: Internal server error",
        owner="operations",
        field="orders",
        value="Internal server error",
        fix=platform_recovers("cin7"),
        action=replay(),
        proof=POSTED,
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.REFUSED_BY_BIGCOMMERCE,
        setting=REFUSING,
        cause=order(),
        later=parcel_refused,
        found_by=BOTH_SIDES,
        proven_by=BOTH_SIDES,
        title="BigCommerce refused: Internal server error",
        owner="ecommerce",
        money="none",
        field="fulfilment",
        value="Internal server error",
        fix=platform_recovers("bigcommerce"),
        action=retry(),
        proof="read back as",
        ends=reported_to_store(5),
    ),
    Story(
        kind=FindingKind.RETRIES_EXHAUSTED,
        setting=REFUSING,
        cause=cin7_unavailable,
        title="All retries failed: the platform's answers got lost",
        owner="operations",
        field="orders",
        value="the platform's answers got lost",
        fix=platform_recovers("cin7"),
        action=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.UNEXPECTED_ERROR,
        setting=DYING,
        cause=crashes_the_worker,
        found_by=(Flow.REFERENCE_DATA,),
        money="none",
        title=f"An unexpected error: {GIVEN_UP}",
        owner="operations",
        field="job Orders {key}",
        value=GIVEN_UP,
        action=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
]
