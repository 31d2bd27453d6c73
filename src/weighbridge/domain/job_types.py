"""Job types: every kind of job, once: its priority, its name for people, and which held objects it re-checks.

`app/jobs.py` binds each to the function that does it and to its cadence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Flow(StrEnum):
    """The flow that a job runs. Stored in jobs and transfers."""

    ORDERS = "orders"
    REPLAY = "replay"
    VOID_DUPLICATES = "void_duplicates"
    REFUNDS = "refunds"
    FULFILMENT = "fulfilment"
    ORDER_SWEEP = "order_sweep"
    FULFILMENT_SWEEP = "fulfilment_sweep"
    STOCK_FAST = "stock_fast"
    STOCK_DECREASES = "stock_decreases"
    STOCK = "stock"
    REFERENCE_DATA = "reference_data"
    WEBHOOKS = "webhooks"
    CATALOGUE = "catalogue"
    STALE_ALLOCATIONS = "stale_allocations"
    MONITORS = "monitors"
    STOCK_PARITY = "stock_parity"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class JobType:
    """One kind of job."""

    flow: Flow
    priority: int
    """Lower first."""
    label: str
    """Its name on pages."""
    is_recurring: bool = False
    """Whether it runs for the whole connection, again and again."""
    is_recheck: bool = True
    """Whether a transfer of this flow is re-checked by a job of the same flow and key."""
    rechecks: tuple[str, ...] = ()
    """The flow names under which objects are held that a run of this job finds again, or not any more."""


MONITORED = (
    "reachability",
    "silent_feed",
    "missed_order",
    "late_jobs",
    "credentials",
    "reachability",
    "shared_quota",
    "late_dispatch",
    "untracked_parcel",
    "tax_rule",
    "account",
    "orphaned_sale",
    "unfinished_sale",
    "kit_drift",
)
"""The names of the monitors: each holds what it finds under its own."""
STOCK_OBJECTS = ("bill_of_materials", "stock_level", "stock_row", "sellable_at_zero", "store_location")
JOB_TYPES = (
    JobType(Flow.ORDERS, 1, "Orders"),
    JobType(Flow.REPLAY, 1, "Replay of refused orders", is_recheck=False),
    JobType(Flow.VOID_DUPLICATES, 1, "Voiding of duplicate sales", is_recheck=False),
    JobType(Flow.REFUNDS, 2, "Refunds"),
    JobType(Flow.FULFILMENT, 3, "Parcels"),
    JobType(Flow.ORDER_SWEEP, 4, "Order sweep", is_recurring=True),
    JobType(Flow.FULFILMENT_SWEEP, 5, "Shipment sweep", is_recurring=True, rechecks=("manual_edit",)),
    JobType(Flow.STOCK, 6, "Stock reading and publishing", is_recurring=True, rechecks=STOCK_OBJECTS),
    JobType(Flow.STOCK_FAST, 6, "Fast lane of stock", is_recurring=True, rechecks=("fast_lane",)),
    JobType(Flow.STOCK_DECREASES, 6, "Stock decreases between readings"),
    JobType(Flow.REFERENCE_DATA, 7, "Accounts, tax rules and locations", is_recurring=True, rechecks=("sku",)),
    JobType(Flow.WEBHOOKS, 8, "Webhook registration", is_recurring=True),
    JobType(Flow.CATALOGUE, 9, "Catalogue comparison", is_recurring=True, rechecks=("listing", "partial_listing")),
    JobType(Flow.STALE_ALLOCATIONS, 10, "Stale allocations", is_recurring=True, rechecks=("stale_allocation",)),
    JobType(Flow.MONITORS, 10, "Monitors", is_recurring=True, rechecks=MONITORED),
    JobType(Flow.STOCK_PARITY, 10, "Stock parity", is_recurring=True, rechecks=("stock_drift",)),
    JobType(Flow.RETENTION, 11, "Removal of old records", is_recurring=True),
)
BY_FLOW = {job_type.flow: job_type for job_type in JOB_TYPES}
PRIORITIES: Mapping[str, int] = {job_type.flow: job_type.priority for job_type in JOB_TYPES}
"""The priority of each flow's jobs, lower first."""
LOWEST_PRIORITY = max(job_type.priority for job_type in JOB_TYPES)
"""Of the flows that this version does not know."""
RECURRING = tuple(job_type.flow for job_type in JOB_TYPES if job_type.is_recurring)
OBJECT_FLOWS = (Flow.ORDERS, Flow.REFUNDS, Flow.FULFILMENT)
"""Flows with one transfer for each business object."""
WHOLE_CONNECTION = "*"
"""The key of a job that is not about one object."""
CIN7_ONLY_KEY = "cin7"
"""The key of a reference data job that reads only what Cin7 has."""
_RECHECKED_BY = {name: job_type.flow for job_type in JOB_TYPES for name in job_type.rechecks}


def recheck_job(flow: str, key: str) -> tuple[str, str] | None:
    """(flow, key) of the job that evaluates a held object again; None when nothing but its own cause can tell."""
    if flow in BY_FLOW and BY_FLOW[Flow(flow)].is_recheck:
        return flow, key
    return (_RECHECKED_BY[flow], WHOLE_CONNECTION) if flow in _RECHECKED_BY else None
