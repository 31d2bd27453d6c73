"""The list of metrics: name, type, labels and meaning of each. Names follow https://prometheus.io/docs/practices/naming/.

Documentation, `/metrics` and the tests read this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MetricType(Enum):
    """The types of Prometheus that we use."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    type: MetricType = MetricType.GAUGE


BUILD = Metric("weighbridge_build_info", "Always 1; the label has the version.", ("version",))
READY = Metric("weighbridge_ready", "1 if the process that answers is ready, as `/health/ready` says, otherwise 0.")
PROBLEM = Metric(
    "weighbridge_readiness_problem", "1 for each problem that keeps the process from being ready.", ("id",)
)
COMPLETE = Metric(
    "weighbridge_metrics_complete",
    "1 if the database could be read; with 0, only the metrics of the process and of its readiness are there.",
)
WORKERS = Metric("weighbridge_workers_alive", "Workers with a recent heartbeat.")
CLOCK = Metric(
    "weighbridge_clock_offset_seconds", "Time of the reference less the time of this machine.", ("reference",)
)
ORDERS = Metric(
    "weighbridge_orders_unfinished",
    "Orders that are new, waiting, held or rejected, by the time since they were first seen.",
    ("connection", "state", "age"),
)
POSTED = Metric("weighbridge_orders_posted_last_day", "Orders posted to Cin7 in the last 24 hours.", ("connection",))
LAG_MEAN = Metric(
    "weighbridge_order_reservation_lag_mean_seconds",
    "Mean time from purchase to reservation, of the order lines reserved in the last hour.",
    ("connection",),
)
LAG_MAX = Metric(
    "weighbridge_order_reservation_lag_max_seconds",
    "Longest time from purchase to reservation, of the order lines reserved in the last hour.",
    ("connection",),
)
STOCK_AGE = Metric(
    "weighbridge_stock_reading_age_seconds", "Time since the last full reading of the stock began.", ("connection",)
)
OVERSELL = Metric(
    "weighbridge_oversell_bound_units", "Units that could be oversold at worst, over all SKUs.", ("connection",)
)
QUOTA_USED = Metric(
    "weighbridge_api_quota_used_calls", "Calls that count against the quota now.", ("connection", "platform")
)
QUOTA = Metric(
    "weighbridge_api_quota_capacity_calls",
    "Calls that Weighbridge allows itself in the platform's window.",
    ("connection", "platform"),
)
THROTTLES = Metric(
    "weighbridge_api_throttles_total",
    "Answers that said that the quota is used up.",
    ("connection", "platform"),
    MetricType.COUNTER,
)
HTTP_CALLS = Metric(
    "weighbridge_http_calls_last_5_minutes",
    "HTTP calls in the last five minutes, by their outcome.",
    ("connection", "platform", "outcome"),
)
JOBS_DUE = Metric("weighbridge_jobs_due", "Jobs that are due and do not run yet.", ("connection", "flow"))
JOBS_RUNNING = Metric("weighbridge_jobs_running", "Jobs that run now.", ("connection", "flow"))
JOBS_LATE = Metric(
    "weighbridge_jobs_late", "Jobs that have been due for longer than `late_minutes`.", ("connection", "flow")
)
JOB_WAIT = Metric(
    "weighbridge_job_wait_max_seconds", "How long the due job that waits longest has waited.", ("connection", "flow")
)
RECURRING_AGE = Metric(
    "weighbridge_recurring_job_age_seconds", "Time since a recurring job last started.", ("connection", "flow")
)
EXCEPTIONS = Metric(
    "weighbridge_exceptions_open",
    "Open exceptions, by kind, owner and urgency.",
    ("connection", "kind", "owner", "urgency"),
)
DATABASE_SIZE = Metric(
    "weighbridge_database_size_bytes", "Size of the database, on SQLite without its write-ahead log."
)
METRICS = (
    BUILD, READY, PROBLEM, COMPLETE, WORKERS, CLOCK, ORDERS, POSTED, LAG_MEAN, LAG_MAX, STOCK_AGE, OVERSELL, QUOTA_USED,
    QUOTA, THROTTLES, HTTP_CALLS, JOBS_DUE, JOBS_RUNNING, JOBS_LATE, JOB_WAIT, RECURRING_AGE, EXCEPTIONS, DATABASE_SIZE,
)  # fmt: skip
