"""The cost of an order against that of an earlier commit, both measured in turn on the same machine.

The earlier commit is checked out beside, with an environment of its own. Machines and hours differ, so only the ratio
of the processor times means anything; statements and calls are counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class OrderCost:
    """What an order costs at one commit; each number is the median of the rounds."""

    processor_milliseconds: float
    statements: float
    bigcommerce_calls: float
    cin7_calls: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The costs at an earlier commit and now."""

    commit: str
    orders: int
    rounds: int
    before: OrderCost
    now: OrderCost

    @property
    def processor_ratio(self) -> float:
        """Processor time now, as a share of that before."""
        return self.now.processor_milliseconds / self.before.processor_milliseconds


def measure(commit: str, orders: int, rounds: int) -> Comparison:
    """Measures both in turn, `rounds` times."""
    with _checkout(commit) as folder:
        before, now = [], []
        for _ in range(rounds):
            before.append(_cost(folder, folder / ".venv" / "bin" / "python", orders))
            now.append(_cost(ROOT, Path(sys.executable), orders))
    return Comparison(commit, orders, rounds, _median(before), _median(now))


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    """A working tree of the commit with its locked requirements."""
    with TemporaryDirectory(prefix="weighbridge-compare-") as parent:
        folder = Path(parent) / "tree"
        subprocess.run(["git", "worktree", "add", "--detach", str(folder), commit], cwd=ROOT, check=True)
        try:
            subprocess.run(["make", ".venv/.installed-run"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            yield folder
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(folder)], cwd=ROOT, check=True)


def _cost(folder: Path, python: Path, orders: int) -> OrderCost:
    command = [str(python), "-m", "benchmarks", "orders", "--size", str(orders), "--json"]
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"}
    answer = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    [cost] = json.loads(answer.stdout)
    return _order_cost(cost)


def _order_cost(cost: Mapping[str, Any]) -> OrderCost:
    # Earlier commits counted the statements on tables of their own and of the durable engine apart.
    statements = float(cost.get("statements", 0)) or float(cost["own_statements"]) + float(cost["engine_statements"])
    return OrderCost(
        float(cost["cpu_milliseconds"]), statements, float(cost["bigcommerce_calls"]), float(cost["cin7_calls"])
    )


def _median(costs: list[OrderCost]) -> OrderCost:
    return OrderCost(*(median(getattr(cost, name) for cost in costs) for name in OrderCost.__dataclass_fields__))


def as_json(comparison: Comparison) -> dict[str, Any]:
    return asdict(comparison) | {"processor_ratio": comparison.processor_ratio}


def table(comparison: Comparison) -> str:
    """The comparison as lines of text."""
    before, now = comparison.before, comparison.now
    rows = [
        ("", comparison.commit[:10], "now"),
        ("Processor time per order", f"{before.processor_milliseconds:.0f} ms", f"{now.processor_milliseconds:.0f} ms"),
        ("The same, as a share", "100%", f"{comparison.processor_ratio:.0%}"),
        ("SQL statements per order", f"{before.statements:.1f}", f"{now.statements:.1f}"),
        ("BigCommerce calls per order", f"{before.bigcommerce_calls:.2f}", f"{now.bigcommerce_calls:.2f}"),
        ("Cin7 calls per order", f"{before.cin7_calls:.2f}", f"{now.cin7_calls:.2f}"),
    ]
    return "\n".join(f"{label:<44}{first:>12}{second:>10}" for label, first, second in rows)
