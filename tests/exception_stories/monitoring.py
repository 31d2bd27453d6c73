"""Stories of monitors, which find problems without a failed object. Hours or days pass before they run."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from tests.browser.sample_data import in_thread
from tests.exception_stories.actions import retry
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story, StoryText, one_sale, order_total
from tests.flows.harness import ORDERS, Harness, harness
from tests.monitors.test_monitors import PATIENT, SLOWER, TEA, pass_time
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.monitors import runner as monitors
from weighbridge.monitors.late_jobs import PATIENCE
from weighbridge.persistence.repositories.transfers import State

USUAL = 8
"""Orders that usually come at this hour of the week."""
FASTER = 120.0
"""Speed of a clock that passes minutes within seconds."""


def run_monitors(trial: Harness) -> None:
    """Runs all monitors."""
    trial.run(monitors.FLOW, until=lambda rows: True)


def run_monitors_a_week_later(trial: Harness) -> None:
    """Runs the monitors after a week without new orders and parcels."""
    pass_time(trial, days=7, hours=2)
    run_monitors(trial)


def run_monitors_after_all_flows(trial: Harness) -> None:
    trial.run()
    trial.ship()
    run_monitors(trial)


def run_monitors_hours_later(trial: Harness) -> None:
    """Reads both platforms again, hours after they refused calls."""
    pass_time(trial, hours=2)
    run_monitors_after_all_flows(trial)


def run_monitors_for_late_jobs(trial: Harness, *first: str) -> None:
    """Runs the flows of `first` and then the monitors, by a worker that has been up long enough to judge delays."""

    async def work() -> None:
        worker = trial.worker()
        async with worker.working():
            await asyncio.sleep(worker.clock.wall_seconds(PATIENCE.total_seconds() + 60))
            await worker.run_once((*first, monitors.FLOW))

    asyncio.run(work())


def a_worker_begins(trial: Harness) -> None:
    """Runs the monitors by a new worker, which cannot judge delays yet: the finding stays open."""
    run_monitors(trial)


def run_monitors_once_jobs_are_done(trial: Harness) -> None:
    run_monitors_for_late_jobs(trial, *ORDERS)


WATCHED = Setting("watched", lambda folder: harness(folder, speed=SLOWER))
OVERDUE = Setting("overdue", lambda folder: harness(folder, speed=FASTER))
REFUSED = Setting("refused", lambda folder: harness(folder, speed=SLOWER, design=PATIENT))
DOWN = Setting("down", lambda folder: harness(folder, speed=SLOWER))
monitor_story = partial(
    Story,
    setting=WATCHED,
    found_by=run_monitors_a_week_later,
    proven_by=run_monitors_after_all_flows,
    money="none",
    proof=NOT_FOUND,
)
"""A story of a finding that only a monitor makes."""


def as_found(monitor: str, key: StoryText, pattern: str, *, before: str = "") -> StoryText:
    """The value that a monitor found on an object, with the text `before` in front of it.

    Durations depend on the clock, so the value must match `pattern`.
    """

    def text(trial: Harness, story_key: str) -> str:
        expected = story_key if key == "{key}" else key
        transfers = in_thread(lambda: trial.transfers(monitor))
        [held] = [row for row in transfers if row.key == expected and row.state is State.HELD]
        value = str(held.findings[0]["value"])
        assert re.fullmatch(pattern, value), value
        return before + value

    return text


def never_shipped(trial: Harness) -> str:
    order_id = trial.place(lines=TEA, shipping_cost="6.00")
    trial.run()
    return str(order_id)


def shipped_without_a_number(trial: Harness) -> str:
    order_id = trial.place()
    trial.run()
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": one_sale(trial, str(order_id))["id"], "carrier": "UPS"})
    trial.ship()
    return str(order_id)


def as_many_as_usual(trial: Harness) -> str:
    """Enough orders that the monitor expects one at the same hour a week later."""
    for _ in range(USUAL):
        trial.place(lines=TEA, shipping_cost="6.00")
    trial.run()
    return "orders"


def sale_number(trial: Harness, key: str) -> str:
    return f"sale {one_sale(trial, key)['number']}"


def shipped(trial: Harness, key: str) -> None:
    sale = one_sale(trial, key)["id"]
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS", "tracking": "1Z-LATE"})


def number_is_entered(trial: Harness, key: str) -> None:
    tracking = {"sale_id": one_sale(trial, key)["id"], "fulfilment_number": 1, "tracking": "1Z-LAST", "carrier": "UPS"}
    trial.twins.act("cin7", "add_tracking", tracking)


def parcel(number: str) -> Any:
    """The store shows one parcel, with this tracking number."""

    def ends(trial: Harness, key: str) -> None:
        assert [shipment["tracking_number"] for shipment in trial.shipments(int(key))] == [number]

    return ends


def an_hour_without_a_worker(trial: Harness) -> str:
    """An order is placed while no worker runs."""
    trial.run()
    order_id = trial.place()
    pass_time(trial, hours=1)
    return str(order_id)


def never_reported(trial: Harness) -> str:
    """An order whose webhook was lost and that is older than the start of the first sweep."""
    trial.run(reference_data.FLOW, until=lambda rows: True)
    trial.run_order(trial.place(lines=TEA))
    missed = trial.place(lines=TEA)
    pass_time(trial, days=2)
    trial.place(lines=TEA)
    trial.run()
    assert trial.sales(missed) == [], "the order was reported"
    return str(missed)


def others_use_the_key(trial: Harness) -> str:
    """Cin7 throttles although Weighbridge makes few calls; minutes later it answers again."""
    rule = trial.twins.fault("cin7", {"fault": "throttle", "match": {"method": "GET"}, "times": 4})
    trial.run(reference_data.FLOW, until=lambda rows: True)
    trial.twins.clear_faults("cin7", rule)
    pass_time(trial, minutes=10)
    trial.run(reference_data.FLOW, until=lambda rows: True)
    return "cin7"


def token_is_refused(trial: Harness) -> str:
    match = {"method": "GET", "path": "/orders$"}
    trial.twins.fault("bigcommerce", {"fault": "error_before", "status": 401, "match": match})
    trial.run(sweeps.ORDER_SWEEP, until=lambda rows: True)
    return "bigcommerce"


def store_is_down(trial: Harness) -> str:
    """The store closes every connection."""
    trial.twins.fault("bigcommerce", {"fault": "drop_before"})
    for _ in range(2):
        trial.run(sweeps.ORDER_SWEEP, until=lambda rows: True)
        pass_time(trial, minutes=3)
    return "bigcommerce"


def orders_come(trial: Harness, key: str) -> None:
    assert len(trial.transfers("orders")) > USUAL


STORIES: list[Story | Noted] = [
    monitor_story(
        kind=FindingKind.DISPATCH_LATE,
        cause=never_shipped,
        title="No part of order {key} has been shipped",
        owner="operations",
        money=order_total,
        field=sale_number,
        value="nothing shipped for 7 days",
        fix=shipped,
        action=retry(),
        ends=parcel("1Z-LATE"),
    ),
    monitor_story(
        kind=FindingKind.TRACKING_MISSING,
        cause=shipped_without_a_number,
        title="Order {key} was shipped without a tracking number",
        owner="operations",
        field="parcels",
        value=as_found("untracked_parcel", "{key}", r"1 without a tracking number after 17\d hours"),
        fix=number_is_entered,
        action=retry(),
        ends=parcel("1Z-LAST"),
    ),
    monitor_story(
        kind=FindingKind.NO_NEW_ORDERS,
        cause=as_many_as_usual,
        title=as_found("silent_feed", "orders", r"none since [-\d]{10} \d\d:00 UTC", before="No new orders: "),
        owner="ecommerce",
        field="orders",
        value=as_found("silent_feed", "orders", r"none since .*"),
        fix=lambda trial, key: trial.place(lines=TEA),
        action=retry(),
        ends=orders_come,
        everyday=True,
    ),
    monitor_story(
        kind=FindingKind.ORDER_MISSED,
        setting=OVERDUE,
        cause=never_reported,
        found_by=run_monitors_for_late_jobs,
        title="Order {key} was missed",
        owner="operations",
        field="order",
        value="{key}",
        action=retry(),
        proven_by=run_monitors_once_jobs_are_done,
        ends=one_sale,
    ),
    monitor_story(
        kind=FindingKind.JOBS_LATE,
        setting=OVERDUE,
        cause=an_hour_without_a_worker,
        found_by=run_monitors_for_late_jobs,
        title="The workers cannot keep up: order sweep",
        owner="operations",
        field="order_sweep",
        value=as_found("late_jobs", "order_sweep", r"1 job waits, the oldest for \d+ minutes"),
        fix=lambda trial, key: a_worker_begins(trial),
        action=retry(),
        proven_by=run_monitors_once_jobs_are_done,
        ends=one_sale,
    ),
    monitor_story(
        kind=FindingKind.PLATFORM_UNREACHABLE,
        setting=DOWN,
        cause=store_is_down,
        found_by=run_monitors,
        title=as_found("reachability", "bigcommerce", r"BigCommerce cannot be reached since \d\d:\d\d UTC: .*"),
        owner="operations",
        field="bigcommerce",
        value=as_found("reachability", "bigcommerce", r".* UTC: calls get no answer"),
        fix=lambda trial, key: trial.twins.clear_faults("bigcommerce"),
        action=retry(),
        proven_by=run_monitors_hours_later,
        ends=lambda trial, key: None,
    ),
    monitor_story(
        kind=FindingKind.QUOTA_SHARED,
        setting=REFUSED,
        cause=others_use_the_key,
        found_by=run_monitors,
        title="Other software uses the Cin7 quota of Weighbridge",
        owner="operations",
        field="quota",
        value=as_found("shared_quota", "cin7", r"throttled \d times in an hour at .* of 60 calls a minute"),
        action=retry(),
        proven_by=run_monitors_hours_later,
        ends=lambda trial, key: None,
    ),
    monitor_story(
        kind=FindingKind.CREDENTIALS_REFUSED,
        setting=REFUSED,
        cause=token_is_refused,
        found_by=run_monitors,
        title=as_found("credentials", "bigcommerce", r"BigCommerce has refused the credentials since \d\d:\d\d UTC"),
        owner="operations",
        field="bigcommerce",
        value=as_found("credentials", "bigcommerce", r"BigCommerce has refused .*"),
        fix=lambda trial, key: trial.twins.clear_faults("bigcommerce"),
        action=retry(),
        proven_by=run_monitors_hours_later,
        ends=lambda trial, key: None,
    ),
]
