"""Generates `docs/reference/metrics.md`, the list of all metrics, from the code.

Run `python -m tools.docs.metrics_page docs/reference/metrics.md` after a change of a metric.
"""

from __future__ import annotations

import sys
from pathlib import Path

from weighbridge.queries.metric_list import METRICS, Metric

HEAD = """# Metrics

`/metrics` answers a scrape of Prometheus, or of any system that reads its format, on both servers;
[monitoring](../operate/monitoring.md) says how to allow it. The numbers come from the database and are the same
wherever you ask, so scrape one of the two servers for them. Only `weighbridge_ready`,
`weighbridge_readiness_problem`, `weighbridge_clock_offset_seconds` and the `process_*` metrics of the Prometheus
library belong to the process that answers.

Times are in seconds, sizes in bytes. Numbers are at most ten seconds old, the oversell bound and the reservation lag at
most a minute.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The page as text."""
    return HEAD + "\n".join(map(_row, METRICS)) + "\n"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.type.value} | {labels} | {metric.meaning} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
