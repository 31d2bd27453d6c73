"""Stories of monitors: nobody's object failed, and yet something is wrong. Days pass between cause and look."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from tests.browser.furnished import apart
from tests.exception_stories.actions import retry
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story, Told, one_sale, order_total
from tests.flows.harness import ORDERS, Rig, rig
from tests.monitors.test_monitors import PATIENT, SLOWER, TEA, pass_time
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.monitors import runner as monitors
from weighbridge.monitors.late_jobs import PATIENCE
from weighbridge.persistence.repositories.transfers import State

USUAL = 8
"""Orders that usually come at this hour of the week."""
FASTER = 120.0
"""So fast a clock that minutes can be waited for."""


def look(trial: Rig) -> None:
    """Every monitor looks around."""
    trial.run(monitors.FLOW, until=lambda rows: True)


def look_a_week_later(trial: Rig) -> None:
    """Nobody has ordered anything since, and nobody has shipped anything."""
    pass_time(trial, days=7, hours=2)
    look(trial)


def look_after_all_was_read(trial: Rig) -> None:
    trial.run()
    trial.ship()
    look(trial)


def look_hours_later(trial: Rig) -> None:
    """Both platforms are asked anew, and what they refused before is long past."""
    pass_time(trial, hours=2)
    look_after_all_was_read(trial)


def look_for_late_ones(trial: Rig, *first: str) -> None:
    """A worker that has been up for a while looks around, after it has done what `first` names."""

    async def work() -> None:
        service = trial.service()
        async with service.working():
            await asyncio.sleep(service.clock.wall_seconds(PATIENCE.total_seconds() + 60))
            await service.run_once((*first, monitors.FLOW))

    asyncio.run(work())


def a_worker_begins(trial: Rig) -> None:
    """Whoever has just begun cannot say that nothing is late; what was found before stands."""
    look(trial)


def look_once_it_was_done(trial: Rig) -> None:
    look_for_late_ones(trial, *ORDERS)


WATCHED = Setting("watched", lambda folder: rig(folder, speed=SLOWER))
OVERDUE = Setting("overdue", lambda folder: rig(folder, speed=FASTER))
REFUSED = Setting("refused", lambda folder: rig(folder, speed=SLOWER, design=PATIENT))
seen_later = partial(
    Story, setting=WATCHED, found_by=look_a_week_later, proven_by=look_after_all_was_read, money="none", proof=NOT_FOUND
)
"""A story of what only a monitor sees."""


def as_found(monitor: str, key: Told, pattern: str, *, before: str = "") -> Told:
    """The value that a monitor found on an object, `before` it other words; how long something lasted is known to the
    clock alone, so its figures are those of `pattern`."""

    def words(trial: Rig, own: str) -> str:
        wanted = own if key == "{key}" else key
        [row] = [
            one for one in apart(lambda: trial.transfers(monitor)) if one.key == wanted and one.state is State.HELD
        ]
        value = str(row.findings[0]["value"])
        assert re.fullmatch(pattern, value), value
        return before + value

    return words


def never_shipped(trial: Rig) -> str:
    order_id = trial.place(lines=TEA, shipping_cost="6.00")
    trial.run()
    return str(order_id)


def shipped_without_a_number(trial: Rig) -> str:
    order_id = trial.place()
    trial.run()
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": one_sale(trial, str(order_id))["id"], "carrier": "UPS"})
    trial.ship()
    return str(order_id)


def as_many_as_usual(trial: Rig) -> str:
    """So many orders that one of them is missed a week later at the same hour."""
    for _ in range(USUAL):
        trial.place(lines=TEA, shipping_cost="6.00")
    trial.run()
    return "orders"


def sale_number(trial: Rig, key: str) -> str:
    return f"sale {one_sale(trial, key)['number']}"


def shipped(trial: Rig, key: str) -> None:
    sale = one_sale(trial, key)["id"]
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS", "tracking": "1Z-LATE"})


def number_is_entered(trial: Rig, key: str) -> None:
    told = {"sale_id": one_sale(trial, key)["id"], "fulfilment_number": 1, "tracking": "1Z-LAST", "carrier": "UPS"}
    trial.twins.act("cin7", "add_tracking", told)


def parcel(number: str) -> Any:
    """The shop shows a parcel with this tracking number."""

    def ends(trial: Rig, key: str) -> None:
        assert [one["tracking_number"] for one in trial.shipments(int(key))] == [number]

    return ends


def an_hour_without_a_worker(trial: Rig) -> str:
    """An order comes meanwhile, and nobody looks for it."""
    trial.run()
    order_id = trial.place()
    pass_time(trial, hours=1)
    return str(order_id)


def never_told(trial: Rig) -> str:
    """An order whose hook was lost and that is older than what the first reading of the list goes back to."""
    trial.run(bookkeeping.FLOW, until=lambda rows: True)
    trial.look(trial.place(lines=TEA))
    missed = trial.place(lines=TEA)
    pass_time(trial, days=2)
    trial.place(lines=TEA)
    trial.run()
    assert trial.sales(missed) == [], "somebody told of it"
    return str(missed)


def others_use_the_key(trial: Rig) -> str:
    """Cin7 throttles calls that are few; minutes later it answers again."""
    rule = trial.twins.fault("cin7", {"fault": "throttle", "match": {"method": "GET"}, "times": 4})
    trial.run(bookkeeping.FLOW, until=lambda rows: True)
    trial.twins.clear_faults("cin7", rule)
    pass_time(trial, minutes=10)
    trial.run(bookkeeping.FLOW, until=lambda rows: True)
    return "cin7"


def token_is_refused(trial: Rig) -> str:
    match = {"method": "GET", "path": "/orders$"}
    trial.twins.fault("bigcommerce", {"fault": "error_before", "status": 401, "match": match})
    trial.run(sweeps.ORDER_SWEEP, until=lambda rows: True)
    return "bigcommerce"


def orders_come(trial: Rig, key: str) -> None:
    assert len(trial.transfers("orders")) > USUAL


STORIES: list[Story | Noted] = [
    seen_later(
        kind=FindingKind.DISPATCH_LATE,
        cause=never_shipped,
        title="Nothing of order {key} has left",
        owner="operations",
        money=order_total,
        field=sale_number,
        value="nothing has left for 7 days",
        mended=shipped,
        act=retry(),
        ends=parcel("1Z-LATE"),
    ),
    seen_later(
        kind=FindingKind.TRACKING_MISSING,
        cause=shipped_without_a_number,
        title="Order {key} was shipped without a tracking number",
        owner="operations",
        field="parcels",
        value=as_found("untracked_parcel", "{key}", r"1 without a tracking number after 17\d hours"),
        mended=number_is_entered,
        act=retry(),
        ends=parcel("1Z-LAST"),
    ),
    seen_later(
        kind=FindingKind.FEED_SILENT,
        cause=as_many_as_usual,
        title=as_found("silent_feed", "orders", r"none since [-\d]{10} \d\d:00 UTC", before="No orders come: "),
        owner="ecommerce",
        field="orders",
        value=as_found("silent_feed", "orders", r"none since .*"),
        mended=lambda trial, key: trial.place(lines=TEA),
        act=retry(),
        ends=orders_come,
        everyday=True,
    ),
    seen_later(
        kind=FindingKind.ORDER_MISSED,
        setting=OVERDUE,
        cause=never_told,
        found_by=look_for_late_ones,
        title="Order {key} was never told of",
        owner="operations",
        field="order",
        value="{key}",
        act=retry(),
        proven_by=look_once_it_was_done,
        ends=one_sale,
    ),
    seen_later(
        kind=FindingKind.LOOKS_LATE,
        setting=OVERDUE,
        cause=an_hour_without_a_worker,
        found_by=look_for_late_ones,
        title="The workers cannot keep up: order sweep",
        owner="operations",
        field="order_sweep",
        value=as_found("late_looks", "order_sweep", r"1 look waits, the oldest for \d+ minutes"),
        mended=lambda trial, key: a_worker_begins(trial),
        act=retry(),
        proven_by=look_once_it_was_done,
        ends=one_sale,
    ),
    seen_later(
        kind=FindingKind.QUOTA_SHARED,
        setting=REFUSED,
        cause=others_use_the_key,
        found_by=look,
        title="Somebody else uses our calls to Cin7",
        owner="operations",
        field="quota",
        value=as_found("shared_quota", "cin7", r"\d times in an hour, while we made at most \d+ of 60 calls a minute"),
        act=retry(),
        proven_by=look_hours_later,
        ends=lambda trial, key: None,
    ),
    seen_later(
        kind=FindingKind.CREDENTIALS_REFUSED,
        setting=REFUSED,
        cause=token_is_refused,
        found_by=look,
        title=as_found("credentials", "bigcommerce", r"BigCommerce has refused ours since \d\d:\d\d UTC"),
        owner="operations",
        field="bigcommerce",
        value=as_found("credentials", "bigcommerce", r"BigCommerce has refused .*"),
        mended=lambda trial, key: trial.twins.clear_faults("bigcommerce"),
        act=retry(),
        proven_by=look_hours_later,
        ends=lambda trial, key: None,
    ),
]
