"""Monitors: scheduled checks for problems that cause no failure, one file each."""

from __future__ import annotations

from weighbridge.monitors import (
    accounts,
    credentials,
    kit_drift,
    late_dispatch,
    missed_orders,
    orphaned_sales,
    reachability,
    shared_quota,
    silent_feed,
    tax_rules,
    unfinished_sales,
    untracked_parcels,
)
from weighbridge.monitors import late_jobs as late_jobs
from weighbridge.monitors.monitor import Monitor

MONITORS: tuple[Monitor, ...] = (
    reachability.MONITOR,
    missed_orders.MONITOR,
    silent_feed.MONITOR,
    late_jobs.MONITOR,
    credentials.MONITOR,
    shared_quota.MONITOR,
    late_dispatch.MONITOR,
    untracked_parcels.MONITOR,
    tax_rules.MONITOR,
    accounts.MONITOR,
    orphaned_sales.MONITOR,
    unfinished_sales.MONITOR,
    kit_drift.MONITOR,
)
"""Every monitor, in the order in which a run checks them."""

__all__ = ["MONITORS", "Monitor"]
