"""A week as people read it: every fault with when it was found, and what was told without a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge_simulation.week.judge import Case, Verdict, false_alarms, judged
from weighbridge_simulation.week.play import Outcome

LONGEST_TITLE = 70


def verdicts(outcome: Outcome) -> list[Verdict]:
    return judged(outcome.injected, outcome.borne, outcome.cases)


def alarms(outcome: Outcome) -> list[Case]:
    return false_alarms(outcome.injected, outcome.cases)


def passed(outcome: Outcome) -> bool:
    """Whether every fault was met as it must be, and nothing else was told."""
    return all(one.good for one in verdicts(outcome)) and not alarms(outcome)


def print_week(outcome: Outcome, out: Console) -> None:
    """The tables and one line that says whether the week was passed."""
    if outcome.injected:
        out.print(_faults(outcome))
    without_reason = alarms(outcome)
    if without_reason:
        out.print(_alarms(without_reason))
    found, good = verdicts(outcome), sum(one.good for one in verdicts(outcome))
    days = outcome.options.length / timedelta(days=1)
    out.print(
        f"{days:.1f} days, {outcome.orders:,} orders, {outcome.sales:,} live sales, {outcome.calls:,} calls to Cin7, "
        f"in {outcome.wall_seconds:.0f} seconds."
    )
    met = f"{good} of {len(found)} faults met as they must be, " if found else ""
    colour = "green" if passed(outcome) else "red"
    out.print(f"[bold {colour}]{met}{len(without_reason)} false alarms among {len(outcome.cases)} exceptions.[/]")


def _faults(outcome: Outcome) -> Table:
    table = Table(title="What went wrong, and how it was met", title_justify="left")
    for name in ("Fault", "Exception", "Names", "Struck"):
        table.add_column(name)
    table.add_column("Found after", justify="right")
    table.add_column("Owner")
    table.add_column("Money at risk", justify="right")
    table.add_column("Verdict")
    for one in sorted(verdicts(outcome), key=lambda one: one.injected.struck_at or outcome.ended_at):
        fault, case = one.injected.fault, one.case
        table.add_row(
            fault.name,
            str(fault.kind or "borne"),
            escape(", ".join(one.injected.names[:1])),
            _moment(one.injected.struck_at),
            _span(one.took),
            case.owner if case else "",
            case.money if case else "",
            f"[{'green' if one.good else 'bold red'}]{escape(one.words)}[/]",
        )
    return table


def _alarms(cases: list[Case]) -> Table:
    table = Table("No.", "Kind", "Owner", "Title", "Opened", title="Told without a reason", title_justify="left")
    for case in cases:
        opened = min((one.opened_at for one in case.objects), default=None)
        table.add_row(str(case.number), case.kind, case.owner, escape(case.title[:LONGEST_TITLE]), _moment(opened))
    return table


def _moment(at: datetime | None) -> str:
    return f"{at:%a %H:%M}" if at else "never"


def _span(took: timedelta | None) -> str:
    if took is None:
        return ""
    hours, minutes = divmod(int(took / timedelta(minutes=1)), 60)
    return f"{hours} h {minutes:02d}"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The same for programs."""
    return {
        "passed": passed(outcome),
        "seed": outcome.options.seed,
        "orders": outcome.orders,
        "sales": outcome.sales,
        "cin7_calls": outcome.calls,
        "seconds": round(outcome.wall_seconds, 1),
        "exceptions": len(outcome.cases),
        "faults": [_as_json(one) for one in verdicts(outcome)],
        "false_alarms": [
            {"number": case.number, "kind": case.kind, "owner": case.owner, "title": case.title, "state": case.state}
            for case in alarms(outcome)
        ],
    }


def _as_json(one: Verdict) -> dict[str, Any]:
    fault, struck = one.injected.fault, one.injected.struck_at
    return {
        "fault": fault.name,
        "expected": str(fault.kind) if fault.kind else None,
        "names": one.injected.names,
        "struck_at": struck.isoformat() if struck else None,
        "found_at": one.found_at.isoformat() if one.found_at else None,
        "took_seconds": one.took.total_seconds() if one.took else None,
        "within_seconds": fault.within.total_seconds() if fault.kind else None,
        "owner": one.case.owner if one.case else None,
        "money": one.case.money if one.case else None,
        "exception": one.case.number if one.case else None,
        "good": one.good,
        "words": one.words,
    }
