"""What came of a storm, both protocols side by side, and whether the published bound held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from weighbridge_simulation.storm.play import Outcome, Protocol

CENT = Decimal("0.01")


def broken(outcome: Outcome) -> dict[str, tuple[int, int]]:
    """SKUs of which more was oversold than was published as possible at any time: (oversold, largest bound)."""
    if outcome.protocol is not Protocol.WEIGHBRIDGE:
        return {}
    short = outcome.ledger.short.items()
    return {sku: (units, outcome.bounds[sku]) for sku, units in short if units > outcome.bounds[sku]}


def worst_seen(outcome: Outcome) -> int:
    """The most units of one SKU that were oversold, or would have been had the shop sold all it showed at a moment."""
    ledger = outcome.ledger
    return max([0, *ledger.short.values(), *ledger.claimed.values()])


def most_beyond(outcome: Outcome) -> int:
    """By how many units of a SKU more could at most have been oversold at a moment than the bound of that moment."""
    return max([0, *outcome.exceeded.values()])


def ratio(outcome: Outcome) -> Decimal | None:
    """The largest bound of any SKU in terms of the worst seen of any SKU; None where nothing was ever too much."""
    seen = worst_seen(outcome)
    return (Decimal(max([0, *outcome.bounds.values()])) / seen).quantize(CENT) if seen else None


def print_storm(outcomes: Sequence[Outcome], hot: Sequence[str], out: Console) -> None:
    """Two tables: the whole storm, and what became of the hot SKUs."""
    table = Table("", *(str(one.protocol) for one in outcomes), title="The storm", title_justify="left")
    for label, value in ROWS:
        table.add_row(label, *(value(one) for one in outcomes))
    out.print(table)
    columns = [f"{what}, {one.protocol}" for one in outcomes for what in ("oversold", "at worst")]
    skus = Table("SKU", "There was", *columns, "largest bound", title="Hot SKUs", title_justify="left")
    for sku in hot:
        cells = [str(number) for one in outcomes for number in (max(0, one.ledger.short[sku]), one.ledger.claimed[sku])]
        bound = next((str(one.bounds[sku]) for one in outcomes if one.protocol is Protocol.WEIGHBRIDGE), "")
        skus.add_row(sku, str(outcomes[0].ledger.supply[sku]), *cells, bound)
    out.print(skus)
    for one in outcomes:
        for sku, (units, bound_units) in broken(one).items():
            out.print(f"{sku}: {units} units oversold, and {bound_units} was the largest bound published", style="red")


def as_json(outcomes: Sequence[Outcome], hot: Sequence[str]) -> dict[str, Any]:
    """The storm for machines."""
    return {
        str(one.protocol): {
            "orders": one.orders,
            "units_wanted": one.ledger.wanted,
            "units_sold": sum(one.ledger.sold.values()),
            "units_oversold": _oversold(one),
            "orders_oversold": one.ledger.oversold_orders(),
            "units_lost": sum(one.ledger.lost.values()),
            "worst_seen": worst_seen(one),
            "largest_bound": max([0, *one.bounds.values()]),
            "bound_to_worst_seen": str(ratio(one)) if one.bounds else None,
            "bound_broken": sorted(broken(one)),
            "oversold_before_it_was_published": sorted(one.beyond),
            "looks": one.looks,
            "throttled": one.throttled,
            "most_beyond_the_bound_of_a_moment": most_beyond(one),
            "late_seconds": round(one.late_seconds, 1),
            "hot": {
                sku: {
                    "supply": one.ledger.supply[sku],
                    "sold": one.ledger.sold[sku],
                    "oversold": max(0, one.ledger.short[sku]),
                    "worst_claimed": one.ledger.claimed[sku],
                    "largest_bound": one.bounds.get(sku),
                }
                for sku in hot
            },
        }
        for one in outcomes
    }


def _oversold(outcome: Outcome) -> int:
    return sum(units for units in outcome.ledger.short.values() if units > 0)


def _worst_sku(outcome: Outcome) -> str:
    sku, units = max(outcome.ledger.short.items(), key=lambda pair: pair[1])
    return f"{units} ({sku})" if units > 0 else "none"


def _bound(outcome: Outcome) -> str:
    return f"{max(outcome.bounds.values()):,}" if outcome.bounds else "none published"


def _terms(outcome: Outcome) -> str:
    worst = outcome.worst
    if worst is None:
        return ""
    return (
        f"{worst.shown - worst.free:f} + {worst.overwritten:f}"
        f" + {worst.unseen:f} in {worst.unread.total_seconds():.0f} s"
    )


def _most_beyond(outcome: Outcome) -> str:
    return f"{most_beyond(outcome)}" if outcome.bounds else ""


def _early(outcome: Outcome) -> str:
    return f"{len(outcome.beyond)}" if outcome.bounds else ""


def _ratio(outcome: Outcome) -> str:
    found = ratio(outcome)
    return "" if found is None or not outcome.bounds else f"{found} x"


ROWS: Sequence[tuple[str, Callable[[Outcome], str]]] = (
    ("Orders placed", lambda one: f"{one.orders:,}"),
    ("Units sold, of units wanted", lambda one: f"{sum(one.ledger.sold.values()):,} of {one.ledger.wanted:,}"),
    ("Units oversold", lambda one: f"{_oversold(one):,}"),
    ("Orders that cannot be shipped whole", lambda one: f"{one.ledger.oversold_orders():,}"),
    ("Worst SKU, units oversold", _worst_sku),
    ("Units lost: wanted, there, and not shown", lambda one: f"{sum(one.ledger.lost.values()):,}"),
    ("Worst seen of a SKU, units: oversold, or possible by what was shown", lambda one: f"{worst_seen(one):,}"),
    ("Largest bound published for a SKU, units", _bound),
    ("... made of: shown beyond free, sold meanwhile, left unseen", _terms),
    ("... in terms of the worst seen of a SKU", _ratio),
    ("SKUs oversold by more than had been published until then", _early),
    ("Most units possible beyond the bound of that moment", _most_beyond),
    ("Calls that Cin7 throttled", lambda one: f"{one.throttled:,}"),
    ("Longest that a shopper came late, seconds", lambda one: f"{one.late_seconds:.0f}"),
)
