"""Stories of sales that nobody would ask about: one whose order ended, one whose order document was taken back."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.browser.furnished import apart
from tests.exception_stories.actions import retry
from tests.exception_stories.after_posting import cancelled
from tests.exception_stories.monitoring import look
from tests.exception_stories.story import NOT_FOUND, Noted, Setting, Story, no_sale, one_sale, order_total
from tests.flows.harness import Rig, rig
from tests.monitors.test_monitors import TEA, pass_time
from tests.monitors.test_sale_monitors import make_sale, screen
from weighbridge.domain.findings.finding import FindingKind

LONE = Setting("lone sales", rig)
STATUS = "ORDERING"
"""How Cin7 lists a sale whose order is a draft."""


def look_later(trial: Rig) -> None:
    """Nobody is any longer in the middle of making or mending a sale when the monitors look."""
    pass_time(trial, minutes=40)
    look(trial)


seen = partial(
    Story, setting=LONE, found_by=look_later, owner="operations", act=retry(), proven_by=look_later, proof=NOT_FOUND
)
"""A story of what the monitors of sales see."""


def sale_of(trial: Rig, key: str) -> dict[str, Any]:
    """The live sale with this number."""
    [sale] = [one for one in trial.sales() if one["number"] == key]
    return sale


def order_of(trial: Rig, key: str) -> str:
    """The order whose key stands at the sale."""
    external_id: str = apart(lambda: sale_of(trial, key))["header"]["ExternalID"]
    return external_id.rpartition(":")[2]


def made_anew(trial: Rig) -> str:
    """An order is cancelled at the shop, and then another program enters a sale under its key."""
    order_id = trial.place(lines=TEA)
    trial.run()
    external_id = trial.sales(order_id)[0]["header"]["ExternalID"]
    cancelled(trial, str(order_id))
    trial.run()
    no_sale(trial, str(order_id))
    return str(make_sale(trial, external_id)["SaleOrderNumber"])


def voided(trial: Rig, key: str) -> None:
    trial.twins.act("cin7", "void_sale", {"sale_id": sale_of(trial, key)["id"]})


def only_voided(trial: Rig, key: str) -> None:
    assert key not in [one["number"] for one in trial.sales()]


def taken_back(trial: Rig) -> str:
    """An order crosses, and somebody makes a draft of its order document."""
    order_id = trial.place()
    trial.run()
    sale = one_sale(trial, str(order_id))
    trial.twins.act("cin7", "undo_sale", {"sale_id": sale["id"]})
    return str(sale["number"])


def authorised_again(trial: Rig, key: str) -> None:
    sale = sale_of(trial, key)["id"]
    trial.twins.run(lambda: screen(trial).authorise(sale))


STORIES: list[Story | Noted] = [
    seen(
        kind=FindingKind.SALE_ORPHANED,
        cause=made_anew,
        title="Sale {key} holds stock for no order",
        money="none",
        field="sale {key}",
        value=lambda trial, key: f"order {order_of(trial, key)} was cancelled or refunded at the shop",
        mended=voided,
        ends=only_voided,
    ),
    seen(
        kind=FindingKind.SALE_UNFINISHED,
        cause=taken_back,
        title="Sale {key} has no authorised order document",
        money=lambda trial, key: order_total(trial, order_of(trial, key)),
        field="sale {key}",
        value=lambda trial, key: f"{STATUS} without an authorised order document, for order {order_of(trial, key)}",
        mended=authorised_again,
        ends=lambda trial, key: one_sale(trial, order_of(trial, key)),
    ),
]
