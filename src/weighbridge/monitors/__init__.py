"""Monitors: what nobody would notice until a customer or the bank does, looked for on a cadence, one file each."""

from __future__ import annotations

from weighbridge.monitors import (
    credentials,
    late_dispatch,
    late_looks,
    missed_orders,
    shared_quota,
    silent_feed,
    tax_rules,
    untracked_parcels,
)
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
)
"""Every monitor, in the order in which a round looks."""

__all__ = ["MONITORS", "Monitor"]
