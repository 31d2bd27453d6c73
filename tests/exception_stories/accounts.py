"""The story of an account that the design names and that staff archive in Cin7."""

from __future__ import annotations

from tests.exception_stories.actions import retry
from tests.exception_stories.money import billed
from tests.exception_stories.story import FINANCE, NOT_FOUND, Noted, Setting, Story
from tests.flows.harness import Harness, harness
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.monitors import runner as monitors

REVENUE = "200"
"""The revenue account of the design."""


def chart_is_read(trial: Harness) -> None:
    """Reads the reference data again and runs all monitors."""
    trial.run(reference_data.FLOW, monitors.FLOW, until=lambda rows: True)


CHART = Setting("accounts", lambda folder: harness(folder, post="invoice_and_payment"), chart_is_read)
"""Separate from the other stories of money, whose sales are billed to this account."""


def archived(trial: Harness) -> str:
    trial.twins.act("cin7", "use_account", {"code": REVENUE, "active": False})
    return REVENUE


def restored_from_the_archive(trial: Harness, key: str) -> None:
    trial.twins.act("cin7", "use_account", {"code": key, "active": True})


def next_order_is_billed(trial: Harness, key: str) -> None:
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
        fix=restored_from_the_archive,
        action=retry(FINANCE),
        proven_by=chart_is_read,
        proof=NOT_FOUND,
        ends=next_order_is_billed,
    ),
]
