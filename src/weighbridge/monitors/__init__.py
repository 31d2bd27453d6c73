"""Monitors: what nobody would notice until a customer or the bank does, looked for on a cadence, one file each."""

from __future__ import annotations

from weighbridge.monitors import (
    accounts,
    credentials,
    kit_drift,
    late_dispatch,
    missed_orders,
    orphaned_sales,
    shared_quota,
    silent_feed,
    tax_rules,
    unfinished_sales,
    untracked_parcels,
)
from weighbridge.monitors import late_jobs as late_looks
from weighbridge.monitors.monitor import Monitor

MONITORS: tuple[Monitor, ...] = (
    missed_orders.MONITOR,
    silent_feed.MONITOR,
    late_looks.MONITOR,
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
"""Every monitor, in the order in which a round looks."""

__all__ = ["MONITORS", "Monitor"]
