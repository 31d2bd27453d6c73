"""Stories of sales that only monitors find: one of a cancelled order, one without an authorised order document."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.browser.sample_data import in_thread
from tests.exception_stories.actions import retry
from tests.exception_stories.after_posting import cancelled
from tests.exception_stories.monitoring import run_monitors
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story, no_sale, one_sale, order_total
from tests.flows.harness import Harness, harness
from tests.monitors.test_monitors import TEA, pass_time
from tests.monitors.test_sale_monitors import make_sale, screen
from weighbridge.domain.findings.kind import FindingKind

ORPHANED = Setting("orphaned sales", harness)
STATUS = "ORDERING"
"""The status in Cin7's list of a sale whose order document is a draft."""


def run_monitors_later(trial: Harness) -> None:
    """Runs the monitors later, when no sale counts as being entered or edited any more."""
    pass_time(trial, minutes=40)
    run_monitors(trial)


sale_monitor_story = partial(
    Story,
    setting=ORPHANED,
    found_by=run_monitors_later,
    owner="operations",
    action=retry(),
    proven_by=run_monitors_later,
    proof=NOT_FOUND,
)
"""A story of a finding of the sale monitors."""


def sale_of(trial: Harness, key: str) -> dict[str, Any]:
    """The live sale with this number."""
    [sale] = [sale for sale in trial.sales() if sale["number"] == key]
    return sale


def order_of(trial: Harness, key: str) -> str:
    """The order of the sale's external id."""
    external_id: str = in_thread(lambda: sale_of(trial, key))["header"]["ExternalID"]
    return external_id.rpartition(":")[2]


def entered_after_cancellation(trial: Harness) -> str:
    """An order is cancelled in the store, and then another program enters a sale under its external id."""
    order_id = trial.place(lines=TEA)
    trial.run()
    external_id = trial.sales(order_id)[0]["header"]["ExternalID"]
    cancelled(trial, str(order_id))
    trial.run()
    no_sale(trial, str(order_id))
    return str(make_sale(trial, external_id)["SaleOrderNumber"])


def voided(trial: Harness, key: str) -> None:
    trial.twins.act("cin7", "void_sale", {"sale_id": sale_of(trial, key)["id"]})


def only_voided(trial: Harness, key: str) -> None:
    assert key not in [sale["number"] for sale in trial.sales()]


def undone(trial: Harness) -> str:
    """An order is posted, and staff turn its order document into a draft."""
    order_id = trial.place()
    trial.run()
    sale = one_sale(trial, str(order_id))
    trial.twins.act("cin7", "undo_sale", {"sale_id": sale["id"]})
    return str(sale["number"])


def reauthorised(trial: Harness, key: str) -> None:
    sale = sale_of(trial, key)["id"]
    trial.twins.run(lambda: screen(trial).authorise(sale))


STORIES: list[Story | Noted] = [
    sale_monitor_story(
        kind=FindingKind.SALE_ORPHANED,
        cause=entered_after_cancellation,
        title="Sale {key} holds stock for no order",
        money="none",
        field="sale {key}",
        value=lambda trial, key: f"order {order_of(trial, key)} was cancelled or refunded in the store",
        fix=voided,
        ends=only_voided,
    ),
    sale_monitor_story(
        kind=FindingKind.SALE_UNFINISHED,
        cause=undone,
        title="Sale {key} has no authorised order document",
        money=lambda trial, key: order_total(trial, order_of(trial, key)),
        field="sale {key}",
        value=lambda trial, key: f"{STATUS} without an authorised order document, for order {order_of(trial, key)}",
        fix=reauthorised,
        ends=lambda trial, key: one_sale(trial, order_of(trial, key)),
    ),
]
