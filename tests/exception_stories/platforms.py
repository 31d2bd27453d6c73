"""Stories of platforms that refuse or stay silent, and of runs that end their worker."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta

from tests.exception_stories.actions import replay, retry
from tests.exception_stories.after_posting import BOTH_SIDES, sale_id, shipped, told_to_the_shop
from tests.exception_stories.story import POSTED, Noted, Setting, Story, one_sale, order
from tests.flows.harness import Rig, rig
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.discovery.lost_jobs import ENDED_ITS_WORKER

SOON_TIRED = """
[connections.main.design.retry]
schedules = { answer_lost = [1] }
"""
REFUSING = Setting("platforms", lambda folder: rig(folder, design=SOON_TIRED))
DYING = Setting("workers", rig)
SALE = "(?i)/v2/sale$"


def refused_by_the_books(trial: Rig) -> str:
    """An order whose sale Cin7 says no to."""
    order_id = trial.place()
    _strikes(trial, "cin7", SALE, status=400, contains=f":{order_id}")
    return str(order_id)


def silent_books(trial: Rig) -> str:
    """An order at whose sale Cin7 breaks down again and again."""
    order_id = trial.place()
    _strikes(trial, "cin7", SALE, status=502, contains=f":{order_id}")
    return str(order_id)


def parcel_refused(trial: Rig, key: str) -> None:
    """The order leaves, and the shop says no to its parcel."""
    _strikes(trial, "bigcommerce", f"/v2/orders/{key}/shipments$", status=422)
    shipped(trial, sale_id(trial, key))


def ends_its_worker(trial: Rig) -> str:
    """The run of an order that ended its worker again and again, until the engine gave it up.

    No platform can bring this about as long as we know of no such error of ours, so the engine's own book says so.
    """
    order_id = trial.place()
    trial.run()
    with sqlite3.connect(trial.folder / "weighbridge.db") as journal:
        stopped = "UPDATE transfer SET state = 'new' WHERE flow = 'orders' AND key = ?"
        assert journal.execute(stopped, (str(order_id),)).rowcount == 1
    with sqlite3.connect(trial.folder / "weighbridge-engine.db") as engine:
        given_up = "UPDATE workflow_status SET status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' WHERE name = 'orders'"
        assert engine.execute(given_up).rowcount == 1
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(minutes=10)))
    return str(order_id)


def the_run(trial: Rig, key: str) -> str:
    with sqlite3.connect(trial.folder / "weighbridge-engine.db") as engine:
        [[run_id]] = engine.execute("SELECT workflow_uuid FROM workflow_status WHERE name = 'orders'").fetchall()
    return f"run {run_id}"


def _strikes(trial: Rig, platform: str, path: str, *, status: int, **match: str) -> None:
    rule = {"fault": "error_before", "status": status, "match": {"method": "POST", "path": path, **match}}
    trial.twins.fault(platform, rule)


def works_again(platform: str) -> Callable[[Rig, str], None]:
    """What the platform's message asks for was done, or the platform is up again."""

    def mended(trial: Rig, key: str) -> None:
        [rule] = [one for one in trial.twins.faults(platform) if key in str(one["match"])]
        assert rule["fired"], "a fault that never struck proves nothing"
        trial.twins.clear_faults(platform, rule["id"])

    return mended


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.REFUSED_BY_CIN7,
        setting=REFUSING,
        cause=refused_by_the_books,
        title="Cin7 refused: Internal server error",
        owner="operations",
        field="orders",
        value="Internal server error",
        mended=works_again("cin7"),
        act=replay(),
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
        title="The shop refused: Internal server error",
        owner="ecommerce",
        money="none",
        field="fulfilment",
        value="Internal server error",
        mended=works_again("bigcommerce"),
        act=retry(),
        proof="read back as",
        ends=told_to_the_shop(5),
    ),
    Story(
        kind=FindingKind.RETRIES_EXHAUSTED,
        setting=REFUSING,
        cause=silent_books,
        title="Tries are used up: the platform's answers got lost",
        owner="operations",
        field="orders",
        value="the platform's answers got lost",
        mended=works_again("cin7"),
        act=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.UNEXPECTED_ERROR,
        setting=DYING,
        cause=ends_its_worker,
        title=f"An unexpected error: {ENDED_ITS_WORKER}",
        owner="operations",
        field=the_run,
        value=ENDED_ITS_WORKER,
        act=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
]
