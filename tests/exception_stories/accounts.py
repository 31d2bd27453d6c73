"""The story of an account that the design names and that somebody archives in Cin7's chart."""

from __future__ import annotations

from tests.exception_stories.actions import retry
from tests.exception_stories.money import billed
from tests.exception_stories.story import FINANCE, NOT_FOUND, Noted, Setting, Story
from tests.flows.harness import Rig, rig
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.monitors import runner as monitors

REVENUE = "200"
"""What the design names as the account of revenue."""


def chart_is_read(trial: Rig) -> None:
    """The books are read anew, and then every monitor looks."""
    trial.run(bookkeeping.FLOW, monitors.FLOW, until=lambda rows: True)


CHART = Setting("accounts", lambda folder: rig(folder, post="invoice_and_payment"), chart_is_read)
"""Apart from all other stories of money, whose sales are billed to this account."""


def archived(trial: Rig) -> str:
    trial.twins.act("cin7", "use_account", {"code": REVENUE, "active": False})
    return REVENUE


def taken_out_of_the_archive(trial: Rig, key: str) -> None:
    trial.twins.act("cin7", "use_account", {"code": key, "active": True})


def next_order_is_billed(trial: Rig, key: str) -> None:
    order_id = trial.place()
    trial.run()
    billed(trial, str(order_id))


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.ACCOUNT_MISSING,
        setting=CHART,
        cause=archived,
        found_by=chart_is_read,
        title="Account 200 is not active in Cin7's chart of accounts",
        owner="finance",
        money="none",
        field="design.sale.revenue_account",
        value=REVENUE,
        mended=taken_out_of_the_archive,
        act=retry(FINANCE),
        proven_by=chart_is_read,
        proof=NOT_FOUND,
        ends=next_order_is_billed,
    ),
]
